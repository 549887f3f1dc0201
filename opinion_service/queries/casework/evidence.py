"""The evidence of a case: what was frozen, what the last look at each piece found, and all of it as one document."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from opinion_service.domain.casework.evidence import OUTCOME_LABELS, Outcome
from opinion_service.domain.casework.textdiff import Piece, pieces
from opinion_service.domain.people import Actor
from opinion_service.models import AuditEvent, Case, Evidence, EvidenceCheck, Recheck
from opinion_service.queries import paging
from opinion_service.queries.scope import visible_to

PAGE = 20
NEVER = "never"


@dataclass(frozen=True, slots=True)
class Summary:
    """How the evidence of a case stands: `counts` by what the last look at each piece found, in words."""

    count: int
    frozen_at: datetime | None
    checked_at: datetime | None
    is_waiting: bool
    counts: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class CheckView:
    """What the last look found; `changes` compares what was frozen with what stands there now."""

    checked_at: datetime
    outcome: str
    label: str
    http_status: int | None
    detail: str
    changes: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One piece of evidence, with how often it was looked at and what the last look found."""

    id: int
    source_name: str
    title: str
    body: str
    url: str
    published_at: datetime | None
    first_seen_at: datetime
    frozen_at: datetime
    sha256: str
    headers: dict[str, Any]
    looks: int
    check: CheckView | None


@dataclass(frozen=True, slots=True)
class EvidencePage:
    """A page of the evidence of a case; `after` is the key of the next one, empty when there is none."""

    case_id: int
    number: str
    title: str
    summary: Summary
    rows: tuple[EvidenceRow, ...]
    after: str
    before: str = ""


def summary(session: Session, case_id: int) -> Summary:
    """Return how the evidence of a case stands; three statements."""
    first = session.execute(
        select(func.count(Evidence.id), func.max(Evidence.frozen_at)).where(Evidence.case_id == case_id)
    ).one()
    latest = _latest(case_id)
    found = session.execute(
        select(EvidenceCheck.outcome, func.count(EvidenceCheck.id), func.max(EvidenceCheck.checked_at))
        .where(EvidenceCheck.id.in_(select(latest.c.check_id)))
        .group_by(EvidenceCheck.outcome)
    ).all()
    waiting = session.scalar(select(Recheck.id).where(Recheck.case_id == case_id, Recheck.state != "done"))
    counts = Counter({outcome: number for outcome, number, _ in found})
    named = tuple((one.value, OUTCOME_LABELS[one], counts[one.value]) for one in Outcome if counts[one.value])
    return Summary(first[0], first[1], max((at for _, _, at in found), default=None), waiting is not None, named)


def evidence_page(
    session: Session, actor: Actor, number: str, *, outcome: str = "", after: str = ""
) -> EvidencePage | None:
    """Return a page of the evidence of a case the actor may see, else None; six statements.

    outcome: only pieces of which the last look found this, or `never` for those nobody looked at.
    """
    case = session.scalar(select(Case).where(Case.number == number, visible_to(actor)))
    if case is None:
        return None
    latest = _latest(case.id)
    wanted = (
        select(Evidence, EvidenceCheck, func.coalesce(latest.c.looks, 0).label("looks"))
        .outerjoin(latest, latest.c.evidence_id == Evidence.id)
        .outerjoin(EvidenceCheck, EvidenceCheck.id == latest.c.check_id)
        .where(Evidence.case_id == case.id)
    )
    if outcome == NEVER:
        wanted = wanted.where(EvidenceCheck.id.is_(None))
    elif outcome:
        wanted = wanted.where(EvidenceCheck.outcome == outcome)
    found, last = paging.Order(Evidence.id).page(session, wanted, after, PAGE)
    rows = tuple(_row(one.Evidence, one.EvidenceCheck, one.looks) for one in found)
    more = str(last.Evidence.id) if last else ""
    return EvidencePage(case.id, case.number, case.title, summary(session, case.id), rows, more)


def document(session: Session, actor: Actor, number: str) -> dict[str, Any] | None:
    """Return all evidence of a case the actor may see with every look at it and where the journal names it, else None.

    What is in it suffices to compute every digest again (`services.casework.evidence`).
    """
    case = session.scalar(select(Case).where(Case.number == number, visible_to(actor)))
    if case is None:
        return None
    rows = session.scalars(select(Evidence).where(Evidence.case_id == case.id).order_by(Evidence.id)).all()
    looks: dict[int, list[dict[str, Any]]] = {}
    mine = select(Evidence.id).where(Evidence.case_id == case.id)
    for check in session.scalars(
        select(EvidenceCheck).where(EvidenceCheck.evidence_id.in_(mine)).order_by(EvidenceCheck.id)
    ):
        looks.setdefault(check.evidence_id, []).append(_as_record(check, ("id", "recheck_id", "evidence_id")))
    kinds = ("evidence_frozen", "evidence_checked")
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.case_id == case.id, AuditEvent.kind.in_(kinds)).order_by(AuditEvent.id)
    )
    return {
        "case": case.number,
        "title": case.title,
        "evidence": [_as_record(row, ("case_id",)) | {"checks": looks.get(row.id, [])} for row in rows],
        "journal": [
            _as_record(one, ("case_id", "from_state", "to_state", "actor_id", "actor_role", "reason")) for one in events
        ],
    }


def _latest(case_id: int) -> Subquery:
    """Return, as SQL, the last look at each piece of evidence of a case and how many there were."""
    return (
        select(
            EvidenceCheck.evidence_id,
            func.max(EvidenceCheck.id).label("check_id"),
            func.count(EvidenceCheck.id).label("looks"),
        )
        .join(Evidence, Evidence.id == EvidenceCheck.evidence_id)
        .where(Evidence.case_id == case_id)
        .group_by(EvidenceCheck.evidence_id)
        .subquery()
    )


def _row(kept: Evidence, check: EvidenceCheck | None, looks: int) -> EvidenceRow:
    return EvidenceRow(
        kept.id, kept.source_name, kept.title, kept.body, kept.url, kept.published_at, kept.first_seen_at,
        kept.frozen_at, kept.sha256, kept.headers, looks, _check(kept, check) if check is not None else None,
    )  # fmt: skip


def _check(kept: Evidence, check: EvidenceCheck) -> CheckView:
    outcome = Outcome(check.outcome)
    is_edited = outcome is Outcome.EDITED and check.found_text
    before = f"{kept.title}\n{kept.body}" if check.found_text.startswith(f"{kept.title}\n") else kept.body or kept.title
    changes = pieces(before, check.found_text) if is_edited else ()
    return CheckView(check.checked_at, outcome.value, OUTCOME_LABELS[outcome], check.http_status, check.detail, changes)


def _as_record(row: Evidence | EvidenceCheck | AuditEvent, left_out: tuple[str, ...]) -> dict[str, Any]:
    found = {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in left_out}
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in found.items()
    }
