"""What a change of a source's scope would do to the last seven days; the filters of what a scope passes over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from opinion_service.domain.listening.watch import lines_of
from opinion_service.queries.listening import scope_page
from opinion_service.queries.listening.scope_page import PassedFilter, Recent
from opinion_service.services.listening import scope
from opinion_service.services.listening.source_book import NewSource
from opinion_service.web.listening.source_forms import marked

SHOWN = 15
GROUNDS = {"none_of": _("没有任何关注词"), "missing": _("缺少必含词"), "excluded": _("含有排除词")}


@dataclass(frozen=True, slots=True)
class EffectRow:
    """An entry that the change would treat otherwise: title in parts, what was found marked, and the reason."""

    parts: tuple[tuple[str, bool], ...]
    first_seen_at: datetime
    grounds: str
    line: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What the scope would do to the last seven days: exact counts, and the newest of each kind."""

    total: int
    kept: int
    wanted: int
    gained_count: int
    lost_count: int
    gained: tuple[EffectRow, ...]
    lost: tuple[EffectRow, ...]
    is_cut: bool


def effect_of(session: Session, source_id: int, new: NewSource, *, now: datetime) -> Effect:
    """Return what saving `new` would change for the entries of the last seven days; raise InvalidInput like saving."""
    wanted = scope.tried(new.watch) if new.scope == "match" else None
    entries = scope_page.recent(session, source_id, now=now)
    gained: list[EffectRow] = []
    lost: list[EffectRow] = []
    taken = 0
    for one in entries:
        row, is_wanted = _judged(one, wanted)
        taken += is_wanted
        if is_wanted and not one.is_kept:
            gained.append(row)
        if one.is_kept and not is_wanted:
            lost.append(row)
    kept = sum(one.is_kept for one in entries)
    is_cut = max(kept, len(entries) - kept) >= scope_page.MOST_WEIGHED
    return Effect(len(entries), kept, taken, len(gained), len(lost), tuple(gained[:SHOWN]), tuple(lost[:SHOWN]), is_cut)


def with_place(values: dict[str, str], place: str) -> dict[str, str]:
    """Return the values of a source form with a place added to the words of which one is enough."""
    lines = [*lines_of(values["any_terms"]), f"@{place}"] if place else lines_of(values["any_terms"])
    return values | {"any_terms": "\n".join(dict.fromkeys(lines)), "scope": "match" if place else values["scope"]}


def filters(wanted: PassedFilter) -> Iterable[dict[str, Any]]:
    """Return the fields of the filter bar of what was passed over."""
    grounds = tuple((code, str(text)) for code, text in GROUNDS.items())
    return (
        {"name": "q", "label": gettext("标题"), "kind": "search", "value": wanted.text},
        {"name": "grounds", "label": gettext("原因"), "kind": "select", "value": wanted.grounds, "options": grounds},
    )


def _judged(one: Recent, wanted: scope.Scope | None) -> tuple[EffectRow, bool]:
    if wanted is None:
        return EffectRow(((one.title, False),), one.first_seen_at, "", ""), True
    verdict = wanted.judge(one.title, one.body)
    row = EffectRow(marked(one.title, verdict.found), one.first_seen_at, verdict.grounds.value, verdict.line)
    return row, verdict.is_wanted
