"""What was typed into the form of a source, and what a preview shows of it."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from opinion_service import listening
from opinion_service.adapters.feed_client.decode import decode
from opinion_service.domain.listening.hearing import OUTCOME_LABELS
from opinion_service.domain.listening.scrub import scrub
from opinion_service.domain.text import clean_text
from opinion_service.models import RawBody, Source
from opinion_service.services.listening import vault
from opinion_service.services.listening.haul import Haul
from opinion_service.services.listening.source_book import NewSource
from opinion_service.services.listening.vault import Credential

SHOWN = 12
LONGEST_READ = 20_000
FIELDS = (
    "name", "url", "kind", "match_words", "folder", "interval_minutes", "floor_minutes", "ceiling_minutes", "weight",
    "zone", "credential_kind", "user",
)  # fmt: skip
EMPTY: dict[str, str] = dict.fromkeys(FIELDS, "") | {
    "kind": "feed", "interval_minutes": "30", "floor_minutes": "5", "ceiling_minutes": "120", "weight": "1",
    "zone": "Asia/Shanghai", "credential_kind": "keep",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PreviewEntry:
    """One entry of a preview: the title in parts, those that match marked, and whether the scope takes it in."""

    parts: tuple[tuple[str, bool], ...]
    published_at: datetime | None
    is_wanted: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What an address gave: the outcome in words, some entries, and how many there are of each kind."""

    is_heard: bool
    outcome: str
    detail: str
    entries: tuple[PreviewEntry, ...]
    total: int
    wanted: int
    broken: int


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the form to show them again; a secret is never among them."""
    return {name: form.get(name, EMPTY[name]).strip() for name in FIELDS}


def values_of(source: Source) -> dict[str, str]:
    """Return the values of a source for its form."""
    return {
        "name": source.name, "url": source.url, "kind": source.kind, "match_words": " ".join(source.match_words),
        "folder": source.folder, "interval_minutes": str(source.interval_minutes),
        "floor_minutes": str(source.floor_minutes), "ceiling_minutes": str(source.ceiling_minutes),
        "weight": f"{source.weight:g}", "zone": source.zone, "credential_kind": "keep", "user": "",
    }  # fmt: skip


def wanted_source(form: Mapping[str, str]) -> NewSource:
    """Return the source the form asks for; a number that is none becomes 0, which the service refuses."""
    values = typed(form)
    words = tuple(values["match_words"].split())
    return NewSource(
        values["name"], values["url"], values["kind"] if values["kind"] in ("feed", "hotlist", "import") else "feed",
        "match" if words else "all", words, _whole(values["interval_minutes"]), _number(values["weight"]),
        _whole(values["floor_minutes"]), _whole(values["ceiling_minutes"]), values["zone"], values["folder"],
        _credential(form),
    )  # fmt: skip


def preview_of(new: NewSource, kept: Source | None, *, now: datetime) -> Preview:
    """Return what the address gives now, with the credential that would be used; nothing is kept."""
    credential = new.credential if new.credential is not None and new.credential.secret else None
    if new.credential is None and kept is not None and kept.url == new.url:
        credential = vault.unseal(kept.credential)
    haul = listening.preview(new.url, credential=credential, zone=new.zone, now=now)
    return _shown(haul, new.match_words)


def _shown(haul: Haul, words: Sequence[str]) -> Preview:
    titles = [scrub(clean_text(one.title or one.body[:40], 200)).text for one in haul.entries]
    bodies = [one.body for one in haul.entries]
    takes = [
        not words or any(word in title + body for word in words) for title, body in zip(titles, bodies, strict=True)
    ]
    entries = tuple(
        PreviewEntry(marked(title, words), one.published_at, is_wanted)
        for title, one, is_wanted in zip(titles, haul.entries, takes, strict=True)
    )
    return Preview(
        haul.is_success, OUTCOME_LABELS.get(haul.outcome, haul.outcome), haul.detail, entries[:SHOWN], len(entries),
        sum(takes), len(haul.broken),
    )  # fmt: skip


def readable(kept: RawBody) -> tuple[str, int]:
    """Return the text of a kept document with personal data taken out, and its length in bytes."""
    body = gzip.decompress(kept.body)
    return scrub(decode(body, kept.content_type)[:LONGEST_READ]).text, len(body)


def marked(text: str, words: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """Return the text in parts, those that are one of the words marked; the first word that begins earliest wins."""
    parts: list[tuple[str, bool]] = []
    while text:
        found = [(text.find(word), -len(word), word) for word in words if word and word in text]
        if not found:
            parts.append((text, False))
            break
        at, _, word = min(found)
        if at:
            parts.append((text[:at], False))
        parts.append((word, True))
        text = text[at + len(word) :]
    return tuple(parts)


def _credential(form: Mapping[str, str]) -> Credential | None:
    kind = form.get("credential_kind", "keep")
    if kind == "none":
        return Credential("bearer", "")
    secret = form.get("secret", "")
    if kind not in ("basic", "bearer") or not secret:
        return None
    return Credential(kind, secret[:500], form.get("user", "").strip()[:200])


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
