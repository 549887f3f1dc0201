"""The chain of the journal: whole after real work, and every tampering is found and named."""

import pytest
from flask import current_app
from sqlalchemy import func, select, text

from opinion_service.models import AuditEvent, db
from opinion_service.services import journal
from opinion_service.services.transaction import transaction
from tests.story import Story


def verify(key: bytes | None = None) -> journal.Verification:
    with transaction() as session:
        return journal.verify(session, key or current_app.config["JOURNAL_KEY"])


def tamper(statement: str) -> None:
    """Do what only somebody with the database in hand can do: take the triggers off, then write."""
    with transaction() as session:
        if db.engine.dialect.name == "sqlite":
            session.execute(text("DROP TRIGGER audit_event_no_update"))
            session.execute(text("DROP TRIGGER audit_event_no_delete"))
        else:
            session.execute(text("DROP TRIGGER audit_event_no_change ON audit_event"))
        session.execute(text(statement))


def record_and_fail(story: Story) -> None:
    with transaction() as session:
        journal.record(session, journal.Entry("lost", "丢失"), actor=journal.SYSTEM, now=story.at)
        raise ZeroDivisionError


def test_chain_holds_after_a_whole_case(story: Story) -> None:
    story.reach("archived")
    with transaction() as session:
        count = session.scalar(select(func.count(AuditEvent.id)))
        last = session.scalars(select(AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1)).one()
    found = verify()
    assert (found.row_count, found.broken_id, found.head) == (count, None, last)
    assert count > 10


@pytest.mark.parametrize(
    ("statement", "broken_id", "problem"),
    [
        ("UPDATE audit_event SET summary = 'x' WHERE id = 4", 4, "content"),
        ("UPDATE audit_event SET reason = 'x' WHERE id = 3", 3, "content"),
        ("UPDATE audit_event SET actor_name = 'x' WHERE id = 1", 1, "content"),
        ("UPDATE audit_event SET previous_hash = 'x' WHERE id = 5", 5, "link"),
        ("UPDATE audit_event SET hash = 'x' WHERE id = 5", 5, "content"),
        ("DELETE FROM audit_event WHERE id = 4", 5, "row 4 is missing"),
        ("DELETE FROM audit_event WHERE id = 1", 2, "row 1 is missing"),
    ],
)
def test_tampering_is_named(story: Story, statement: str, broken_id: int, problem: str) -> None:
    story.reach("assessed")
    tamper(statement)
    found = verify()
    assert found.broken_id == broken_id
    assert problem in found.problem
    assert found.row_count == (broken_id - 1 if "DELETE" not in statement else broken_id - 2)


def test_another_key_holds_no_row(story: Story) -> None:
    story.open()
    assert verify(b"another key").broken_id == 1


def test_a_rolled_back_act_leaves_no_gap(story: Story) -> None:
    story.reach("dispatched")
    with pytest.raises(ZeroDivisionError):
        record_and_fail(story)
    story.accept()
    assert verify().broken_id is None
