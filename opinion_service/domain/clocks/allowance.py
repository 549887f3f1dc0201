"""How much time is given, as the rules write it: 30min, 48h, 4wh, 5wd."""

import re
from dataclasses import dataclass

from opinion_service.domain.errors import InvalidInput

_FORM = re.compile(r"([0-9]{1,5})(min|h|wh|wd)")
# A longer allowance is a slip of the pen; the bound also keeps the walk through the calendar short.
_LARGEST = {"min": 10_000, "h": 2_400, "wh": 800, "wd": 400}
_WORDS = {"min": "分钟（自然时）", "h": "小时（自然时）", "wh": "个工作小时", "wd": "个工作日"}
_NATURAL_MINUTES = {"min": 1, "h": 60}

_HOURS_SPELLED_OUT = 72


def length_text(minutes: int) -> str:
    """Return a length in words: `2 小时 30 分钟`, `24 小时`, from 72 hours on `3 天 4 小时`; a sign is ignored."""
    hours, rest = divmod(abs(minutes), 60)
    days, over = divmod(hours, 24) if hours >= _HOURS_SPELLED_OUT else (0, hours)
    parts = ((days, "天"), (over, "小时"), (rest, "分钟"))
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount) or "0 分钟"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much time is given: `unit` is min, h (natural), wh (working hours) or wd (working days)."""

    amount: int
    unit: str

    @classmethod
    def parse(cls, text: "str | Allowance") -> "Allowance":
        """Return the allowance written as 30min, 48h, 4wh or 5wd; raise InvalidInput otherwise."""
        match = _FORM.fullmatch(str(text).strip())
        if match is None or not 0 < int(match[1]) <= _LARGEST[match[2]]:
            raise InvalidInput(f"时限“{text}”无法识别，应写作 30min、48h、4wh 或 5wd。", "allow")
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        """Return the written form."""
        return f"{self.amount}{self.unit}"

    @property
    def words(self) -> str:
        """Return the allowance in Chinese."""
        return f"{self.amount} {_WORDS[self.unit]}"

    @property
    def natural_minutes(self) -> float:
        """Return the length in natural minutes; infinite when it runs on working time.

        A working day or hour may span any number of nights and holidays, so no natural limit contains it.
        """
        minutes = _NATURAL_MINUTES.get(self.unit)
        return self.amount * minutes if minutes else float("inf")
