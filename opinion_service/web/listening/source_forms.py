"""What was typed into the form of a source, and what a preview shows of it."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _

from opinion_service import listening
from opinion_service.adapters.feed_client.decode import decode
from opinion_service.domain import typed_values
from opinion_service.domain.listening.addresses import origin_of
from opinion_service.domain.listening.hearing import OUTCOME_LABELS
from opinion_service.domain.listening.scrub import scrub
from opinion_service.domain.listening.watch import Watch, lines_of
from opinion_service.models import RawBody, Source
from opinion_service.services.listening import item_store, scope, vault
from opinion_service.services.listening.haul import Haul
from opinion_service.services.listening.source_book import NewSource
from opinion_service.services.listening.vault import Credential

SHOWN = 12
LONGEST_READ = 20_000
FIELDS = (
    "name", "url", "kind", "scope", "any_terms", "must_terms", "not_terms", "folder",
    "interval_minutes", "floor_minutes", "ceiling_minutes", "weight",
    "zone", "credential_kind", "user", "takes_in", "seen",
)  # fmt: skip
LABELS = {
    "name": _("名称"), "url": _("地址"), "kind": _("类型"), "scope": _("采集范围"),
    "any_terms": _("关注词（至少含一行）"),
    "must_terms": _("必含词（每行都要有）"), "not_terms": _("排除词（含任何一行就不收）"), "folder": _("分组"),
    "interval_minutes": _("常规检查间隔（分钟）"), "floor_minutes": _("最短间隔（分钟）"),
    "ceiling_minutes": _("最长间隔（分钟）"), "weight": _("权重"), "zone": _("时区"),
}  # fmt: skip
WORDS = {"feed": _("订阅源"), "hotlist": _("热搜榜"), "all": _("全部接收"), "match": _("只收匹配的内容")}
EMPTY: dict[str, str] = dict.fromkeys(FIELDS, "") | {
    "kind": "feed", "scope": "all", "interval_minutes": "30", "floor_minutes": "5", "ceiling_minutes": "120",
    "weight": "1", "zone": "Asia/Shanghai", "credential_kind": "keep",
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


def values_of(source: Source, watch: Watch) -> dict[str, str]:
    """Return the values of a source for its form."""
    return {
        "name": source.name, "url": source.url, "kind": source.kind, "scope": source.scope,
        "any_terms": "\n".join(watch.any_terms), "must_terms": "\n".join(watch.must_terms),
        "not_terms": "\n".join(watch.not_terms),
        "folder": source.folder, "interval_minutes": str(source.interval_minutes),
        "floor_minutes": str(source.floor_minutes), "ceiling_minutes": str(source.ceiling_minutes),
        "weight": f"{source.weight:g}", "zone": source.zone, "credential_kind": "keep", "user": "",
    }  # fmt: skip


def stored_beside(values: Mapping[str, str], stored: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return label and stored value of every field in which what was typed differs from what is stored."""
    same = {name: "\n".join(lines_of(values[name])) for name in ("any_terms", "must_terms", "not_terms")}
    return tuple(
        (str(label), str(WORDS.get(stored[name], stored[name])))
        for name, label in LABELS.items()
        if {**values, **same}[name] != stored[name]
    )


def wanted_source(form: Mapping[str, str]) -> NewSource:
    """Return the source the form asks for; a number that is none becomes 0, which the service refuses."""
    values = typed(form)
    watch = Watch(*(lines_of(values[name]) for name in ("any_terms", "must_terms", "not_terms")))
    return NewSource(
        values["name"], values["url"], values["kind"] if values["kind"] in ("feed", "hotlist", "import") else "feed",
        "match" if values["scope"] == "match" else "all", watch, _whole(values["interval_minutes"]),
        _number(values["weight"]),
        _whole(values["floor_minutes"]), _whole(values["ceiling_minutes"]), values["zone"], values["folder"],
        _credential(form), form.get("takes_in") == "1", values["seen"],
    )  # fmt: skip


def preview_of(new: NewSource, kept: Source | None, *, now: datetime) -> Preview:
    """Return what the address gives now, with the credential that would be used; nothing is kept."""
    credential = new.credential if new.credential is not None and new.credential.secret else None
    # Where a source has moved by itself, its address is no longer that of its credential.
    if new.credential is None and kept is not None and kept.credential_origin == origin_of(new.url):
        credential = vault.unseal(kept.credential)
    haul = listening.preview(new.url, credential=credential, zone=new.zone, now=now)
    return _shown(haul, scope.tried(new.watch) if new.scope == "match" else None)


def _shown(haul: Haul, wanted: scope.Scope | None) -> Preview:
    entries = []
    for one in item_store.prepare(haul.entries):
        verdict = wanted.judge(one.entry.title, one.entry.body) if wanted is not None else None
        found = verdict.found if verdict is not None else ()
        is_wanted = verdict is None or verdict.is_wanted
        entries.append(PreviewEntry(marked(one.entry.title, found), one.entry.published_at, is_wanted))
    return Preview(
        haul.is_success, OUTCOME_LABELS.get(haul.outcome, haul.outcome), haul.detail, tuple(entries[:SHOWN]),
        len(entries), sum(one.is_wanted for one in entries), len(haul.broken),
    )  # fmt: skip


def readable(kept: RawBody) -> tuple[str, int]:
    """Return the text of a kept document with personal data taken out, and its length in bytes."""
    body = gzip.decompress(kept.body)
    return scrub(decode(body, kept.content_type)[:LONGEST_READ]).text, len(body)


def marked(text: str, words: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """Return the text in parts, those that are one of the words marked; the first word that begins earliest wins.

    Case makes no difference where folding it keeps the length of the text.
    """
    parts: list[tuple[str, bool]] = []
    while text:
        low = text.lower() if len(text.lower()) == len(text) else text
        found = [(low.find(word), -len(word), word) for word in (one.lower() for one in words) if word and word in low]
        if not found:
            parts.append((text, False))
            break
        at, _, word = min(found)
        if at:
            parts.append((text[:at], False))
        parts.append((text[at : at + len(word)], True))
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
    return (typed_values.whole_number(text) or 0) if len(text) < 7 else 0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
