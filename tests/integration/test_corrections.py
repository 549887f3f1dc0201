"""After publication: a correction takes two people, keeps the old text, and the public sees both."""

from datetime import timedelta

import pytest
from flask import Flask

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.models import Correction, Publication
from opinion_service.queries.casework import answers
from opinion_service.services.casework import corrections, publication, scratch
from opinion_service.services.casework.corrections import CorrectedText
from opinion_service.services.transaction import transaction
from tests.story import NOW, Story, person

FIX = CorrectedText("关于校车超员问题的回应", "经复核，超员人数为四人。", "更正超员人数")
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def published(story: Story) -> int:
    story.reach("signed")
    return story.publish()


def text_of(publication_id: int) -> str:
    with transaction() as session:
        return session.get_one(Publication, publication_id).body


def test_the_public_reads_the_old_text_until_a_second_person_confirms(published: int) -> None:
    before = text_of(published)
    number = corrections.propose(published, FIX, actor=person("liaison"), now=LATER)
    assert text_of(published) == before
    corrections.confirm(number, actor=person("approver"), now=LATER)
    assert text_of(published) == FIX.body
    with transaction() as session:
        row = session.get_one(Correction, number)
        assert (row.old_body, row.notice) == (before, FIX.notice)
        assert [one.id for one in answers.public_corrections(session, published)] == [number]
    with pytest.raises(NotFound):
        corrections.confirm(number, actor=person("supervisor"), now=LATER)


@pytest.mark.parametrize("login", ["liaison", "liaison2", "handler", "foreign_approver", "auditor", "admin"])
def test_who_may_not_confirm(published: int, login: str) -> None:
    number = corrections.propose(published, FIX, actor=person("liaison"), now=LATER)
    with pytest.raises(Forbidden):
        corrections.confirm(number, actor=person(login), now=LATER)


@pytest.mark.parametrize("login", ["handler", "approver", "supervisor", "admin"])
def test_who_may_not_propose(published: int, login: str) -> None:
    with pytest.raises(Forbidden):
        corrections.propose(published, FIX, actor=person(login), now=LATER)


@pytest.mark.parametrize(
    "text",
    [
        CorrectedText("", FIX.body, FIX.notice),
        CorrectedText(FIX.title, " ", FIX.notice),
        CorrectedText(FIX.title, FIX.body, ""),
        CorrectedText(FIX.title, "请致电 13812345678 联系张先生。", FIX.notice),
    ],
)
def test_what_is_not_taken_as_a_correction(published: int, text: CorrectedText) -> None:
    with pytest.raises(InvalidInput):
        corrections.propose(published, text, actor=person("liaison"), now=LATER)


def test_one_correction_at_a_time_and_a_dropped_one_changes_nothing(published: int) -> None:
    before, liaison = text_of(published), person("liaison")
    number = corrections.propose(published, FIX, actor=liaison, now=LATER)
    with pytest.raises(InvalidInput, match="等待确认"):
        corrections.propose(published, FIX, actor=liaison, now=LATER)
    corrections.drop(number, "数字无误", actor=person("approver"), now=LATER)
    assert text_of(published) == before
    corrections.propose(published, FIX, actor=liaison, now=LATER)


def test_a_withdrawn_answer_is_not_corrected(published: int) -> None:
    publication.withdraw(published, "有误", actor=person("liaison"), now=LATER)
    with pytest.raises(NotFound):
        corrections.propose(published, FIX, actor=person("liaison"), now=LATER)


@pytest.mark.parametrize(
    ("channel", "url", "at", "is_taken"),
    [
        ("website", "https://www.city.example/1", NOW, True),
        ("press", "", LATER, True),
        ("pigeon", "", NOW, False),
        ("website", "javascript:alert(1)", NOW, False),
        ("website", "", LATER + timedelta(seconds=1), False),
    ],
)
def test_channels(published: int, channel: str, url: str, at, is_taken: bool) -> None:
    def add() -> None:
        corrections.add_channel(published, channel, url, at, actor=person("liaison"), now=LATER)

    if is_taken:
        add()
    with pytest.raises(InvalidInput):
        add()


def test_what_was_typed_is_for_its_writer_alone(story: Story) -> None:
    story.reach("drafting")
    form, handler = f"case-{story.case_id}-draft", person("handler")
    scratch.keep(form, {"facts": ["写到一半"]}, actor=handler, now=story.tick())
    since, approver = story.latest_draft().written_at, person("approver")
    with transaction() as session:
        found = answers.scratch(session, form, handler, since=since)
        assert found is not None
        assert found.fields == {"facts": ["写到一半"]}
        assert answers.scratch(session, form, approver, since=None) is None
    story.draft()
    with transaction() as session:
        assert answers.scratch(session, form, handler, since=None) is None


@pytest.mark.parametrize(("length", "is_kept"), [(scratch.MOST_CHARACTERS, True), (scratch.MOST_CHARACTERS + 1, False)])
def test_unsaved_text_has_a_bound(app: Flask, length: int, is_kept: bool) -> None:
    with app.app_context():
        if is_kept:
            scratch.keep("f", {"a": ["字" * length]}, actor=person("handler"), now=NOW)
        else:
            with pytest.raises(InvalidInput):
                scratch.keep("f", {"a": ["字" * length]}, actor=person("handler"), now=NOW)
