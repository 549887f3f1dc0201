"""Templates and snippets in force, their versions, and past answers to similar questions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.sentences import overlap
from opinion_service.models import Case, Department, Publication, ReplyTemplate, User
from opinion_service.queries import paging

PAGE = 30
# So many of the latest answers of the same topic or department are compared with the case.
MOST_COMPARED = 120
MOST_SIMILAR = 5
LEAST_ALIKE = 0.18


@dataclass(frozen=True, slots=True)
class TemplateFilter:
    """What the list of templates is narrowed to; `after` is the id of the last row seen."""

    kind: str = ""
    topic: str = ""
    stage: str = ""
    text: str = ""
    is_retired: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """One page of templates; `after` leads on, empty at the end."""

    rows: tuple[ReplyTemplate, ...]
    after: str
    total: int


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One version of a template with who saved it; the shipped ones have nobody."""

    template: ReplyTemplate
    author: str


@dataclass(frozen=True, slots=True)
class SimilarAnswer:
    """A published answer to something alike: `share` (0-1) of the case's words are in it."""

    id: int
    title: str
    department: str
    published_at: datetime
    body: str
    share: float


def list_templates(session: Session, wanted: TemplateFilter) -> TemplatePage:
    """Return a page of the newest versions, the latest changed first; two statements."""
    conditions = [*_newest(), ReplyTemplate.is_retired == wanted.is_retired]
    same = (
        (ReplyTemplate.kind, wanted.kind),
        (ReplyTemplate.hot_topic, wanted.topic),
        (ReplyTemplate.stage, wanted.stage),
    )
    conditions += [column == value for column, value in same if value]
    if wanted.text:
        conditions.append(ReplyTemplate.title.contains(wanted.text, autoescape=True))
    total = session.scalar(select(func.count(ReplyTemplate.id)).where(*conditions)) or 0
    order = paging.Order(ReplyTemplate.id, descending=True)
    found, last = order.page(session, select(ReplyTemplate).where(*conditions), wanted.after, PAGE)
    return TemplatePage(tuple(one for (one,) in found), str(last.ReplyTemplate.id) if last else "", total)


def versions(session: Session, code: str) -> tuple[TemplateVersion, ...]:
    """Return every version of a template, the newest first; empty when there is no such code."""
    rows = session.execute(
        select(ReplyTemplate, User.name)
        .outerjoin(User, User.id == ReplyTemplate.author_id)
        .where(ReplyTemplate.code == code)
        .order_by(ReplyTemplate.version.desc())
    )
    return tuple(TemplateVersion(row.ReplyTemplate, row.name or "") for row in rows)


def for_case(session: Session, case: Case, *, is_first: bool) -> tuple[ReplyTemplate, ...]:
    """Return what may go into the case's reply: its topic and stage first, texts for any topic after."""
    stages = ("", "first") if is_first else ("", "follow_up", "final")
    rows = session.scalars(
        select(ReplyTemplate).where(
            *_newest(),
            ReplyTemplate.is_retired.is_(False),
            ReplyTemplate.hot_topic.in_(("", case.hot_topic)),
            ReplyTemplate.stage.in_(stages),
        )
    )
    return tuple(sorted(rows, key=lambda row: (not row.hot_topic, not row.stage, row.id)))


def in_force(session: Session, code: str) -> ReplyTemplate | None:
    """Return the newest version of a template that is not retired."""
    return session.scalar(
        select(ReplyTemplate).where(*_newest(), ReplyTemplate.code == code, ~ReplyTemplate.is_retired)
    )


def similar_answers(session: Session, case: Case, questions: tuple[str, ...]) -> tuple[SimilarAnswer, ...]:
    """Return past answers most like the case, best first; one statement over the latest of its topic or department."""
    alike = (Publication.hot_topic == case.hot_topic) if case.hot_topic else (
        Publication.department_id == case.lead_department_id
    )  # fmt: skip
    rows = session.execute(
        select(
            Publication.id, Publication.title, Publication.questions, Publication.body, Publication.published_at,
            Department.name.label("department"),
        )
        .join(Department, Department.id == Publication.department_id)
        .where(alike, Publication.case_id != case.id, Publication.withdrawn_at.is_(None))
        .order_by(Publication.published_at.desc(), Publication.id.desc())
        .limit(MOST_COMPARED)
    )  # fmt: skip
    asked = " ".join((case.title, *questions))
    found = [_similar(row, asked) for row in rows]
    alike_enough = [one for one in found if one.share >= LEAST_ALIKE]
    return tuple(sorted(alike_enough, key=lambda one: -one.share)[:MOST_SIMILAR])


def _similar(row: Any, asked: str) -> SimilarAnswer:
    share = overlap(asked, f"{row.title} {row.questions} {row.body}")
    return SimilarAnswer(row.id, row.title, row.department, row.published_at, row.body, share)


def _newest() -> list[Any]:
    last = select(func.max(ReplyTemplate.id)).group_by(ReplyTemplate.code)
    return [ReplyTemplate.id.in_(last)]
