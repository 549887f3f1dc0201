"""Second looks at the evidence of a case: ordered by a person or once a day, leased, noted one by one, and finished.

An order is a row with a lease; every look is a row of its own in the transaction that gives its host back, so that a
worker that dies in the middle costs nothing and looks at nothing twice.
"""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session

from opinion_service.domain.casework.case_states import FINISHED
from opinion_service.domain.casework.evidence import OUTCOME_LABELS, Found, Outcome
from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.listening.addresses import authority_of
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.models import Case, Evidence, EvidenceCheck, Item, Recheck, Source
from opinion_service.services import journal
from opinion_service.services.casework import case_book, evidence
from opinion_service.services.listening import hosts
from opinion_service.services.listening.haul import Haul, RobotsCopy
from opinion_service.services.transaction import transaction

LEASE = timedelta(minutes=5)
EVERY = timedelta(hours=24)
# Pages change most in the first days; after a month only a person asks.
LOOKED_AFTER = timedelta(days=30)
PATIENCE = timedelta(hours=1)
# The pages belong to others, who are not to be asked over and over at the press of a button.
APART = timedelta(minutes=10)
MOST_LOOKS = 20
MOST_ORDERS = 20


@dataclass(frozen=True, slots=True)
class Look:
    """One piece of evidence to look at, with what its source says of it today; `home` is the host of that source."""

    evidence_id: int
    url: str
    title: str
    body: str
    today: tuple[int, str, str]
    revision: int
    home: str

    @property
    def host(self) -> str:
        """Return the host that has to be asked."""
        return authority_of(self.url)


@dataclass(frozen=True, slots=True)
class Order:
    """The right to go on with one order; `looks` are the next that are left, `left` counts them all."""

    recheck_id: int
    token: str
    looks: tuple[Look, ...]
    is_late: bool


def ask(case_id: int, *, actor: Actor, now: datetime) -> int:
    """Order a second look at all evidence of a case and return the order; one that is open already is returned.

    Raise Forbidden for an auditor, NotFound outside the actor's scope, InvalidInput when there is no evidence or the
    last look ended less than ten minutes ago.
    """
    if actor.role is Role.AUDITOR:
        raise Forbidden("审计员只能查看，不能发起复查。")
    with transaction() as session:
        case = session.get(Case, case_id, with_for_update=True)
        if case is None or not case_book.is_visible(session, case, actor):
            raise NotFound("案件不存在，或不在您的办理范围内。")
        if session.scalar(select(Evidence.id).where(Evidence.case_id == case_id).limit(1)) is None:
            raise InvalidInput("该案件没有固定的证据，无需复查。")
        last = session.scalar(select(Recheck).where(Recheck.case_id == case_id).order_by(Recheck.id.desc()).limit(1))
        if last is not None and last.state != "done":
            return last.id
        if last is not None and last.finished_at is not None and last.finished_at > now - APART:
            raise InvalidInput("十分钟内刚复查过，结果见本页；请稍后再试。")
        order = Recheck(case_id=case_id, state="queued", asked_at=now, asked_by_id=actor.user_id)
        session.add(order)
        entry = journal.Entry("evidence_recheck_asked", "要求复查证据", case_id=case_id)
        journal.record(session, entry, actor=actor, now=now)
        return order.id


def order_due(*, now: datetime) -> int:
    """Order the daily look at the evidence of young open cases, some at a time; return how many were ordered."""
    states = [state.value for state in FINISHED]
    asked = exists().where(Recheck.case_id == Case.id, or_(Recheck.state != "done", Recheck.asked_at > now - EVERY))
    linked = exists().where(Evidence.case_id == Case.id, Evidence.url != "")
    with transaction() as session:
        ids = session.scalars(
            select(Case.id)
            .where(
                Case.state.not_in(states), Case.opened_at > now - LOOKED_AFTER, Case.opened_at <= now - EVERY,
                linked, ~asked,
            )
            .order_by(Case.id)
            .limit(MOST_ORDERS)
            .with_for_update(skip_locked=True)
        ).all()  # fmt: skip
        session.add_all(Recheck(case_id=case_id, state="queued", asked_at=now) for case_id in ids)
        return len(ids)


def claim(*, now: datetime) -> Order | None:
    """Return the oldest order that waits, leased, with its next looks; None when none waits."""
    token = str(uuid.uuid4())
    with transaction() as session:
        due = select(Recheck.id).where(_is_due(now)).order_by(Recheck.lease_until.is_not(None), Recheck.id).limit(1)
        recheck_id = session.scalar(due)
        taken = session.execute(
            update(Recheck)
            .where(Recheck.id == recheck_id, _is_due(now))
            .values(state="running", lease_token=token, lease_until=now + LEASE)
        )
        if recheck_id is None or not taken.rowcount:  # type: ignore[attr-defined]
            return None
        row = session.get_one(Recheck, recheck_id, populate_existing=True)
        return Order(row.id, token, _left(session, row, MOST_LOOKS), row.asked_at < now - PATIENCE)


def take_host(order: Order, look: Look, *, now: datetime) -> RobotsCopy | None:
    """Take the host of a look for one request and return its robots.txt; None when it has to wait for its turn."""
    with transaction() as session:
        if _leased(session, order) is None:
            return None
        row = hosts.take(session, look.host, order.token, now=now, lease=LEASE)
        return hosts.copy_of(row) if row is not None else None


def note(order: Order, look: Look, found: Found, haul: Haul | None, *, now: datetime) -> bool:
    """Write down what a look found and give its host back; return whether it was written.

    haul: of the request, for the host; None when nothing was asked. A lost lease writes nothing, and a look that was
    written before is not written again.
    """
    with transaction() as session:
        if haul is not None:
            hosts.release(session, look.host, order.token, haul, now=now)
        if _leased(session, order) is None:
            return False
        known = EvidenceCheck.recheck_id == order.recheck_id, EvidenceCheck.evidence_id == look.evidence_id
        if session.scalar(select(EvidenceCheck.id).where(*known)) is not None:
            return False
        session.add(
            EvidenceCheck(
                recheck_id=order.recheck_id, evidence_id=look.evidence_id, checked_at=now,
                outcome=found.outcome.value, http_status=found.status, detail=found.detail[:500],
                found_text=found.text,
            )
        )  # fmt: skip
        return True


def settle(order: Order, *, now: datetime) -> bool:
    """End an order whose looks are all written, with their digests in the journal; else let it wait for its turn.

    Return whether it is done.
    """
    with transaction() as session:
        row = _leased(session, order)
        if row is None:
            return False
        row.lease_token = row.lease_until = None
        if _left(session, row, 1):
            # The hosts that were busy are asked again in a while, not at once.
            row.state, row.lease_until = "running", now + timedelta(seconds=5)
            return False
        row.state, row.finished_at = "done", now
        checks = session.scalars(
            select(EvidenceCheck).where(EvidenceCheck.recheck_id == row.id).order_by(EvidenceCheck.id)
        ).all()
        counts = Counter(Outcome(check.outcome) for check in checks)
        words = "，".join(f"{OUTCOME_LABELS[one]} {counts[one]}" for one in Outcome if counts[one])
        detail = {"checks": [[check.id, evidence.digest_of_check(check)] for check in checks]}
        entry = journal.Entry(evidence.CHECKED, f"复查证据：{words}", case_id=row.case_id, detail=detail)
        journal.record(session, entry, actor=SYSTEM, now=now)
        return True


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(Recheck.state == "queued", (Recheck.state == "running") & (Recheck.lease_until < now))


def _leased(session: Session, order: Order) -> Recheck | None:
    row = session.get(Recheck, order.recheck_id, with_for_update=True)
    return row if row is not None and row.state == "running" and row.lease_token == order.token else None


def _left(session: Session, row: Recheck, limit: int) -> tuple[Look, ...]:
    looked = select(EvidenceCheck.evidence_id).where(EvidenceCheck.recheck_id == row.id)
    found = session.execute(
        select(Evidence, Item, Source.host)
        .join(Item, Item.id == Evidence.item_id)
        .join(Source, Source.id == Item.source_id)
        .where(Evidence.case_id == row.case_id, Evidence.id.not_in(looked))
        .order_by(Evidence.id)
        .limit(limit)
    )
    return tuple(
        Look(
            one.Evidence.id, one.Evidence.url, one.Evidence.title, one.Evidence.body,
            (one.Item.revision, one.Item.title, one.Item.body), one.Evidence.revision, one.host,
        )
        for one in found
    )  # fmt: skip
