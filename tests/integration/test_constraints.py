"""What the database itself refuses, whoever writes: raw SQL past every service."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError, StatementError

from opinion_service.models import Case, Clock, Draft, Publication, Rung
from opinion_service.services.transaction import transaction
from tests.story import NOW, Story, person


def execute(statement: str, **values: object) -> None:
    with transaction() as session:
        session.execute(text(statement), values)


# state the case is brought to, statement, name of the constraint
REFUSED = [
    ("in_review", "UPDATE draft SET approved_by_id = author_id, approved_at = written_at", "four_eyes"),
    ("in_review", "UPDATE draft SET approved_by_id = author_id + 1", "approval_complete"),
    ("published", "UPDATE publication SET approver_id = author_id", "four_eyes"),
    ("published", "UPDATE publication SET withdrawn_at = published_at", "withdrawn_reason"),
    ("published", "UPDATE publication SET stage = 'draft'", "stage"),
    ("new", "UPDATE case_file SET state = 'lost'", "state"),
    ("new", "UPDATE case_file SET state = 'dispatched'", "has_lead"),
    ("new", "UPDATE case_file SET state = 'declined'", "declined_by_two"),
    ("new", "UPDATE case_file SET state = 'merged'", "merged_into"),
    ("new", "UPDATE case_file SET must_answer_class = 6", "must_answer_class"),
    ("new", "UPDATE case_file SET grade = 'none'", "grade"),
    ("new", "UPDATE case_file SET incident_level = 'huge'", "incident_level"),
    ("dispatched", "UPDATE case_file SET state = 'accepted'", "was_accepted"),
    ("dispatched", "UPDATE case_file SET state = 'returned'", "return_reason"),
    ("in_review", "UPDATE case_file SET state = 'signed'", "was_signed"),
    ("signed", "UPDATE case_file SET state = 'published'", "was_published"),
    ("published", "UPDATE case_file SET state = 'closed'", "was_closed"),
    ("assessed", "UPDATE risk_point SET likelihood = 0", "likelihood"),
    ("assessed", "UPDATE risk_point SET impact = 6", "impact"),
    ("drafting", "UPDATE concern SET passage = ''", "answered_has_passage"),
    ("drafting", "UPDATE concern SET outcome = 'promised'", "promised_has_date"),
    ("drafting", "UPDATE concern SET outcome = 'later'", "outcome"),
    ("new", "UPDATE clock SET state = 'met'", "met_has_time"),
    ("new", "UPDATE clock SET due_at = started_at", "due_after_start"),
    ("new", "UPDATE rung SET state = 'fired'", "fired_has_time"),
    ("new", "UPDATE user_account SET role = 'king'", "role"),
    ("new", "UPDATE user_account SET department_id = NULL WHERE role = 'handler'", "department_of_role"),
    ("new", "UPDATE event SET state = 'dismissed'", "dismissed_reason"),
    ("dispatched", "UPDATE outbox_mail SET state = 'sent'", "sent_has_time"),
]


@pytest.mark.parametrize(("state", "statement", "constraint"), REFUSED)
def test_raw_sql_is_refused(story: Story, state: str, statement: str, constraint: str) -> None:
    story.reach(state)
    with pytest.raises(IntegrityError, match=constraint):
        execute(statement)


@pytest.mark.parametrize("table", [Draft, Publication, Clock, Rung])
def test_children_need_their_case(story: Story, table: type) -> None:
    story.reach("published")
    with pytest.raises(IntegrityError):
        execute(f"UPDATE {table.__tablename__} SET case_id = 999999")


def test_an_event_has_one_case(story: Story) -> None:
    story.open()
    event_id = story.case.event_id
    story.open()
    with pytest.raises(IntegrityError):
        execute("UPDATE case_file SET event_id = :event WHERE id = :case", event=event_id, case=story.case_id)


def test_naive_instants_are_refused(story: Story) -> None:
    story.open()
    with pytest.raises(StatementError, match="zone"), transaction() as session:
        session.get_one(Case, story.case_id).opened_at = NOW.replace(tzinfo=None)
    assert story.case.opened_at == NOW
    assert story.case.opened_at.tzinfo is not None


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET summary = 'x'", "DELETE FROM audit_event"])
def test_the_journal_refuses_change(story: Story, statement: str) -> None:
    story.open()
    with pytest.raises(DatabaseError, match="append-only"):
        execute(statement)
    assert person("auditor").user_id
