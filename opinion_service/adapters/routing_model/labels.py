"""Texts whose department is known, and what training makes of them: light to load, unlike the learner itself."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text whose department is known (code), with others that might have answered, and the day it was written."""

    title: str
    body: str
    department: str
    also_accepted: frozenset[str] = frozenset()
    written_on: date | None = None

    @property
    def accepted(self) -> frozenset[str]:
        """Return every department that would have been right."""
        return self.also_accepted | {self.department}

    @property
    def fingerprint(self) -> str:
        """Return what tells whether a model has seen this text: twelve hex digits of its hash."""
        return hashlib.sha256(f"{self.title}\n{self.body}".encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Trained:
    """What training made: the file's bytes, rows used, departments known, out-of-fold accuracy (0-1), the version."""

    content: bytes
    rows: int
    departments: tuple[str, ...]
    accuracy: float
    version: str


def labelled(rows: Sequence[Mapping[str, Any]], codes: Mapping[str, str]) -> list[Labelled]:
    """Return rows (title, content or body, department, also_accepted) as labelled texts.

    `codes` gives the code of a department's name; rows of unknown departments are left out.
    """
    found = []
    for row in rows:
        code = codes.get(str(row.get("department") or ""))
        if code:
            also = frozenset(codes[name] for name in row.get("also_accepted") or () if name in codes)
            body = str(row.get("content") or row.get("body") or "")
            found.append(Labelled(str(row.get("title") or ""), body, code, also, written_on(row)))
    return found


def written_on(row: Mapping[str, Any]) -> date | None:
    """Return the day a letter was written, by whose division of duties it is judged; None when it is not said."""
    for name in ("submitted", "published_at", "time", "date"):
        try:
            return date.fromisoformat(str(row.get(name) or "")[:10])
        except ValueError:
            continue
    return None
