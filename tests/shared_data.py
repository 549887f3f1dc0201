"""Where the real rows for development lie, when they are there."""

import warnings
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(name: str) -> Path:
    """Return the path of one shared data file, or skip the test and say which file was missing."""
    path = SHARED_DATA / name
    if not path.exists():
        warnings.warn(pytest.PytestWarning(f"SKIPPED for want of real data: {name}"), stacklevel=2)
        pytest.skip(f"real data not present: {name}")
    return path
