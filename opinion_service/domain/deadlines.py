"""When something is due: natural hours, working hours and working days, with every step shown.

Natural hours run through nights and holidays; of working days the first is not counted and the
last ends at 24:00 (民法典 第201、203条). Instants are UTC; days are those of Asia/Shanghai.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from opinion_service.domain.allowance import Allowance
from opinion_service.domain.calendar import WorkCalendar
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.sla import ClockRule, IncidentLevel

__all__ = [
    "ZONE",
    "Allowance",
    "Computation",
    "Pause",
    "clock_start",
    "due_at",
    "due_for",
    "due_line",
    "recompute",
    "workdays_after",
]

ZONE = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch for which a handling clock stood still; both ends aware, the end not included."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Computation:
    """A due time and the way to it; `steps` are sentences, one a day walked or a stretch of hours.

    provisional: a day that was walked may still be changed by a notice to come.
    """

    start: datetime
    allowance: str
    due_at: datetime
    provisional: bool
    steps: tuple[str, ...]
    calendar_version: str
    pauses: tuple[Pause, ...] = ()
    extension: str | None = None

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
    stops = _in_order(pauses, begun)
    walk = _Walk(calendar, stops)
    local = begun.astimezone(ZONE)
    walk.steps.append(f"起点 {local:%Y-%m-%d %H:%M}")
    end = walk.run(local, local.date(), allowance)
    if extension is not None:
        walk.steps.append(f"经批准延长 {extension.words}")
        end = walk.run(end, _last_day(end), extension)
    walk.steps.append(f"到期 {_clock_text(end)}")
    return Computation(
        begun,
        str(allowance),
        end.astimezone(UTC),
        walk.is_provisional,
        tuple(walk.steps),
        calendar.version,
        stops,
        str(extension) if extension is not None else None,
    )


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


def recompute(computation: Computation, calendar: WorkCalendar) -> Computation:
    """Return the same computation by `calendar`; with the calendar it was made by, the same minute."""
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
    return _Walk(calendar, ()).run(local, _last_day(local), Allowance(amount, "wd")).astimezone(UTC)


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


def _in_order(pauses: Iterable[Pause], start: datetime) -> tuple[Pause, ...]:
    """Return the pauses after `start` in UTC, in order and merged where they touch."""
    merged: list[Pause] = []
    for pause in sorted((_checked(pause) for pause in pauses), key=lambda one: one.begins_at):
        begins = max(pause.begins_at, start)
        if pause.ends_at <= begins:
            continue
        if merged and begins <= merged[-1].ends_at:
            begins = merged[-1].begins_at
            pause = Pause(begins, max(pause.ends_at, merged.pop().ends_at))  # noqa: PLW2901
        merged.append(Pause(begins, pause.ends_at))
    return tuple(merged)


def _checked(pause: Pause) -> Pause:
    if pause.begins_at.tzinfo is None or pause.ends_at.tzinfo is None:
        raise InvalidInput("暂停时间缺少时区。", "pauses")
    if pause.ends_at <= pause.begins_at:
        raise InvalidInput("暂停的结束时间必须晚于开始时间。", "pauses")
    return Pause(pause.begins_at.astimezone(UTC), pause.ends_at.astimezone(UTC))


def _last_day(end: datetime) -> date:
    return (end - timedelta.resolution).date()


def _clock_text(local: datetime) -> str:
    """Return an instant as people say it: midnight is the 24:00 of the day that it closes."""
    if local.time() == time(0):
        return f"{_last_day(local):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


@dataclass(slots=True)
class _Walk:
    """A way through the calendar in local time that notes each step."""

    calendar: WorkCalendar
    pauses: tuple[Pause, ...]
    steps: list[str] = field(default_factory=list)
    is_provisional: bool = False

    def run(self, start: datetime, first: date, allowance: Allowance) -> datetime:
        """Return the end (local); `first` is the day that working days are counted from, itself not counted."""
        if allowance.unit == "wd":
            return self._workdays(first, allowance.amount)
        if allowance.unit == "wh":
            return self._working_hours(start, timedelta(hours=allowance.amount))
        self.steps.append(f"加 {allowance.words}，夜间和节假日连续计算")
        return self._natural(start, timedelta(minutes=allowance.natural_minutes))

    def _natural(self, start: datetime, length: timedelta) -> datetime:
        begun = start.astimezone(UTC)
        end = begun + length
        for pause in self.pauses:
            begins = max(pause.begins_at, begun)
            if begins < min(end, pause.ends_at):
                end += pause.ends_at - begins
                self._note_pause(pause)
        return end.astimezone(ZONE)

    def _note_pause(self, pause: Pause) -> None:
        begins, ends = pause.begins_at.astimezone(ZONE), pause.ends_at.astimezone(ZONE)
        self.steps.append(f"{begins:%Y-%m-%d %H:%M} 至 {ends:%Y-%m-%d %H:%M} 暂停，不计")

    def _workdays(self, first: date, amount: int) -> datetime:
        day, counted = first, 0
        self.steps.append(f"{first.isoformat()} 当日不计，次日起算 {amount} 个工作日")
        while counted < amount:
            day += ONE_DAY
            self._meet(day)
            if not self.calendar.is_workday(day):
                self.steps.append(f"{self.calendar.name(day)}，不计")
            elif self._is_paused_on(day):
                self.steps.append(f"{self.calendar.name(day)}，暂停，不计")
            else:
                counted += 1
                self.steps.append(f"{self.calendar.name(day)}，第 {counted} 个工作日")
        return datetime.combine(day + ONE_DAY, time(0), ZONE)

    def _is_paused_on(self, day: date) -> bool:
        return any(
            pause.begins_at.astimezone(ZONE).date() <= day < pause.ends_at.astimezone(ZONE).date()
            for pause in self.pauses
        )

    def _working_hours(self, start: datetime, left: timedelta) -> datetime:
        day = start.date()
        while True:
            self._meet(day)
            if not self.calendar.is_workday(day):
                self.steps.append(f"{self.calendar.name(day)}，不计")
            stretches = list(self._stretches(day, start)) if self.calendar.is_workday(day) else []
            if not stretches and self.calendar.is_workday(day):
                self.steps.append(f"{self.calendar.name(day)}，没有可计的工作时间")
            for begins, ends in stretches:
                end = min(begins + left, ends)
                self.steps.append(f"{self.calendar.name(day)}，{begins:%H:%M}–{end:%H:%M}")
                left -= end - begins
                if not left:
                    return end
            day += ONE_DAY

    def _stretches(self, day: date, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the duty hours of `day` from `start` on, without the pauses."""
        for opens, closes in self.calendar.hours:
            begins = max(start, datetime.combine(day, opens, ZONE))
            ends = datetime.combine(day, closes, ZONE)
            for pause in self.pauses:
                stops = min(ends, pause.begins_at.astimezone(ZONE))
                resumes = pause.ends_at.astimezone(ZONE)
                if begins < stops:
                    yield begins, stops
                if pause.begins_at < ends:
                    begins = max(begins, resumes)
            if begins < ends:
                yield begins, ends

    def _meet(self, day: date) -> None:
        self.is_provisional = self.is_provisional or not self.calendar.is_settled(day)
