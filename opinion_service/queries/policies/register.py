"""The policy register as frozen rows, filtered, sorted, paged by key and scoped to the actor; and what waits."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from opinion_service.domain.people import Actor, Role
from opinion_service.domain.policies.assessment import RiskLevel, level_of, register_number
from opinion_service.domain.policies.states import PolicyState
from opinion_service.domain.policies.watch import review_soon
from opinion_service.models import Department, Policy, PolicyLink, PolicyOpinion, PolicyReview, PolicyRiskPoint
from opinion_service.queries import paging
from opinion_service.queries.todo import Todo

PAGE = 30
SORTS = ("updated", "filed")
WAITING = {
    "opinion": "待您反馈意见", "sign": "待签发", "release": "已签发待出台", "review": "复核到期",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PolicyFilter:
    """What the register is narrowed to; `after` is the key of the last row seen (`instant|id`)."""

    state: str = ""
    department_id: int | None = None
    text: str = ""
    waiting: str = ""
    sort: str = "updated"
    descending: bool = True
    after: str = ""


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One policy of the register."""

    id: int
    number: str
    title: str
    edition: str
    state: PolicyState
    department: str
    planned_on: date | None
    released_at: datetime | None
    highest_risk: int
    opinions_asked: int
    opinions_given: int
    links: int
    review_due_at: datetime | None
    updated_at: datetime
    filed_at: datetime

    @property
    def risk_level(self) -> RiskLevel:
        """Return the level of the highest risk."""
        return level_of(self.highest_risk)


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """A page of the register; `after` leads to the next, empty on the last."""

    rows: tuple[PolicyRow, ...]
    after: str
    sort: str
    descending: bool


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Policy: the desk sees all, a department its own and those it was asked about."""
    if actor.sees_every_case:
        return true()
    if actor.department_id is None:
        return false()
    asked = select(PolicyOpinion.policy_id).where(PolicyOpinion.department_id == actor.department_id)
    return or_(Policy.department_id == actor.department_id, Policy.id.in_(asked))


def list_policies(session: Session, actor: Actor, wanted: PolicyFilter, *, now: datetime) -> PolicyPage:
    """Return a page of the policies the actor may see; one statement."""
    column = Policy.filed_at if wanted.sort == "filed" else Policy.updated_at
    statement = _listed().where(visible_to(actor), *_conditions(actor, wanted, now))
    order = paging.Order(Policy.id, column, paging.moment, wanted.descending)
    found, last = order.page(session, statement, wanted.after, PAGE)
    after = paging.key_of(getattr(last.Policy, column.key), last.Policy.id) if last else ""
    return PolicyPage(tuple(_row(row) for row in found), after, wanted.sort, wanted.descending)


def todos(session: Session, actor: Actor, *, now: datetime) -> list[Todo]:
    """Return what waits for the actor in the register; one statement."""
    wanted = _ASKED_OF.get(actor.role, ())
    if not wanted:
        return []
    counts = [func.count(Policy.id).filter(_is_waiting(code, actor, now)) for code, *_ in wanted]
    row = session.execute(select(*counts).where(visible_to(actor))).one()
    return [
        Todo(count, text, f"/policies?waiting={code}", label, tone)
        for count, (code, text, label, tone) in zip(row, wanted, strict=True)
    ]


_OPINION = ("opinion", "项政策征求您的意见", "反馈意见", "soon")
_REVIEW = ("review", "项政策复核到期", "复核", "soon")
_RELEASE = ("release", "项政策已签发，待登记出台", "登记", "info")
_ASKED_OF: dict[Role, tuple[tuple[str, str, str, str], ...]] = {
    Role.HANDLER: (_OPINION, _RELEASE, _REVIEW),
    Role.APPROVER: (("sign", "项政策评估待签发", "签发", "soon"), _OPINION, _REVIEW),
    Role.LIAISON: (_OPINION, _RELEASE),
    Role.SUPERVISOR: (_REVIEW,),
}


def _is_waiting(code: str, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a policy waits for what `code` says; nothing for an unknown code."""
    if code == "opinion":
        asked = select(PolicyOpinion.policy_id).where(
            PolicyOpinion.answered_at.is_(None),
            PolicyOpinion.department_id == actor.department_id
            if actor.department_id
            else PolicyOpinion.department_id.is_(None),
        )
        return and_(Policy.state == PolicyState.CONSULTING.value, Policy.id.in_(asked))
    own = Policy.department_id == actor.department_id if actor.department_id else true()
    if code == "review":
        due = select(PolicyReview.policy_id).where(
            PolicyReview.done_at.is_(None), PolicyReview.due_at <= review_soon(now)
        )
        return and_(own, Policy.state == PolicyState.RELEASED.value, Policy.id.in_(due))
    states = {"sign": PolicyState.IN_REVIEW, "release": PolicyState.SIGNED}
    return and_(own, Policy.state == states[code].value) if code in states else false()


def _listed() -> Any:
    risk = select(func.max(PolicyRiskPoint.likelihood * PolicyRiskPoint.impact))
    asked = select(func.count(PolicyOpinion.id)).where(PolicyOpinion.policy_id == Policy.id)
    links = select(func.count(PolicyLink.id)).where(PolicyLink.policy_id == Policy.id, PolicyLink.removed_at.is_(None))
    due = select(func.min(PolicyReview.due_at)).where(PolicyReview.policy_id == Policy.id)
    return select(
        Policy, Department.name.label("department"),
        risk.where(PolicyRiskPoint.policy_id == Policy.id).scalar_subquery().label("risk"),
        asked.scalar_subquery().label("asked"),
        asked.where(PolicyOpinion.answered_at.is_not(None)).scalar_subquery().label("given"),
        links.scalar_subquery().label("links"),
        due.where(PolicyReview.done_at.is_(None)).scalar_subquery().label("due"),
    ).join(Department, Department.id == Policy.department_id)  # fmt: skip


def _row(row: Any) -> PolicyRow:
    one = row.Policy
    return PolicyRow(
        one.id, register_number(one.year, one.serial), one.title, one.edition, PolicyState(one.state), row.department,
        one.planned_on, one.released_at, row.risk or 0, row.asked, row.given, row.links, row.due,
        one.updated_at, one.filed_at,
    )  # fmt: skip


def _conditions(actor: Actor, wanted: PolicyFilter, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(Policy.state == wanted.state)
    if wanted.department_id:
        found.append(Policy.department_id == wanted.department_id)
    if wanted.waiting:
        found.append(_is_waiting(wanted.waiting, actor, now))
    if wanted.text:
        found.append(
            or_(
                Policy.title.contains(wanted.text, autoescape=True),
                Policy.document_number.contains(wanted.text, autoescape=True),
            )
        )
    return found
