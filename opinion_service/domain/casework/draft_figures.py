"""Numbers, dates and names of two texts that speak of the same thing and do not agree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from opinion_service.domain.casework.sentences import clauses, likeness

_DIGITS = {one: value for value, one in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SCALES = {"十": 10, "百": 100, "千": 1_000}
_BIG = {"万": 10_000, "亿": 100_000_000}
_NUMBER = r"\d[\d,，]*(?:\.\d+)?[百千万亿]*|[〇零一二两三四五六七八九十百千万亿]+"
_UNIT = (
    r"平方米|立方米|公里|千米|毫克|公斤|千克|万元|元|人次|人|名|户|家|所|辆|台|条|起|件|个|处|吨|米|亩|栋|套|次|批|"
    r"班|座|张|份|天|小时|分钟|个月|%|％"
)
_QUANTITY = re.compile(rf"(?P<head>[^\d，。；：、！？,;!?\n（）()“”]{{0,8}}?)(?P<number>{_NUMBER})(?P<unit>{_UNIT})")
_DATE = re.compile(
    r"(?:(?P<year>\d{4})年)?(?P<month>\d{1,2}|十?[一二三四五六七八九]|十|十[一二])月"
    r"(?:(?P<day>\d{1,2}|[一二三]?十?[一二三四五六七八九]|[一二三]?十)[日号])?"
)
_NAME = re.compile(
    r"(?P<stem>[\u4e00-\u9fff]{2})(?P<kind>幼儿园|小学|中学|学校|医院|公司|集团|社区|街道|小区|市场|广场|大桥|水库|污水处理厂)"
)
# Which share of their words two clauses need in common to speak of the same event on different days.
SAME_EVENT = 0.45
HEAD = 2


@dataclass(frozen=True, slots=True)
class Clash:
    """Two words for the same thing: `here` in the draft, `there` beside it; `clause` is where in the draft."""

    what: str
    here: str
    there: str
    clause: str


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A number with what is counted: the words before it and its unit."""

    head: str
    value: float
    unit: str
    words: str
    clause: str


def clashes(draft: str, beside: str) -> tuple[Clash, ...]:
    """Return where the draft and the text beside it disagree on a number, a date or a name.

    A number clashes when the same two characters stand before it and the same unit after it, and the text beside
    nowhere gives the draft's value; a date when its clause otherwise reads the same; a name when one character of
    the two before its kind differs. Only what a person should look at: two right texts may differ.
    """
    return (*_numbers(draft, beside), *_dates(draft, beside), *_names(draft, beside))


def number_of(words: str) -> float:
    """Return the value of a number in Arabic or Chinese writing: `1,200`, `3.5万`, `三十六`, `一百二十`."""
    plain = words.replace(",", "").replace("，", "")
    match = re.match(r"\d+(?:\.\d+)?", plain)
    if match:
        value = float(match[0])
        for scale in plain[match.end() :]:
            value *= _SCALES.get(scale) or _BIG[scale]
        return value
    return _chinese(plain)


def _chinese(words: str) -> float:
    if not any(one in _SCALES or one in _BIG for one in words):
        return float("".join(str(_DIGITS[one]) for one in words))
    total, section, digit = 0.0, 0.0, 0.0
    for one in words:
        if one in _DIGITS:
            digit = _DIGITS[one]
        elif one in _SCALES:
            section, digit = section + (digit or 1) * _SCALES[one], 0
        else:
            total, section, digit = (total + section + digit) * _BIG[one], 0, 0
    return total + section + digit


def _quantities(text: str) -> Iterator[_Quantity]:
    for clause in clauses(text):
        for match in _QUANTITY.finditer(clause):
            head = re.sub(r"[了共约为达有的近余计是]+$", "", match["head"])
            if len(head) >= HEAD:
                unit, value = match["unit"].replace("％", "%"), number_of(match["number"])
                if unit == "万元":
                    unit, value = "元", value * 10_000
                yield _Quantity(head[-HEAD:], value, unit, match["number"] + match["unit"], clause)


def _numbers(draft: str, beside: str) -> Iterator[Clash]:
    there = list(_quantities(beside))
    for one in dict.fromkeys(_quantities(draft)):
        same = [other for other in there if (other.head, other.unit) == (one.head, one.unit)]
        if same and all(other.value != one.value for other in same):
            yield Clash("数字", f"{one.head}{one.words}", f"{same[0].head}{same[0].words}", one.clause)


def _dates(draft: str, beside: str) -> Iterator[Clash]:
    there = list(_dated(beside))
    for words, on, clause, rest in _dated(draft):
        same = [other for other in there if likeness(rest, other[3]) >= SAME_EVENT]
        if same and all(_differ(on, other[1]) for other in same):
            yield Clash("日期", words, same[0][0], clause)


def _dated(text: str) -> Iterator[tuple[str, tuple[int, int, int], str, str]]:
    for clause in clauses(text):
        for match in _DATE.finditer(clause):
            year = int(match["year"] or 0)
            month, day = int(number_of(match["month"])), int(number_of(match["day"])) if match["day"] else 0
            yield match[0], (year, month, day), clause, _DATE.sub("", clause)


def _differ(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    """Return whether two dates cannot be the same day; a part that one of them leaves out agrees with any."""
    return any(here != there for here, there in zip(one, other, strict=True) if here and there)


def _names(draft: str, beside: str) -> Iterator[Clash]:
    there = [(match["stem"], match["kind"]) for match in _NAME.finditer(beside)]
    for match in _NAME.finditer(draft):
        if match[0] in beside:
            continue
        for stem, kind in there:
            differing = sum(a != b for a, b in zip(stem, match["stem"], strict=True))
            if kind == match["kind"] and differing == 1 and f"{stem}{kind}" not in draft:
                yield Clash("名称", match[0], f"{stem}{kind}", match[0])
                break
