"""A reply on its way: its versions and what changed, the steps of its review, and what became of it in public."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.review import STEP_LABELS, ReviewStep, next_step, step_dues
from opinion_service.domain.casework.textdiff import Piece, pieces
from opinion_service.domain.people import Actor
from opinion_service.models import Correction, Draft, DraftSight, Publication, PublicationChannel, Review, Scratch, User
from opinion_service.queries.casework.case_page import CaseView

PARTS = (
    ("title", "标题"), ("facts", "事实真相"), ("basis", "政策依据"), ("measures", "处置措施"), ("result", "处置结果"),
    ("next_step", "下一步安排"), ("unit", "回应单位"), ("contact", "联系方式"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One decision on one version, with the name of who took it."""

    version: int
    decision: str
    step: str
    note: str
    actor_id: int
    actor_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of the review: taken by somebody, waiting now, or still to come, by when."""

    label: str
    state: str
    person: str
    at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class PartChange:
    """One part of the reply with what changed in it."""

    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class PublishedView:
    """A published answer with its channels and corrections, oldest first."""

    publication: Publication
    channels: tuple[PublicationChannel, ...]
    corrections: tuple[Correction, ...]

    @property
    def waiting(self) -> Correction | None:
        """Return the correction that waits for its second person."""
        return next((one for one in self.corrections if not one.confirmed_at and not one.dropped_at), None)


def reviews(session: Session, case_id: int) -> tuple[ReviewView, ...]:
    """Return every decision on the case's drafts, oldest first."""
    rows = session.execute(
        select(Review, Draft.version, User.name)
        .join(Draft, Draft.id == Review.draft_id)
        .join(User, User.id == Review.actor_id)
        .where(Draft.case_id == case_id)
        .order_by(Review.id)
    )
    return tuple(
        ReviewView(
            row.version, row.Review.decision, row.Review.step, row.Review.note, row.Review.actor_id, row.name,
            row.Review.decided_at,
        )
        for row in rows
    )  # fmt: skip


def steps(view: CaseView, taken: tuple[ReviewView, ...]) -> tuple[StepView, ...]:
    """Return the steps of the latest draft's review; empty while it is not submitted."""
    draft = view.draft
    if draft is None or draft.submitted_at is None:
        return ()
    route = tuple(ReviewStep(step) for step in draft.review_route) or (ReviewStep.LEADER,)
    since = draft.submitted_at
    done = {
        one.step: one
        for one in taken
        if one.version == draft.version and one.decision in ("clear", "sign") and one.at >= since
    }
    waiting = next_step(route, done) if view.state.value == "in_review" else None
    dues = step_dues(since, _response_due(view) or since, len(route))
    middle = [_step(step, done.get(step.value), step is waiting, due) for step, due in zip(route, dues, strict=True)]
    written = StepView("起草", "done", view.names.get(draft.author_id, ""), since, None)
    is_out = any(one.draft_id == draft.id for one in view.publications)
    last = StepView("发布", "done" if is_out else "now" if view.state.value == "signed" else "todo", "", None, None)
    return (written, *middle, last)


def _step(step: ReviewStep, taken: ReviewView | None, is_waiting: bool, due: datetime) -> StepView:
    state = "done" if taken else "now" if is_waiting else "todo"
    return StepView(
        STEP_LABELS[step], state, taken.actor_name if taken else "", taken.at if taken else None,
        None if taken else due,
    )  # fmt: skip


def _response_due(view: CaseView) -> datetime | None:
    legal = [clock.due_at for clock in view.clocks if clock.is_legal and clock.finished_at is None]
    return min(legal, default=None)


def changes(view: CaseView, old: int, new: int) -> tuple[PartChange, ...]:
    """Return what changed from version `old` to `new`, part by part; parts that stayed are left out."""
    by_version = {draft.version: draft for draft in view.drafts}
    before, after = by_version.get(old), by_version.get(new)
    if after is None:
        return ()
    found = []
    for name, label in PARTS:
        was, now = (getattr(before, name) if before else ""), getattr(after, name)
        if was != now:
            found.append(PartChange(label, pieces(was, now)))
    return tuple(found)


def sights(session: Session, view: CaseView, actor: Actor) -> frozenset[int]:
    """Return the versions of the draft that the actor has had before their eyes."""
    rows = session.scalars(
        select(Draft.version)
        .join(DraftSight, DraftSight.draft_id == Draft.id)
        .where(Draft.case_id == view.case.id, DraftSight.user_id == actor.user_id)
    )
    return frozenset(rows)


def last_seen(view: CaseView, taken: tuple[ReviewView, ...], seen: frozenset[int], actor: Actor) -> int:
    """Return the version before the newest that the actor saw or decided on, else the one last decided on by anybody.

    0 when there is neither.
    """
    latest = view.draft.version if view.draft else 0
    own = seen | {one.version for one in taken if one.actor_id == actor.user_id}
    earlier = [version for version in own if version < latest]
    return max(earlier or [one.version for one in taken if one.version < latest], default=0)


def scratch(session: Session, form: str, actor: Actor, *, since: datetime | None) -> Scratch | None:
    """Return what the actor typed into a form after `since` and did not save."""
    row = session.get(Scratch, (actor.user_id, form))
    return row if row is not None and (since is None or row.saved_at > since) else None


def published(session: Session, view: CaseView) -> tuple[PublishedView, ...]:
    """Return the case's published answers with their channels and corrections, in three statements."""
    ids = [one.id for one in view.publications]
    channels = session.scalars(
        select(PublicationChannel).where(PublicationChannel.publication_id.in_(ids)).order_by(PublicationChannel.at)
    ).all()
    corrections = session.scalars(
        select(Correction).where(Correction.publication_id.in_(ids)).order_by(Correction.id)
    ).all()
    return tuple(
        PublishedView(
            one,
            tuple(row for row in channels if row.publication_id == one.id),
            tuple(row for row in corrections if row.publication_id == one.id),
        )
        for one in view.publications
    )


def public_corrections(session: Session, publication_id: int) -> tuple[Correction, ...]:
    """Return the corrections in force of a published answer, newest first."""
    statement = select(Correction).where(
        Correction.publication_id == publication_id, Correction.confirmed_at.is_not(None)
    )
    return tuple(session.scalars(statement.order_by(Correction.id.desc())))


def public_channels(session: Session, publication_id: int) -> tuple[PublicationChannel, ...]:
    """Return where else an answer was made public, earliest first."""
    statement = select(PublicationChannel).where(PublicationChannel.publication_id == publication_id)
    return tuple(session.scalars(statement.order_by(PublicationChannel.at, PublicationChannel.id)))
