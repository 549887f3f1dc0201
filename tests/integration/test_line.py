"""The whole line, from the bytes of a feed to a closed case, and the mail it sends, on both databases."""

from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import current_app
from sqlalchemy import func, select, update

from opinion_service import pipeline
from opinion_service.adapters import feed_client, snownlp_model
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.errors import Forbidden
from opinion_service.domain.people import SYSTEM
from opinion_service.models import Case, Event, Item, OutboxMail, Publication
from opinion_service.services import journal
from opinion_service.services.listening import ingest
from opinion_service.services.reminders import outbox
from opinion_service.services.transaction import transaction
from tests.story import NOW, Story, department, person

ENTRY = "<item><title>{title}</title><guid>{guid}</guid><description>{text}</description></item>"
TITLE = "益阳一小学校车超员，家长投诉无人回应"


def _fake(texts: Sequence[str], **_options: object) -> tuple[SimpleNamespace, ...]:
    return tuple(SimpleNamespace(score=0.05, known_words=9, model_version="fake-1", words=()) for _ in texts)


@pytest.fixture(autouse=True)
def fake_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snownlp_model, "score_many", _fake)


def read_feed(*entries: str) -> ingest.Counts:
    body = f"<rss version='2.0'><channel><title>x</title>{''.join(entries)}</channel></rss>".encode()
    source_id = ingest.add_source(ingest.NewSource("论坛", kind="import"), actor=SYSTEM, now=NOW)
    haul = pipeline.haul_of(feed_client.Fetched(feed_client.Outcome.OK, status=200, body=body))
    return ingest.store(source_id, haul, token=None, now=NOW)


def mails() -> list[OutboxMail]:
    with transaction() as session:
        return list(session.scalars(select(OutboxMail).order_by(OutboxMail.id)))


def test_from_feed_bytes_to_a_closed_case(story: Story) -> None:
    text = "我们要投诉：校车核载三十六人坐了四十一人。为什么没有人管？"
    counts = read_feed(
        ENTRY.format(title=TITLE, guid="1", text=text), ENTRY.format(title=TITLE + "！", guid="2", text=text)
    )
    assert counts == ingest.Counts(new=2)
    assert (pipeline.analyse(now=NOW), pipeline.analyse(now=NOW)) == (2, 0)
    assert (pipeline.open_cases(now=NOW), pipeline.open_cases(now=NOW)) == (1, 0)
    with transaction() as session:
        assert session.scalar(select(func.count(Event.id))) == 1
        assert session.scalar(select(func.count(Item.id)).where(Item.band == "negative")) == 2
        story.case_id = session.scalars(select(Case.id)).one()
    if story.case.state == "new":
        story.dispatch()
    elif story.case.lead_department_id != department("jyj"):
        story.act("liaison", CaseAction.REROUTE, note="校车归教育局", department_id=department("jyj"))
    story.accept()
    story.assess()
    story.draft()
    answer_every_question(story)
    story.submit()
    story.decide("approver", CaseAction.SIGN)
    number = story.publish()
    story.act("liaison", CaseAction.CLOSE)
    with transaction() as session:
        published = session.get_one(Publication, number)
        assert published.author_id != published.approver_id
        assert published.response_due_at == NOW + timedelta(hours=48)
        assert journal.verify(session, current_app.config["JOURNAL_KEY"]).broken_id is None
    assert story.case.state == "closed"


def answer_every_question(story: Story) -> None:
    from opinion_service.services.casework import concerns
    from tests.story import REPLY

    rows = tuple(concerns.ConcernText(one.question, one.id, "answered", REPLY.measures) for one in story.concerns())
    assert rows, "the question in the feed is proposed as a concern"
    version, actor = story.case.version, person("handler")
    concerns.save_concerns(story.case_id, version, rows, actor=actor, now=story.tick())


def test_mail_is_claimed_once_and_done_once(story: Story) -> None:
    story.reach("dispatched")
    claimed = outbox.claim(20, now=story.at)
    assert len(claimed) == len(mails()) > 0
    assert outbox.claim(20, now=story.at) == []
    for mail in claimed:
        outbox.done(mail.mail_id, mail.token, "sent", "250 ok", now=story.at)
    assert {row.state for row in mails()} == {"sent"}
    assert outbox.claim(20, now=story.at + timedelta(days=9)) == []


def test_a_lost_lease_changes_nothing(story: Story) -> None:
    story.reach("dispatched")
    first = outbox.claim(1, now=story.at)[0]
    later = story.at + outbox.LEASE
    assert first.mail_id not in {mail.mail_id for mail in outbox.claim(20, now=later)}
    later += timedelta(seconds=1)
    second = next(mail for mail in outbox.claim(20, now=later) if mail.mail_id == first.mail_id)
    outbox.done(first.mail_id, first.token, "sent", "250 ok", now=later)
    assert next(row for row in mails() if row.id == first.mail_id).state == "sending"
    outbox.done(second.mail_id, second.token, "sent", "250 ok", now=later)
    assert next(row for row in mails() if row.id == first.mail_id).state == "sent"


def test_a_mail_lost_while_it_left_goes_again_under_its_name(story: Story) -> None:
    story.reach("dispatched")
    first = outbox.claim(1, now=story.at)[0]
    outbox.handing_over(first.mail_id, first.token)
    later = story.at + outbox.LEASE + timedelta(seconds=1)
    again = next(mail for mail in outbox.claim(20, now=later) if mail.mail_id == first.mail_id)
    assert again.message_id == first.message_id
    assert next(row for row in mails() if row.id == first.mail_id).ambiguous_count == 1
    outbox.handing_over(first.mail_id, first.token)
    assert next(row for row in mails() if row.id == first.mail_id).state == "sending"


@pytest.mark.parametrize(
    ("outcome", "attempts", "state"),
    [
        ("retry", 1, "pending"),
        ("retry", outbox.MOST_ATTEMPTS - 1, "pending"),
        ("retry", outbox.MOST_ATTEMPTS, "failed"),
        ("uncertain", 1, "uncertain"),
        ("failed", 1, "failed"),
    ],
)
def test_what_becomes_of_a_refused_mail(story: Story, outcome: str, attempts: int, state: str) -> None:
    story.reach("dispatched")
    mail = outbox.claim(1, now=story.at)[0]
    with transaction() as session:
        session.execute(update(OutboxMail).where(OutboxMail.id == mail.mail_id).values(attempts=attempts))
    outbox.done(mail.mail_id, mail.token, outcome, "451 later", now=story.at)
    row = next(row for row in mails() if row.id == mail.mail_id)
    assert (row.state, row.reply, row.lease_token) == (state, "451 later", None)
    if state == "pending":
        assert row.next_try_at == story.at + min(timedelta(minutes=2 ** min(attempts - 1, 10)), outbox.LONGEST_WAIT)
    with pytest.raises(Forbidden):
        outbox.retry(mail.mail_id, actor=person("liaison"), now=story.at)
    outbox.retry(mail.mail_id, actor=person("supervisor"), now=story.at)
    assert next(one for one in outbox.claim(20, now=story.at) if one.mail_id == mail.mail_id)


def test_mail_without_a_server_is_laid_down_once(story: Story) -> None:
    story.reach("dispatched")
    count = len(mails())
    assert pipeline.deliver(now=story.at) == count
    assert pipeline.deliver(now=story.at) == 0
    assert len(list(current_app.config["DESK"].spool_dir.glob("*.eml"))) == count
