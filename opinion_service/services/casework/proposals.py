"""Keeps what the system proposes about cases: made once, settled by a person's act or refused with a reason."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import OPEN_STATES, CaseState
from opinion_service.domain.casework.grading import ProposalKind, Suggestion, is_fulfilled, value_label
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.models import Case, CaseProposal
from opinion_service.services import journal
from opinion_service.services.casework import case_book
from opinion_service.services.transaction import transaction

DECIDERS = frozenset({Role.LIAISON, Role.SUPERVISOR})
AFTER_ANSWER = (CaseState.PUBLISHED, CaseState.FOLLOWING, CaseState.CLOSED)


def keep(
    session: Session, case: Case, kinds: Sequence[ProposalKind], found: Iterable[Suggestion], *, now: datetime
) -> int:
    """Bring the open proposals of `kinds` in line with what is suggested now; return how many are new.

    An open one is given the reasons of now, and superseded when nothing speaks for it any longer. What a person
    refused in this round is not proposed again for the same reasons.
    """
    wanted = {one.kind.value: one for one in found}
    rows = session.scalars(
        select(CaseProposal).where(
            CaseProposal.case_id == case.id, CaseProposal.kind.in_([kind.value for kind in kinds])
        )
    ).all()
    for row in rows:
        one = wanted.get(row.kind)
        if row.state == "open" and one is not None and row.value == one.value:
            row.reasons, row.basis = list(one.reasons), list(one.basis)
            del wanted[row.kind]
        elif row.state == "open":
            row.state, row.decided_at = "superseded", now
        elif row.state == "refused" and one is not None and _was_refused(row, one, case):
            del wanted[row.kind]
    session.flush()
    for one in wanted.values():
        _propose(session, case, one, now)
    return len(wanted)


def settle(session: Session, case: Case, *, actor: Actor, now: datetime) -> None:
    """Mark the open proposals as accepted that the case now fulfils, after a person graded or reopened it."""
    waiting = select(CaseProposal).where(CaseProposal.case_id == case.id, CaseProposal.state == "open")
    for row in session.scalars(waiting):
        stands = {"grade": case.grade, "incident": case.incident_level, "must_answer": str(case.must_answer_class)}
        is_new_round = row.kind == ProposalKind.ROUND and case.round > row.round
        if is_new_round or is_fulfilled(ProposalKind(row.kind), row.value, stands.get(row.kind, "")):
            row.state, row.decided_at, row.decided_by_id = "accepted", now, actor.user_id
    session.flush()


def refuse(proposal_id: int, note: str, *, actor: Actor, now: datetime) -> None:
    """Refuse an open proposal, with a reason; raise Forbidden, NotFound or InvalidInput."""
    if actor.role not in DECIDERS:
        raise Forbidden("建议由联络员或督查决定。")
    if not note.strip():
        raise InvalidInput("请填写不采纳的理由。", "note")
    with transaction() as session:
        row = session.scalar(select(CaseProposal).where(CaseProposal.id == proposal_id).with_for_update())
        case = session.get(Case, row.case_id) if row else None
        if row is None or case is None or row.state != "open" or not case_book.is_visible(session, case, actor):
            raise NotFound("该建议不存在或已处理。")
        row.state, row.decided_at, row.decided_by_id, row.note = "refused", now, actor.user_id, note.strip()[:500]
        entry = journal.Entry(
            "case_proposal_refused", f"未采纳建议：{_words(row)}", case_id=case.id, reason=note.strip(),
            detail={"proposal_id": row.id},
        )  # fmt: skip
        journal.record(session, entry, actor=actor, now=now)


def drop_stale(session: Session, *, now: datetime) -> None:
    """Supersede the open proposals of cases that have left the states in which they could be followed."""
    is_round = CaseProposal.kind == ProposalKind.ROUND.value
    case = exists().where(Case.id == CaseProposal.case_id)
    for stale in (~is_round & case.where(Case.state.not_in(OPEN_STATES)),
                  is_round & case.where(Case.state.not_in(AFTER_ANSWER))):  # fmt: skip
        statement = update(CaseProposal).where(CaseProposal.state == "open", stale)
        statement = statement.execution_options(synchronize_session=False)
        session.execute(statement.values(state="superseded", decided_at=now))


def _was_refused(row: CaseProposal, one: Suggestion, case: Case) -> bool:
    return (row.round, row.value) == (case.round, one.value) and set(one.basis) <= set(row.basis)


def _propose(session: Session, case: Case, one: Suggestion, now: datetime) -> None:
    row = CaseProposal(
        case_id=case.id, round=case.round, kind=one.kind.value, value=one.value, reasons=list(one.reasons),
        basis=list(one.basis), proposed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    entry = journal.Entry(
        "case_proposed", f"系统建议：{_words(row)}", case_id=case.id, reason="；".join(one.reasons),
        detail={"proposal_id": row.id},
    )  # fmt: skip
    journal.record(session, entry, actor=SYSTEM, now=now)


def _words(row: CaseProposal) -> str:
    kind = ProposalKind(row.kind)
    shown = value_label(kind, row.value)
    return f"{kind.label}定为{shown}" if shown else kind.label
