"""One case with everything its page shows, read in a fixed number of statements."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import CaseState
from opinion_service.domain.clocks.deadlines import Computation
from opinion_service.domain.clocks.sla import ClockKind
from opinion_service.domain.people import Actor
from opinion_service.domain.reminders.escalation import Urgency, urgency
from opinion_service.models import (
    Assessment,
    Case,
    Clock,
    Concern,
    Department,
    Dispute,
    Draft,
    Item,
    OutboxMail,
    Promise,
    Publication,
    Review,
    RoutingRecord,
    Rung,
    Source,
    User,
)
from opinion_service.queries.reading.learning import Mark, marks_of
from opinion_service.queries.scope import visible_to

_PRESSING = ("late", "soon", "running", "paused", "met_late", "met")


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock as the page shows it."""

    key: str
    name: str
    is_legal: bool
    basis: str
    state: str
    state_word: str
    used_percent: int
    due_at: datetime
    finished_at: datetime | None
    is_provisional: bool
    steps: tuple[dict[str, str], ...]
    fired: tuple[str, ...]
    url: str
    owner: str
    awaited: tuple[int, ...]
    paused_until: datetime | None
    is_late_by_change: bool


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item of the case's event."""

    title: str
    body: str
    url: str
    source: str
    at: datetime
    mark: Mark | None
    reason: str
    id: int
    rank: int | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the case page shows; the mapped rows in it are detached and read only."""

    case: Case
    state: CaseState
    department: str
    clocks: tuple[ClockView, ...]
    concerns: tuple[Concern, ...]
    items: tuple[ItemView, ...]
    assessment: Assessment | None
    drafts: tuple[Draft, ...]
    publications: tuple[Publication, ...]
    promises: tuple[Promise, ...]
    routing: RoutingRecord | None
    mails: int
    names: dict[int, str]
    dispute_ordinal: int
    cleared: dict[str, int]

    @property
    def draft(self) -> Draft | None:
        """Return the latest draft."""
        return self.drafts[0] if self.drafts else None

    @property
    def author_ids(self) -> frozenset[int]:
        """Return who wrote a version of the reply since the last publication; none of them reviews it."""
        published = {one.draft_id for one in self.publications}
        last = max((one.version for one in self.drafts if one.id in published), default=0)
        return frozenset(one.author_id for one in self.drafts if one.version > last)


def case_view(session: Session, actor: Actor, number: str, *, now: datetime) -> CaseView | None:
    """Return the case when the actor may see it, else None; a fixed number of statements."""
    case = session.scalar(select(Case).where(Case.number == number, visible_to(actor)))
    if case is None:
        return None
    department = session.get(Department, case.lead_department_id) if case.lead_department_id else None
    drafts = tuple(session.scalars(select(Draft).where(Draft.case_id == case.id).order_by(Draft.version.desc())))
    return CaseView(
        case=case,
        state=CaseState(case.state),
        department=department.name if department else "",
        clocks=_clocks(session, case, now),
        concerns=tuple(session.scalars(select(Concern).where(Concern.case_id == case.id).order_by(Concern.id))),
        items=_items(session, case.event_id, case.opened_at),
        assessment=session.scalar(
            select(Assessment).where(Assessment.case_id == case.id).order_by(Assessment.version.desc()).limit(1)
        ),
        drafts=drafts,
        publications=tuple(
            session.scalars(select(Publication).where(Publication.case_id == case.id).order_by(Publication.id))
        ),
        promises=tuple(session.scalars(select(Promise).where(Promise.case_id == case.id).order_by(Promise.id))),
        routing=session.scalar(
            select(RoutingRecord).where(RoutingRecord.case_id == case.id).order_by(RoutingRecord.id.desc()).limit(1)
        ),
        mails=session.scalar(
            select(func.count(OutboxMail.id)).where(OutboxMail.case_id == case.id, OutboxMail.state == "sent")
        )
        or 0,
        dispute_ordinal=session.scalar(
            select(func.count(Dispute.id)).where(Dispute.case_id == case.id, Dispute.round == case.round)
        )
        or 0,
        names=_names(session, drafts),
        cleared=_cleared(session, drafts),
    )


def _cleared(session: Session, drafts: tuple[Draft, ...]) -> dict[str, int]:
    """Return the review steps the latest draft has cleared since it was submitted, each with who cleared it."""
    if not drafts or drafts[0].submitted_at is None:
        return {}
    rows = session.execute(
        select(Review.step, Review.actor_id).where(
            Review.draft_id == drafts[0].id, Review.decision == "clear", Review.decided_at >= drafts[0].submitted_at
        )
    )
    return {row.step: row.actor_id for row in rows}


def _names(session: Session, drafts: tuple[Draft, ...]) -> dict[int, str]:
    ids = {draft.author_id for draft in drafts} | {draft.approved_by_id for draft in drafts}
    rows = session.execute(select(User.id, User.name).where(User.id.in_([one for one in ids if one])))
    return {row.id: row.name for row in rows}


def _clocks(session: Session, case: Case, now: datetime) -> tuple[ClockView, ...]:
    fired: dict[int, list[str]] = {}
    rungs = select(Rung.clock_id, Rung.wording).where(Rung.case_id == case.id, Rung.state == "fired")
    for row in session.execute(rungs.order_by(Rung.level)):
        fired.setdefault(row.clock_id, []).append(row.wording["name"])
    statement = (
        select(Clock, Department.name.label("owner"))
        .outerjoin(Department, Department.id == Clock.party)
        .where(Clock.case_id == case.id, Clock.round == case.round, Clock.state.in_(("running", "met")))
        .order_by(Clock.due_at, Clock.id)
    )
    views = (
        _clock(row.Clock, row.owner or "", case.number, tuple(fired.get(row.Clock.id, ())), now)
        for row in session.execute(statement)
    )
    # What presses stands first; what is done, last.
    return tuple(sorted(views, key=lambda one: _PRESSING.index(one.state) if one.state in _PRESSING else 3))


def _clock(clock: Clock, owner: str, number: str, fired: tuple[str, ...], now: datetime) -> ClockView:
    kept = Computation.from_record(clock.computation)
    paused = next((one.ends_at for one in kept.pauses if one.begins_at <= now < one.ends_at), None)
    paused = paused if clock.state == "running" else None
    state, word = ("paused", "已暂停") if paused else _clock_state(clock, now)
    used = ((clock.met_at or now) - clock.started_at) / (clock.due_at - clock.started_at)
    return ClockView(
        key=str(clock.id),
        name=ClockKind(clock.kind).label,
        is_legal=clock.is_legal,
        basis=clock.basis,
        state=state,
        state_word=word,
        used_percent=max(0, min(100, round(used * 100))),
        due_at=clock.due_at,
        finished_at=clock.met_at,
        is_provisional=clock.is_provisional,
        steps=tuple({"text": step} for step in kept.steps),
        fired=fired,
        url=f"/cases/{number}/clocks/{clock.id}",
        owner=owner,
        awaited=kept.awaited,
        paused_until=paused,
        is_late_by_change=clock.is_late_by_change,
    )


def _clock_state(clock: Clock, now: datetime) -> tuple[str, str]:
    if clock.state == "met":
        late = clock.met_at is not None and clock.met_at > clock.due_at
        return ("met_late", "逾期完成") if late else ("met", "按时完成")
    if clock.state == "stopped":
        return "stopped", "已停止"
    stand = urgency(clock.started_at, clock.due_at, now)
    if stand in (Urgency.LATE, Urgency.VERY_LATE):
        return "late", "调整后即超期" if clock.is_late_by_change else stand.label
    return ("soon", "临期") if stand is Urgency.SOON else ("running", "计时中")


def _items(session: Session, event_id: int | None, opened_at: datetime) -> tuple[ItemView, ...]:
    """Return the latest fifty items in the order of time, so that what came late is there; the event page has all."""
    rows = session.execute(
        select(Item, Source.name.label("source"))
        .join(Source, Source.id == Item.source_id)
        .where(Item.event_id == event_id)
        .order_by(Item.first_seen_at.desc(), Item.id.desc())
        .limit(50)
    ).all()
    marks = marks_of(session, (row.Item for row in rows))
    return tuple(
        ItemView(
            row.Item.title, row.Item.body, row.Item.url, row.source, row.Item.published_at or row.Item.first_seen_at,
            marks.get(row.Item.id), row.Item.join_reason, row.Item.id, row.Item.rank,
            row.Item.first_seen_at > opened_at,
        )
        for row in reversed(rows)
    )  # fmt: skip
