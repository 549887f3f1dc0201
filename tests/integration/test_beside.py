"""Tasks, files and presence: who may, what is refused, what is written down, and what is let go of."""

import io
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput, NotFound
from opinion_service.models import Attachment, AttachmentBody, AuditEvent, CaseTask, Presence, db
from opinion_service.queries import desk
from opinion_service.queries.casework import beside
from opinion_service.services.casework import attachments, presence, saved_views, tasks
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, Story, person

PDF = b"%PDF-1.7\n1 0 obj"
TODAY = date(2026, 3, 2)


def rows(model):
    with transaction() as session:
        return list(session.scalars(select(model)))


def kinds_of(case_id: int) -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(AuditEvent.kind).where(AuditEvent.case_id == case_id)))


def new_task(owner: str = "handler", on: date | None = TODAY, text: str = "电话回访家长") -> tasks.NewTask:
    return tasks.NewTask(text, person(owner).user_id, on)


def test_a_task_is_written_down_and_shows_up_once_its_day_is_over(story: Story) -> None:
    case_id = story.reach("accepted")
    task_id = tasks.add(case_id, new_task(), actor=person("liaison"), now=NOW)
    handler = person("handler")

    def late(at):
        return [todo.count for todo in desk.todos(db.session(), handler, now=at) if "任务" in todo.text]

    assert late(NOW) == []
    tomorrow = NOW + timedelta(days=1)
    assert late(tomorrow) == [1]
    assert beside.own_tasks(db.session(), handler, state="late", now=tomorrow).rows[0].urgency == "late"
    db.session.rollback()
    tasks.finish(task_id, "已回访三位家长", actor=handler, now=tomorrow)
    assert late(tomorrow) == []
    assert kinds_of(case_id)[-2:] == ["task_added", "task_done"]


@pytest.mark.parametrize(
    ("login", "task", "error"),
    [
        ("foreign_handler", {}, NotFound),
        ("auditor", {}, Forbidden),
        ("admin", {}, NotFound),
        ("liaison", {"text": "  "}, InvalidInput),
        ("liaison", {"on": None}, InvalidInput),
        ("liaison", {"on": TODAY - timedelta(days=1)}, InvalidInput),
        ("liaison", {"owner": "foreign_handler"}, InvalidInput),
        ("liaison", {"owner": "auditor"}, InvalidInput),
    ],
)
def test_a_task_is_refused(story: Story, login: str, task: dict, error: type) -> None:
    case_id = story.reach("accepted")
    with pytest.raises(error):
        tasks.add(case_id, new_task(**task), actor=person(login), now=NOW)
    assert rows(CaseTask) == []


def test_only_owner_and_giver_finish_a_task_and_once(story: Story) -> None:
    task_id = tasks.add(story.reach("accepted"), new_task(), actor=person("liaison"), now=NOW)
    with pytest.raises(Forbidden):
        tasks.finish(task_id, "", actor=person("approver"), now=NOW)
    with pytest.raises(NotFound):
        tasks.finish(task_id, "", actor=person("foreign_handler"), now=NOW)
    tasks.finish(task_id, "", actor=person("handler"), now=NOW)
    with pytest.raises(NotFound):
        tasks.finish(task_id, "", actor=person("handler"), now=NOW)


def test_nothing_is_laid_beside_an_archived_case_but_a_file_can_still_go(story: Story) -> None:
    case_id = story.reach("closed")
    file_id = attachments.attach(case_id, "a.pdf", PDF, actor=person("liaison"), now=NOW)
    story._to_archived()
    with pytest.raises(IllegalMove):
        tasks.add(case_id, new_task(), actor=person("liaison"), now=NOW)
    with pytest.raises(IllegalMove):
        attachments.attach(case_id, "b.pdf", PDF, actor=person("liaison"), now=NOW)
    attachments.take_away(file_id, "含公民个人信息", actor=person("liaison"), now=NOW)
    assert rows(Attachment)[0].removed_at == NOW


@pytest.mark.parametrize(("name", "body"), [("脚本.exe", b"MZ"), ("假.pdf", b"<html>"), ("通知.exe.pdf", PDF)])
def test_a_file_that_is_refused_leaves_nothing(story: Story, name: str, body: bytes) -> None:
    case_id = story.reach("dispatched")
    with pytest.raises(InvalidInput):
        attachments.attach(case_id, name, body, actor=person("handler"), now=NOW)
    assert rows(Attachment) == rows(AttachmentBody) == []


@pytest.mark.parametrize(("login", "error"), [("foreign_handler", NotFound), ("auditor", Forbidden)])
def test_who_may_not_work_on_a_case_attaches_nothing(story: Story, login: str, error: type) -> None:
    case_id = story.reach("dispatched")
    with pytest.raises(error):
        attachments.attach(case_id, "a.pdf", PDF, actor=person(login), now=NOW)


def test_one_content_is_stored_once_and_goes_thirty_days_after_nobody_needs_it(story: Story) -> None:
    liaison, first, second = person("liaison"), story.reach("dispatched"), story.reach("dispatched")
    one = attachments.attach(first, "a.pdf", PDF, actor=liaison, now=NOW)
    two = attachments.attach(second, "b.pdf", PDF, actor=liaison, now=NOW)
    with pytest.raises(InvalidInput, match="已在附件中"):
        attachments.attach(first, "a.pdf", PDF, actor=liaison, now=NOW)
    assert len(rows(AttachmentBody)) == 1

    attachments.take_away(one, "传错了", actor=liaison, now=NOW)
    kept, past = NOW + attachments.REMOVED_KEPT, NOW + attachments.REMOVED_KEPT + timedelta(seconds=1)
    assert attachments.sweep(now=kept) == 0
    assert attachments.sweep(now=past) == 1
    assert len(rows(AttachmentBody)) == 1  # the other case still needs it

    attachments.take_away(two, "传错了", actor=liaison, now=NOW)
    assert attachments.sweep(now=past) == 1
    assert attachments.sweep(now=past) == 0
    assert rows(AttachmentBody) == []
    assert {(row.body_sha256, len(row.sha256)) for row in rows(Attachment)} == {(None, 64)}
    assert kinds_of(first)[-3:] == ["file_attached", "file_removed", "file_swept"]
    attachments.attach(first, "a.pdf", PDF, actor=liaison, now=past)
    assert len(rows(AttachmentBody)) == 1


@pytest.mark.parametrize(
    ("login", "reason", "error"),
    [("approver", "传错了", Forbidden), ("handler", " ", InvalidInput), ("foreign_handler", "传错了", NotFound)],
)
def test_taking_a_file_away_is_refused(story: Story, login: str, reason: str, error: type) -> None:
    file_id = attachments.attach(story.reach("dispatched"), "a.pdf", PDF, actor=person("handler"), now=NOW)
    with pytest.raises(error):
        attachments.take_away(file_id, reason, actor=person(login), now=NOW)
    assert rows(Attachment)[0].removed_at is None


def test_a_file_goes_to_who_sees_its_case_and_is_never_shown_in_place(sqlite_app) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    with sqlite_app.app_context():
        story = Story()
        story.reach("dispatched")
        mine = story.case.number
        story.reach("dispatched")
        other = story.case.number

    def client(login: str):
        made = sqlite_app.test_client()
        made.post("/sign-in", data={"login": login, "password": PASSWORD})
        return made

    handler = client("handler")
    sent = {"file": (io.BytesIO(PDF), "核查记录.pdf")}
    assert handler.post(f"/cases/{mine}/files", data=sent).status_code == 302
    answer = handler.get(f"/cases/{mine}/files/1")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PDF, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
    assert handler.get(f"/cases/{other}/files/1").status_code == 404
    assert client("foreign_handler").get(f"/cases/{mine}/files/1").status_code == 404
    assert client("admin").get(f"/cases/{mine}/files/1").status_code == 403
    assert client("foreign_handler").post(f"/cases/{mine}/files", data=sent_again()).status_code == 404

    large = {"file": (io.BytesIO(b"%PDF-" + b"0" * (21 * 1024 * 1024)), "大.pdf")}
    assert handler.post(f"/cases/{mine}/files", data=large).status_code == 413
    assert handler.post(f"/cases/{mine}/tasks", data={"text": "0" * (9 * 1024 * 1024)}).status_code == 413
    assert handler.post(f"/cases/{mine}/files/1/remove", data={"note": "传错了"}).status_code == 302
    assert handler.get(f"/cases/{mine}/files/1").status_code == 404


def sent_again() -> dict:
    return {"file": (io.BytesIO(PDF), "核查记录.pdf")}


def test_a_person_counts_as_present_until_the_sign_of_life_runs_out(story: Story) -> None:
    case_id, me, other = story.reach("dispatched"), person("handler"), person("liaison")
    presence.look(case_id, is_writing=False, actor=me, now=NOW)
    presence.look(case_id, is_writing=True, actor=other, now=NOW)
    seen = [beside.others(db.session(), me, case_id, now=NOW + timedelta(seconds=gone)) for gone in (74, 75)]
    db.session.rollback()
    assert seen == [((other.name, True),), ()]
    with pytest.raises(NotFound):
        presence.look(case_id, is_writing=False, actor=person("foreign_handler"), now=NOW)

    presence.leave(case_id, actor=me)
    assert [row.user_id for row in rows(Presence)] == [other.user_id]
    presence.forget_gone(now=NOW + timedelta(seconds=76))
    assert rows(Presence) == []


REFUSED = [
    ("UPDATE case_task SET text = ''", "text"),
    ("UPDATE case_task SET done_at = made_at", "done_complete"),
    ("UPDATE attachment SET removed_at = added_at", "removed_reason"),
    ("UPDATE attachment SET removed_reason = '传错了'", "removed_reason"),
    ("UPDATE attachment SET body_sha256 = NULL", "has_body"),
    ("UPDATE attachment SET sha256 = 'other'", "own_body"),
    ("UPDATE attachment SET size = 0", "size"),
    ("DELETE FROM attachment_body", "(?i)foreign key"),
    ("UPDATE saved_view SET page = 'users'", "page"),
    ("UPDATE saved_view SET name = ''", "name"),
    ("UPDATE event SET snoozed_until = first_seen_at, snooze_reason = ''", "snooze_reason"),
]


def test_raw_sql_is_refused(story: Story) -> None:
    liaison, case_id = person("liaison"), story.reach("accepted")
    tasks.add(case_id, new_task(), actor=liaison, now=NOW)
    attachments.attach(case_id, "a.pdf", PDF, actor=liaison, now=NOW)
    saved_views.save(saved_views.NewView("cases", "甲", "late=1", False), actor=liaison, now=NOW)
    for statement, constraint in REFUSED:
        with pytest.raises(IntegrityError, match=constraint), transaction() as session:
            session.execute(text(statement))
