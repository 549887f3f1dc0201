"""When something is due: natural hours, working hours and working days, with every step shown.

Natural hours run through nights and holidays; of working days the first is not counted and the
last ends at 24:00 (民法典 第201、203条). Instants are UTC; days are those of Asia/Shanghai.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from opinion_service.domain.clocks.allowance import Allowance
from opinion_service.domain.clocks.calendar import WorkCalendar
from opinion_service.domain.clocks.sla import ClockRule, IncidentLevel
from opinion_service.domain.clocks.walk import ZONE, Pause, Walk, clock_text, in_order, last_day
from opinion_service.domain.errors import InvalidInput

__all__ = [
    "ZONE",
    "Allowance",
    "Computation",
    "Pause",
    "after_pauses",
    "clock_start",
    "due_at",
    "due_before",
    "due_for",
    "due_line",
    "recompute",
    "workdays_after",
]


@dataclass(frozen=True, slots=True)
class Computation:
    """A due time and the way to it; `steps` are sentences, one a day walked or a stretch of hours.

    provisional: a day that was walked may still be changed by a notice to come, one of `awaited` (years).
    excerpt: what the calendar said of the days on the way, so that the record alone gives the same
        minute again; anchor: the deadline of the lead that a co-department's was counted back from.
    """

    start: datetime
    allowance: str
    due_at: datetime
    provisional: bool
    steps: tuple[str, ...]
    calendar_version: str
    pauses: tuple[Pause, ...] = ()
    extension: str | None = None
    awaited: tuple[int, ...] = ()
    excerpt: Mapping[str, Any] | None = None
    anchor: datetime | None = None

    def as_record(self) -> dict[str, Any]:
        """Return the computation as plain JSON."""
        return {
            "start": self.start.isoformat(),
            "allowance": self.allowance,
            "due_at": self.due_at.isoformat(),
            "provisional": self.provisional,
            "steps": list(self.steps),
            "calendar_version": self.calendar_version,
            "pauses": [[pause.begins_at.isoformat(), pause.ends_at.isoformat()] for pause in self.pauses],
            "extension": self.extension,
            "awaited": list(self.awaited),
            "excerpt": self.excerpt,
            "anchor": self.anchor.isoformat() if self.anchor else None,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Computation":
        """Return the computation written by `as_record`."""
        return cls(
            datetime.fromisoformat(record["start"]),
            record["allowance"],
            datetime.fromisoformat(record["due_at"]),
            record["provisional"],
            tuple(record["steps"]),
            record["calendar_version"],
            tuple(
                Pause(datetime.fromisoformat(begins), datetime.fromisoformat(ends))
                for begins, ends in record.get("pauses", ())
            ),
            record.get("extension"),
            tuple(record.get("awaited", ())),
            record.get("excerpt"),
            datetime.fromisoformat(record["anchor"]) if record.get("anchor") else None,
        )


def due_at(
    start: datetime,
    allowance: Allowance,
    calendar: WorkCalendar,
    *,
    pauses: Iterable[Pause] = (),
    extension: Allowance | None = None,
) -> Computation:
    """Return when `allowance` counted from `start` (aware) ends.

    pauses: time that does not count. Of working days, the day a pause begins is not counted and the
        day it ends is, so a due time never falls inside a pause.
    extension: granted on top, counted on from the end of the allowance.
    Raises InvalidInput for a naive instant or a pause that ends before it begins.
    """
    if start.tzinfo is None:
        raise InvalidInput("起算时间缺少时区。", "start")
    begun = start.astimezone(UTC)
    stops = in_order(pauses, begun)
    walk = Walk(calendar, stops)
    local = begun.astimezone(ZONE)
    walk.steps.append(f"起点 {local:%Y-%m-%d %H:%M}")
    end = walk.run(local, local.date(), allowance)
    if extension is not None:
        walk.steps.append(f"经批准延长 {extension.words}")
        end = walk.run(end, last_day(end), extension)
    walk.steps.append(f"到期 {clock_text(end)}")
    return Computation(
        begun,
        str(allowance),
        end.astimezone(UTC),
        walk.is_provisional,
        tuple(walk.steps),
        calendar.version,
        stops,
        str(extension) if extension is not None else None,
        tuple(sorted(walk.awaited)),
        calendar.excerpt(local.date(), end.date()),
    )


def due_before(anchor: datetime, reserve: Allowance, start: datetime, calendar: WorkCalendar) -> Computation:
    """Return when a co-department owes its part: `reserve` (natural) before the lead's deadline `anchor`.

    What is left of the time is never taken whole: at least half of it is the co-department's, and when
    the lead is late already, the co-department has as long as the reserve. Raises InvalidInput for a
    reserve in working time, which cannot be counted back by the hour.
    """
    if reserve.unit not in ("min", "h"):
        raise InvalidInput("协办预留时间须按自然小时或分钟填写。", "allow")
    begun, end, length = start.astimezone(UTC), anchor.astimezone(UTC), timedelta(minutes=reserve.natural_minutes)
    steps = [f"起点 {begun.astimezone(ZONE):%Y-%m-%d %H:%M}"]
    if end <= begun:
        due = begun + length
        steps.append(f"牵头单位时限 {clock_text(end.astimezone(ZONE))} 已过，自起点给 {reserve.words}")
    else:
        steps.append(f"牵头单位时限 {clock_text(end.astimezone(ZONE))}，倒推 {reserve.words}供汇总成稿")
        due = end - length
        if due < begun + (end - begun) / 2:
            due = begun + (end - begun) / 2
            steps.append("剩余时间不足，协办与牵头各半")
    steps.append(f"到期 {clock_text(due.astimezone(ZONE))}")
    excerpt = calendar.excerpt(begun.astimezone(ZONE).date(), begun.astimezone(ZONE).date())
    return Computation(begun, str(reserve), due, False, tuple(steps), calendar.version, excerpt=excerpt, anchor=end)


def after_pauses(at: datetime, pauses: Iterable[Pause]) -> datetime:
    """Return `at`, or the end of the pause that it falls into: nothing is asked for while a clock stands still."""
    return next((pause.ends_at for pause in pauses if pause.begins_at <= at < pause.ends_at), at)


def due_for(
    rule: ClockRule,
    start: datetime,
    calendar: WorkCalendar,
    *,
    pauses: Sequence[Pause] = (),
    extension: Allowance | None = None,
) -> Computation:
    """Return when the clock of `rule` is due; raise InvalidInput when a legal clock is to pause or stretch.

    61号 and 80号 know neither pause nor extension: the public waits by natural time.
    """
    if rule.is_legal and (pauses or extension is not None):
        raise InvalidInput(f"“{rule.kind.label}”为法定时限，不得暂停或延长（{rule.basis}）。", "pauses")
    return due_at(start, Allowance.parse(rule.allowance), calendar, pauses=pauses, extension=extension)


def recompute(computation: Computation, calendar: WorkCalendar | None = None) -> Computation:
    """Return the same computation by `calendar`, or by its own record of the days: then the same minute, always.

    Raises InvalidInput without a calendar when the record is older than the excerpts.
    """
    if calendar is None:
        if computation.excerpt is None:
            raise InvalidInput("该记录没有保存日历，须按现行日历重算。", "excerpt")
        calendar = WorkCalendar.from_excerpt(computation.excerpt, computation.calendar_version)
    if computation.anchor is not None:
        return due_before(computation.anchor, Allowance.parse(computation.allowance), computation.start, calendar)
    extension = Allowance.parse(computation.extension) if computation.extension else None
    allowance = Allowance.parse(computation.allowance)
    return due_at(computation.start, allowance, calendar, pauses=computation.pauses, extension=extension)


def clock_start(level: IncidentLevel, occurred_at: datetime | None, detected_at: datetime) -> datetime:
    """Return the start of the legal clocks: occurrence for 重大 and above when known, else detection."""
    return occurred_at if level.is_major and occurred_at is not None else detected_at


def workdays_after(end: datetime, amount: int, calendar: WorkCalendar) -> datetime:
    """Return 24:00 (UTC) of the `amount`th working day after the day on which `end` (aware) falls.

    An `end` at 24:00 belongs to the day that it closes.
    """
    local = end.astimezone(ZONE)
    return Walk(calendar, ()).run(local, last_day(local), Allowance(amount, "wd")).astimezone(UTC)


def due_line(row: Mapping[str, Any], calendar: WorkCalendar) -> dict[str, str]:
    """Return {"due": ISO, +08:00} for {"start": ISO, "allow": text}; a zone-less start is Beijing time.

    Raises InvalidInput naming the field for anything else.
    """
    start, allow = (_text_of(row, name) for name in ("start", "allow"))
    try:
        begun = datetime.fromisoformat(start)
        begun = begun.replace(tzinfo=ZONE) if begun.tzinfo is None else begun
        due = due_at(begun, Allowance.parse(allow), calendar).due_at
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"起算时间“{start}”无法识别，应为 ISO 8601 格式。", "start") from error
    return {"due": due.astimezone(ZONE).isoformat()}


def _text_of(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name) if isinstance(row, Mapping) else None
    if not isinstance(value, str):
        raise InvalidInput(f"该行缺少文本字段 {name}。", name)
    return value.strip()
