"""What the risk assessment on the case page needs: the rubric in words, levels of the points, the joint meetings."""

from collections import Counter
from functools import lru_cache
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from opinion_service import data
from opinion_service.domain.casework.risk import Rubric, rubrics
from opinion_service.queries.casework import papers as queries
from opinion_service.queries.casework.case_page import CaseView


@lru_cache(maxsize=1)
def known() -> dict[str, Rubric]:
    """Return the shipped rubrics by version, the one in force last."""
    return rubrics(data.read_json("risk_rubric.json"))


def in_force() -> Rubric:
    """Return the rubric by which new assessments are made."""
    return list(known().values())[-1]


def of_case(session: Session, view: CaseView) -> dict[str, Any]:
    """Return the choices of the form and what is told of the filed assessment; one statement."""
    rubric, filed = in_force(), view.assessment
    made_with = known().get(filed.rubric_version) if filed else None
    points = filed.risk_points if filed else []
    scores = [point.likelihood * point.impact for point in points]
    return {
        "rubric": rubric,
        "likelihood": _marks(rubric.likelihood),
        "impact": _marks(rubric.impact),
        "points": [
            (point, made_with.level(score) if made_with else "") for point, score in zip(points, scores, strict=True)
        ],
        "by_score": made_with.recommended(scores).value if made_with else "",
        "spread": _spread(view),
        "meetings": queries.meetings(session, view.case.id),
    }


def _marks(words: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((mark, f"{mark} · {word}") for mark, word in enumerate(words, 1))


def _spread(view: CaseView) -> str:
    """Return a first sentence on where the matter was heard, for the assessor to go on from."""
    heard = Counter(item.source for item in view.items).most_common()
    if not heard:
        return ""
    names = "、".join(f"{name} {count} 条" for name, count in heard)
    return str(gettext("共 %(n)s 条：%(names)s。", n=len(view.items), names=names))
