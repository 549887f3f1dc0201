"""The ladder as data: its rungs with offset, recipients, channels and wording, and when each is reached."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from opinion_service.domain.clocks.allowance import Allowance
from opinion_service.domain.clocks.calendar import WorkCalendar
from opinion_service.domain.clocks.deadlines import Computation, after_pauses, recompute, workdays_after
from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.people import Role

EVERY_CLOCK = "*"
CHANNELS = ("mail", "robot")
DOCUMENTS = ("", "reminder", "notice", "circular")
MOST_RUNGS = 9
LONGEST_WORDS = 200
TOLD_BEFORE = "变更前已告知"
_OFFSET = re.compile(r"([1-9][0-9]?)%|due(?:([+-])([0-9]{1,5}(?:min|h|wd)))?")
_SAMPLE = datetime(2019, 5, 20, 1, 0, tzinfo=UTC)


class Waits(StrEnum):
    """Whether an acknowledgement puts a rung off: never, on handling clocks only, or always."""

    NEVER = "never"
    HANDLING = "handling"
    ALWAYS = "always"


OWED_BY_DESK = frozenset({ClockKind.TRIAGE.value, ClockKind.RULING.value, ClockKind.PUBLISH.value})


@dataclass(frozen=True, slots=True)
class RungRule:
    """One rung: when (`75%`, `due`, `due+24h`, `due+5wd`), whom, by what, in which words; `document`: the paper."""

    level: int
    name: str
    offset: str
    recipients: tuple[str, ...]
    channels: tuple[str, ...]
    waits: str
    document: str
    ending: str
    ask: str
    after: str

    @property
    def wording(self) -> dict[str, str]:
        """Return what is frozen on the rung beside its offset, recipients and channels."""
        return {name: getattr(self, name) for name in ("name", "waits", "document", "ending", "ask", "after")}


@dataclass(frozen=True, slots=True)
class PlannedRung:
    """A rung of one clock and the instant (UTC) at which it is reached."""

    rule: RungRule
    fire_at: datetime


@dataclass(frozen=True, slots=True)
class Ladder:
    """A version of the ladder: the rungs by kind of clock, and how long a rung may be held."""

    version: str
    source: str
    rungs: Mapping[str, tuple[RungRule, ...]]
    acknowledgement_hours: tuple[int, ...]
    longest_silence_hours: int

    def rules_for(self, kind: str) -> tuple[RungRule, ...]:
        """Return the rungs of a kind of clock, those for every clock when it has none of its own."""
        return self.rungs.get(kind, self.rungs[EVERY_CLOCK])

    def plan(self, kind: str, start: datetime, due: datetime, calendar: WorkCalendar) -> tuple[PlannedRung, ...]:
        """Return the rungs of a clock of `kind` that runs from `start` to `due` (aware)."""
        return tuple(PlannedRung(rule, reached_at(rule.offset, start, due, calendar)) for rule in self.rules_for(kind))


def reached_at(offset: str, start: datetime, due: datetime, calendar: WorkCalendar) -> datetime:
    """Return the instant at which a rung is reached.

    offset: a share of natural time, nights and holidays included (`75%`); `due`; or a distance from it in
    natural time (`due+24h`, `due-2h`) or whole working days after its day (`due+5wd`). Source: domain rules 2.7, 2.8.
    """
    match = _OFFSET.fullmatch(offset)
    if match is None:
        raise InvalidInput(f"催办规则的时点“{offset}”无法识别，应写作 75%、due、due+24h 或 due+5wd。", "offset")
    if match[1]:
        return start + (due - start) * int(match[1]) / 100
    if not match[3]:
        return due
    distance = Allowance.parse(match[3])
    if distance.unit == "wd":
        if match[2] == "-":
            raise InvalidInput(f"催办规则的时点“{offset}”无法识别：工作日只能在到期之后。", "offset")
        return workdays_after(due, distance.amount, calendar)
    length = timedelta(minutes=distance.natural_minutes)
    return due + length if match[2] == "+" else due - length


def is_told(offset: str, computation: Computation, told_at: datetime, calendar: WorkCalendar) -> bool:
    """Return whether what was told at `told_at` still holds for the rung at `offset` of a clock computed anew.

    It does when the clock, as it is now computed, had reached the rung by then. Pauses that began later are left
    out: they put off the end, but take nothing back of the time that was spent. A grade, an extension or a
    calendar that moves the rung beyond `told_at` makes it due anew.
    """
    before = tuple(pause for pause in computation.pauses if pause.begins_at < told_at)
    known = computation if before == computation.pauses else recompute(replace(computation, pauses=before))
    reached = reached_at(offset, known.start, known.due_at, calendar)
    return after_pauses(reached, before) <= told_at


def offset_words(offset: str) -> str:
    """Return an offset as people read it: `时限过 75%`, `到期`, `到期后 5 个工作日`."""
    match = _OFFSET.fullmatch(offset)
    if match is None:
        return offset
    if match[1]:
        return f"时限过 {match[1]}%"
    if not match[3]:
        return "到期"
    return f"到期{'后' if match[2] == '+' else '前'} {Allowance.parse(match[3]).words}"


def ladder_from_record(record: Mapping[str, Any]) -> Ladder:
    """Return the ladder written in `record`, checked; raise InvalidInput that names what is wrong."""
    try:
        rungs: dict[str, tuple[RungRule, ...]] = {}
        for one in record["ladders"]:
            rules = tuple(_rule(row) for row in one["rungs"])
            _check_rungs(rules)
            for kind in one["clocks"]:
                rungs[kind if kind == EVERY_CLOCK else ClockKind(kind).value] = rules
        ladder = Ladder(
            str(record["version"]), str(record["source"]), rungs,
            tuple(int(hours) for hours in record["acknowledgement_hours"]), int(record["longest_silence_hours"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"催办规则无法读取：{error}", "ladder") from error
    _check(ladder)
    return ladder


def _rule(row: Mapping[str, Any]) -> RungRule:
    values = {field.name: row[field.name] for field in fields(RungRule)}
    recipients = tuple(Role(code).value for code in row["recipients"])
    return RungRule(**{**values, "recipients": recipients, "channels": tuple(row["channels"])})


def _check_rungs(rules: tuple[RungRule, ...]) -> None:
    if not 1 <= len(rules) <= MOST_RUNGS or [rule.level for rule in rules] != list(range(1, len(rules) + 1)):
        raise InvalidInput("催办规则的级次须从 1 起连续编号。", "level")
    for rule in rules:
        Waits(rule.waits)
        words = [text for text in asdict(rule).values() if isinstance(text, str)]
        if not rule.recipients or not set(rule.channels) <= set(CHANNELS) or "mail" not in rule.channels:
            raise InvalidInput(f"“{rule.name}”须写明对象，并至少以邮件送达。", "recipients")
        if rule.document not in DOCUMENTS or not rule.name or any(len(text) > LONGEST_WORDS for text in words):
            raise InvalidInput(f"“{rule.name}”的文书或用语不符合要求。", "document")
    day = timedelta(days=1)
    plain = WorkCalendar({}, "sample")
    reached = [reached_at(rule.offset, _SAMPLE, _SAMPLE + 2 * day, plain) for rule in rules]
    if reached != sorted(set(reached)):
        raise InvalidInput("催办规则的时点须逐级后移。", "offset")


def _check(ladder: Ladder) -> None:
    if EVERY_CLOCK not in ladder.rungs:
        raise InvalidInput("催办规则须有适用于全部时限的一组（*）。", "clocks")
    hours = ladder.acknowledgement_hours
    if not hours or list(hours) != sorted(set(hours)) or not 1 <= hours[0] <= hours[-1] <= 24:
        raise InvalidInput("确认的有效时间须在 1–24 小时内，由短到长。", "acknowledgement_hours")
    if not 1 <= ladder.longest_silence_hours <= 720:
        raise InvalidInput("暂停提醒最长须在 1–720 小时内。", "longest_silence_hours")
