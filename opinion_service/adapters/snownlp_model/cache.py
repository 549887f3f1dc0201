"""Where the segmenter's tables lie between two starts, and how they come to be there."""

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from opinion_service.adapters.snownlp_model import source, tables

_log = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[3]
_CHILD = "opinion_service.adapters.snownlp_model.derive"
BUILD_TIMEOUT_S = 300.0


def tables_path(cache_dir: Path) -> Path:
    """Return the file of the tables: one per version of snownlp, so that an upgrade makes its own."""
    return cache_dir / f"segmenter-{source.package_version()}-{tables.FORMAT}.tables"


def load_tables(cache_dir: Path) -> tables.SegTables:
    """Return the segmenter's tables, built first when they are missing or damaged (some ten seconds, once).

    A folder that cannot be written is no obstacle: the tables are built for this process alone then.
    Raises ModelUnavailable when they cannot be built.
    """
    path = tables_path(cache_dir)
    try:
        return tables.read(path)
    except FileNotFoundError:
        _log.info("segmenter tables are being built in %s", cache_dir)
    except (tables.BrokenTables, OSError) as problem:
        _log.warning("segmenter tables are being rebuilt: %s", problem)
    if _can_write(cache_dir):
        _build(path)
        return tables.read(path)
    _log.warning("segmenter tables cannot be kept in %s", cache_dir)
    with tempfile.TemporaryDirectory() as folder:
        _build(tables_path(Path(folder)))
        return tables.read(tables_path(Path(folder)))


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _build(path: Path) -> None:
    """Build the tables in a process of its own, so that the 700 MB it takes are given back at its end."""
    try:
        subprocess.run(  # noqa: S603 - this interpreter and a module of this package
            [sys.executable, "-m", _CHILD, str(path.resolve())],
            cwd=_ROOT,
            env={"PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, sys.path)]), "PATH": os.defpath},
            check=True,
            capture_output=True,
            timeout=BUILD_TIMEOUT_S,
        )
    except (subprocess.SubprocessError, OSError) as problem:
        detail = getattr(problem, "stderr", None) or str(problem).encode()
        raise source.ModelUnavailable(f"{path.name}: {detail.decode(errors='replace')[-500:]}") from problem
