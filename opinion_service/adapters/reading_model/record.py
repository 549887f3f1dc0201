"""The record of a trained model: a file in snownlp's form, or compressed JSON for the database.

`total` and `d` are snownlp's own: for each of the classes *neg* and *pos* the counts of words `d`, their `total` and
what an unknown word counts (`none`). `desk` holds `format`, `thresholds`, `second` (the second opinion or None),
`uses_second` and `trained_on` (rows).
"""

import gzip
import hashlib
import json
import marshal
import os
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opinion_service.adapters import snownlp_model
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.sentiment import Thresholds

FORMAT = "reading-model/1"
LARGEST = 64 * 1024 * 1024  # bytes of a record once unpacked

Record = Mapping[str, Any]


def version_of(record: Record) -> str:
    """Return the name of a model: it changes with every count in it."""
    return f"snownlp-{snownlp_model.package_version()}+{hashlib.sha256(_canonical(record)).hexdigest()[:8]}"


def to_blob(record: Record) -> bytes:
    """Return the record for the database."""
    return zlib.compress(_canonical(record), 6)


def from_blob(blob: bytes) -> Record:
    """Return the record of `to_blob`; raise InvalidInput for anything else."""
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(blob, LARGEST)
        if unpacker.unconsumed_tail:
            raise InvalidInput("模型过大，无法读取。")
        record = json.loads(text)
    except (zlib.error, ValueError) as problem:
        raise InvalidInput("模型无法读取。") from problem
    if not isinstance(record, dict) or "d" not in record:
        raise InvalidInput("模型无法读取。")
    return record


def with_thresholds(record: Record, thresholds: Thresholds) -> Record:
    """Return the record with other thresholds, read by its words alone: a new version."""
    desk = {"format": FORMAT, "second": None, "trained_on": 0, **record.get("desk", {})}
    return {**record, "desk": {**desk, "thresholds": thresholds.as_record(), "uses_second": False}}


def write_file(record: Record, path: Path) -> None:
    """Write the record to `path` in snownlp's form, and beside it under the name that snownlp itself looks for.

    `snownlp.sentiment.load("MODEL")` opens `MODEL.3`. Each file appears whole or not at all. Raises OSError.
    """
    content = gzip.compress(marshal.dumps(dict(record)), mtime=0)
    for place in {path, path if path.suffix == ".3" else path.with_name(f"{path.name}.3")}:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, place)


def read_file(path: Path) -> Record:
    """Return the record of a file in snownlp's form, the desk's part or not; raise ModelUnavailable.

    `MODEL` stands for `MODEL.3` where only that exists, as it does for snownlp. Only for files the operator chose.
    """
    beside = path.with_name(f"{path.name}.3")
    return snownlp_model.read_marshal(beside if not path.exists() and beside.exists() else path)


def _canonical(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")
