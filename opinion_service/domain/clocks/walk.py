"""The walk through the calendar from a start to a due time, noting every day on the way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from opinion_service.domain.clocks.allowance import Allowance
from opinion_service.domain.clocks.calendar import WorkCalendar
from opinion_service.domain.errors import InvalidInput

ZONE = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch for which a handling clock stood still; both ends aware, the end not included."""

    begins_at: datetime
    ends_at: datetime


def in_order(pauses: Iterable[Pause], start: datetime) -> tuple[Pause, ...]:
    """Return the pauses after `start` in UTC, in order and merged where they touch.

    Raises InvalidInput for a naive instant or a pause that ends before it begins.
    """
    merged: list[Pause] = []
    for pause in sorted((_checked(pause) for pause in pauses), key=lambda one: one.begins_at):
        begins, ends = max(pause.begins_at, start), pause.ends_at
        if ends <= begins:
            continue
        if merged and begins <= merged[-1].ends_at:
            before = merged.pop()
            begins, ends = before.begins_at, max(before.ends_at, ends)
        merged.append(Pause(begins, ends))
    return tuple(merged)


def _checked(pause: Pause) -> Pause:
    if pause.begins_at.tzinfo is None or pause.ends_at.tzinfo is None:
        raise InvalidInput("暂停时间缺少时区。", "pauses")
    if pause.ends_at <= pause.begins_at:
        raise InvalidInput("暂停的结束时间必须晚于开始时间。", "pauses")
    return Pause(pause.begins_at.astimezone(UTC), pause.ends_at.astimezone(UTC))


def last_day(end: datetime) -> date:
    """Return the local day that `end` falls on; midnight belongs to the day that it closes."""
    return (end - timedelta.resolution).date()


def clock_text(local: datetime) -> str:
    """Return an instant as people say it: midnight is the 24:00 of the day that it closes."""
    if local.time() == time(0):
        return f"{last_day(local):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


@dataclass(slots=True)
class Walk:
    """A way through the calendar in local time that notes each step."""

    calendar: WorkCalendar
    pauses: tuple[Pause, ...]
    steps: list[str] = field(default_factory=list)
    awaited: set[int] = field(default_factory=set)

    @property
    def is_provisional(self) -> bool:
        """Return whether a notice still to come may change a day that was walked."""
        return bool(self.awaited)

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
                if pause.begins_at >= ends:
                    break
                if begins < pause.begins_at:
                    yield begins, pause.begins_at.astimezone(ZONE)
                begins = max(begins, pause.ends_at.astimezone(ZONE))
            if begins < ends:
                yield begins, ends

    def _meet(self, day: date) -> None:
        year = self.calendar.awaited(day)
        if year is not None:
            self.awaited.add(year)
