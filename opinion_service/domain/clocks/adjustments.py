"""What may be done to a handling clock: pauses with a cap, extensions with a limit. Legal clocks know neither."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from opinion_service.domain.clocks.allowance import Allowance
from opinion_service.domain.errors import InvalidInput

MOST_TIMES = 5
MOST_DAYS = 60


class PauseGround(StrEnum):
    """Why a handling clock may stand still."""

    EXPERT = "expert"
    SUPERIOR = "superior"
    MATERIAL = "material"
    FORCE = "force"
    OTHER = "other"

    @property
    def label(self) -> str:
        """Return the ground in Chinese."""
        return GROUND_LABELS[self]


GROUND_LABELS: dict[PauseGround, str] = {
    PauseGround.EXPERT: "等待检测、鉴定或评估结论",
    PauseGround.SUPERIOR: "等待上级机关答复",
    PauseGround.MATERIAL: "等待当事人补充材料",
    PauseGround.FORCE: "自然灾害等不可抗力",
    PauseGround.OTHER: "其他",
}


@dataclass(frozen=True, slots=True)
class AdjustLimits:
    """How far a case's handling clocks may be moved in one round.

    pause_most: the longest single pause, in working days; extension_most: working days of one grant.
    Source: 山东省政务服务热线管理办法 (延期一般不超过10个工作日); domain rules 2.6.
    """

    pause_most: int = 10
    pauses: int = 2
    extension_most: int = 10
    extensions: int = 1

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "AdjustLimits":
        """Return the limits written in a profile; what is missing has the default. Raises InvalidInput."""
        values = {}
        for name, top in (("pause_most", MOST_DAYS), ("pauses", MOST_TIMES), ("extension_most", MOST_DAYS),
                          ("extensions", MOST_TIMES)):  # fmt: skip
            value = record.get(name, getattr(DEFAULT_LIMITS, name))
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= top:
                raise InvalidInput(f"暂停和延期的限额须为 0–{top} 的整数。", name)
            values[name] = value
        return cls(**values)

    def as_record(self) -> dict[str, int]:
        """Return the limits as plain JSON."""
        return {
            "pause_most": self.pause_most, "pauses": self.pauses,
            "extension_most": self.extension_most, "extensions": self.extensions,
        }  # fmt: skip

    @property
    def pause_cap(self) -> Allowance:
        """Return the longest pause as an allowance; raise InvalidInput when pauses are switched off."""
        if not self.pause_most or not self.pauses:
            raise InvalidInput("现行时限规则不允许暂停。", "until")
        return Allowance(self.pause_most, "wd")


DEFAULT_LIMITS = AdjustLimits()


def check_extension(days: int, granted: int, limits: AdjustLimits) -> Allowance:
    """Return `days` working days as an allowance; raise InvalidInput when that is none, too many or too often.

    granted: how many extensions this clock has had in this round.
    """
    if granted >= limits.extensions:
        raise InvalidInput(f"同一时限每轮最多延期 {limits.extensions} 次。", "days")
    if not 1 <= days <= limits.extension_most:
        raise InvalidInput(f"延期须为 1–{limits.extension_most} 个工作日。", "days")
    return Allowance(days, "wd")
