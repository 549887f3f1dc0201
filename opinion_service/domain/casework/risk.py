"""The rubric of a risk assessment (风险研判): words for each mark, levels of a risk, the grade it recommends.

The rubric is versioned data; an assessment is read by the version it was made with. Source: domain notes 2.1, 3.4.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opinion_service.domain.clocks.sla import OpinionGrade
from opinion_service.domain.errors import InvalidInput

MARKS = 5


@dataclass(frozen=True, slots=True)
class Rubric:
    """One version: words for marks 1-5, and from which score (likelihood × impact) a level and a grade begin."""

    version: str
    basis: str
    likelihood: tuple[str, ...]
    impact: tuple[str, ...]
    levels: tuple[tuple[int, str], ...]
    grades: tuple[tuple[int, str], ...]
    questions: tuple[str, ...]

    def level(self, score: int) -> str:
        """Return the level of a risk point, in Chinese."""
        return next(label for begins, label in self.levels if score >= begins)

    def recommended(self, scores: Iterable[int]) -> OpinionGrade:
        """Return the grade that the highest of the scores (1-25) recommends; a person decides."""
        highest = max(scores, default=1)
        return OpinionGrade(next(grade for begins, grade in self.grades if highest >= begins))


def rubrics(record: Sequence[Mapping[str, Any]]) -> dict[str, Rubric]:
    """Return the rubrics by version, the one in force last; InvalidInput when one of them is not sound."""
    found = {one["version"]: _rubric(one) for one in record}
    if len(found) != len(record) or not found:
        raise InvalidInput("风险评估标准须有版本号，且不得重复。")
    return found


def _rubric(record: Mapping[str, Any]) -> Rubric:
    one = Rubric(
        version=str(record["version"]),
        basis=str(record["basis"]),
        likelihood=tuple(record["likelihood"]),
        impact=tuple(record["impact"]),
        levels=tuple((int(row["from"]), str(row["label"])) for row in record["levels"]),
        grades=tuple((int(row["from"]), str(row["grade"])) for row in record["grades"]),
        questions=tuple(record["questions"]),
    )
    if len(one.likelihood) != MARKS or len(one.impact) != MARKS:
        raise InvalidInput(f"可能性和影响须各有 {MARKS} 级说明。")
    for steps in (one.levels, one.grades):
        begins = [step[0] for step in steps]
        if begins != sorted(begins, reverse=True) or begins[-1] != 1:
            raise InvalidInput("分值界线须由高到低，最后一级从 1 分起。")
    if not {grade for _, grade in one.grades} <= set(OpinionGrade):
        raise InvalidInput("建议等级不在可选范围内。")
    return one
