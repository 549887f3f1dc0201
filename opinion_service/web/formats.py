"""How times, spans and shares read on a page; the filters and globals the templates use."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from flask import Flask, request
from flask_babel import get_locale, gettext

from opinion_service.clock import DESK_ZONE
from opinion_service.domain.clocks.allowance import length_text
from opinion_service.domain.clocks.walk import clock_text, last_day
from opinion_service.domain.listening.addresses import shown_address

WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
MINUTE = timedelta(minutes=1)
DAYS_SPELLED_OUT = 30
PAGE_NEIGHBOURS = 2
WHOLE_LIST = 7


def iso(at: datetime | None) -> str:
    """Return the instant for a `datetime` attribute, in desk time to the second; empty for None."""
    return at.astimezone(DESK_ZONE).isoformat(timespec="seconds") if at else ""


def stamp(at: datetime | None, lang: str = "zh") -> str:
    """Return `2019-05-22 16:11（周三）` in desk time, or `2019-05-22 16:11 (Wed)`; a dash for None."""
    if at is None:
        return "—"
    local = at.astimezone(DESK_ZONE)
    return f"{local:%Y-%m-%d %H:%M}{_weekday(local, lang)}"


def day(on: date | datetime | None, lang: str = "zh") -> str:
    """Return `2019-05-22（周三）`; an instant is first taken to desk time; a dash for None."""
    if on is None:
        return "—"
    local = on.astimezone(DESK_ZONE) if isinstance(on, datetime) else on
    return f"{local:%Y-%m-%d}{_weekday(local, lang)}"


def short_stamp(at: datetime | None) -> str:
    """Return `05-22 16:11` in desk time, for rows whose year is plain; a dash for None."""
    return f"{at.astimezone(DESK_ZONE):%m-%d %H:%M}" if at else "—"


def due_stamp(at: datetime | None, lang: str = "zh") -> str:
    """Return a deadline as `stamp` does, but midnight as the 24:00 of the day that it closes, as mails say it."""
    if at is None:
        return "—"
    local = at.astimezone(DESK_ZONE)
    return f"{clock_text(local)}{_weekday(last_day(local) if _is_midnight(local) else local, lang)}"


def short_due(at: datetime | None) -> str:
    """Return a deadline as `05-22 16:11` or `05-22 24:00` in desk time; a dash for None."""
    return clock_text(at.astimezone(DESK_ZONE))[5:] if at else "—"


def _is_midnight(local: datetime) -> bool:
    return (local.hour, local.minute, local.second) == (0, 0, 0)


def _weekday(on: date, lang: str) -> str:
    if lang == "zh":
        return f"（周{WEEKDAYS['zh'][on.weekday()]}）"
    return f" ({WEEKDAYS['en'][on.weekday()]})"


def span(length: timedelta, lang: str = "zh") -> str:
    """Return a span in words with its two largest units: `3 小时 12 分`, `2 days 5 h`; a sign is ignored.

    Part of a minute is dropped, so a deadline never looks further away than it is.
    """
    days, rest = divmod(abs(length) // MINUTE, 24 * 60)
    amounts = (days, *divmod(rest, 60))
    first = next((i for i, amount in enumerate(amounts) if amount), None)
    if first is None:
        return "不到 1 分" if lang == "zh" else "less than 1 min"
    shown = list(zip(amounts, _units(days, lang), strict=True))[first : first + 2]
    return " ".join(f"{amount} {unit}" for amount, unit in shown if amount)


def _units(days: int, lang: str) -> tuple[str, str, str]:
    if lang == "zh":
        return ("天", "小时", "分")
    return ("day" if days == 1 else "days", "h", "min")


def length(minutes: int, lang: str = "zh") -> str:
    """Return how far a deadline moves, in words; a sign is ignored."""
    return length_text(minutes) if lang == "zh" else span(timedelta(minutes=minutes), lang)


def ago(at: datetime | None, now: datetime, lang: str = "zh") -> str:
    """Return where `at` lies from `now`: `3 小时前`, `2 天后`, `刚刚`; beyond 30 days the date."""
    if at is None:
        return "—"
    gap = now - at
    if abs(gap) < MINUTE:
        return "刚刚" if lang == "zh" else "just now"
    if abs(gap) >= timedelta(days=DAYS_SPELLED_OUT):
        return day(at, lang)
    words = _largest(abs(gap), lang)
    if lang == "zh":
        return f"{words}{'前' if gap > timedelta(0) else '后'}"
    return f"{words} ago" if gap > timedelta(0) else f"in {words}"


def _largest(length: timedelta, lang: str) -> str:
    minutes = length // MINUTE
    days, hours = minutes // 1440, minutes // 60
    if days:
        return f"{days} {_units(days, lang)[0]}"
    if hours:
        return f"{hours} {'小时' if lang == 'zh' else 'h'}"
    return f"{minutes} {'分钟' if lang == 'zh' else 'min'}"


def left(due_at: datetime | None, now: datetime, lang: str = "zh") -> str:
    """Return `剩 3 小时 12 分` before the deadline and `超期 58 分` from its instant on; a dash for None."""
    if due_at is None:
        return "—"
    late = now >= due_at
    words = span(due_at - now, lang)
    if lang == "zh":
        return f"{'超期' if late else '剩'} {words}"
    return f"{words} overdue" if late else f"{words} left"


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share from 0 to 1 as `87%`; a dash for None (nothing to divide by)."""
    return "—" if share is None else f"{share * 100:.{digits}f}%"


def rules_version(version: str) -> str:
    """Return the version of rules in words: the product's own `default-3` by its number, any other as it is."""
    kind, _, number = version.partition("-")
    return gettext("随产品规则第 %(n)s 版", n=number) if kind == "default" and number.isdigit() else version


def number(value: float | None) -> str:
    """Return a figure with thousands marks, `12,345`; a dash for None."""
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def page_window(here: int, last: int) -> tuple[int, ...]:
    """Return the page numbers to link: both ends and the neighbours of `here`; 0 stands for a gap."""
    if last <= WHOLE_LIST:
        return tuple(range(1, last + 1))
    near = range(max(1, here - PAGE_NEIGHBOURS), min(last, here + PAGE_NEIGHBOURS) + 1)
    shown = sorted({1, *near, last})
    window: list[int] = []
    for page in shown:
        if window and page > window[-1] + 1:
            window.append(0)
        window.append(page)
    return tuple(window)


def changed_query(args: Mapping[str, list[str]], changes: Mapping[str, object]) -> str:
    """Return the query string of `args` with `changes` put in; a value of None or '' takes the key out."""
    kept = [(k, v) for k, values in args.items() if k not in changes for v in values]
    added = [(k, str(v)) for k, v in changes.items() if v not in (None, "")]
    return urlencode([*kept, *added])


def with_args(**changes: object) -> str:
    """Return the present address with some query arguments changed; None takes one out."""
    query = changed_query(request.args.to_dict(flat=False), changes)
    return f"{request.path}?{query}" if query else request.path


def request_path() -> str:
    """Return the path of the present address, without its query."""
    return request.path


def language() -> str:
    """Return `zh` or `en`, the language in which the present page is written."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def translated(text: str) -> str:
    """Return a label that code composed, in the language of the page; what the catalogue lacks stays.

    Templates use this filter, never `_()`, for a text held in a variable: `_()` marks what it returns as
    safe HTML and reads a bare `%` as a placeholder. An empty text would give the catalogue's header.
    """
    return gettext(text) if text else ""


def register(app: Flask) -> None:
    """Give the templates of `app` the filters and globals of this module."""
    app.jinja_env.filters.update(
        shown_address=shown_address,
        iso=iso,
        short_stamp=short_stamp,
        short_due=short_due,
        percent=percent,
        translated=translated,
        rules_version=rules_version,
        number=number,
        stamp=lambda at: stamp(at, language()),
        due_stamp=lambda at: due_stamp(at, language()),
        day=lambda on: day(on, language()),
        span=lambda length: span(length, language()),
        ago=lambda at, now: ago(at, now, language()),
        length_text=lambda minutes: length(minutes, language()),
        left=lambda due_at, now: left(due_at, now, language()),
    )
    app.jinja_env.globals.update(with_args=with_args, page_window=page_window, request_path=request_path)
