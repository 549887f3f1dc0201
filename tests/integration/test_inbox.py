"""The inbox: each act and its refusals, many at once, what comes back by itself, and the views over it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.inbox_acts import InboxAct, RowFacts, open_acts
from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput, NotFound, StaleCase
from opinion_service.models import AuditEvent, Case, Event, SavedView, SearchText, db
from opinion_service.queries.casework import inbox as queries
from opinion_service.queries.casework import saved_views as view_queries
from opinion_service.queries.reading import events
from opinion_service.queries.reading.events import EventFilter
from opinion_service.services import journal
from opinion_service.services.casework import casework, inbox, saved_views
from opinion_service.services.casework.inbox import Order
from opinion_service.services.transaction import transaction
from tests.story import NOW, Story, department, person

REVIEW_ON = date(2026, 3, 20)
LATER = NOW + timedelta(hours=4)
A = InboxAct


def new_event(title: str = "公园长椅损坏", heat: float = 10.0, unit: str = "") -> int:
    department_id = department(unit) if unit else None
    with transaction() as session:
        event = Event(
            title=title, first_seen_at=NOW, last_item_at=NOW, item_count=1, heat=heat, department_id=department_id
        )
        session.add(event)
        session.flush()
        return event.id


def order(event_id: int, act: InboxAct, **fields) -> Order:
    full = {
        A.DISPATCH: {"department_id": department("jyj")},
        A.MERGE: {"note": "同一件事"},
        A.DECLINE: {"note": "不属政务舆情", "review_on": REVIEW_ON},
        A.SNOOZE: {"note": "等街道核实", "until": LATER},
        A.DISMISS: {"note": "与本市无关"},
    }.get(act, {})
    return Order(event_id, fields.pop("version", 0), act, **{**full, **fields})


def settle(event_id: int, act: InboxAct, login: str = "liaison", **fields) -> inbox.Outcome:
    return inbox.settle(order(event_id, act, **fields), actor=person(login), now=NOW)


def case_of(event_id: int) -> Case | None:
    with transaction() as session:
        return session.scalar(select(Case).where(Case.event_id == event_id))


def event_of(event_id: int) -> Event:
    with transaction() as session:
        return session.get_one(Event, event_id)


def listed(state: str = "", now=NOW, **wanted) -> list[int]:
    page = queries.list_inbox(db.session(), EventFilter(state=state, **wanted), now=now)
    db.session.rollback()
    return [row.id for row in page.rows]


def journal_holds(app) -> bool:
    with transaction() as session:
        return journal.verify(session, app.config["JOURNAL_KEY"]).broken_id is None


@pytest.mark.parametrize(
    ("event", "case", "declining", "acts"),
    [
        ("open", "", False, set(A)),
        ("cased", "new", False, {A.DISPATCH, A.MERGE, A.DECLINE, A.SNOOZE}),
        ("cased", "new", True, {A.DISPATCH, A.MERGE, A.SNOOZE}),
        ("cased", "dispatched", False, set()),
        ("cased", "declined", True, set()),
        ("dismissed", "", False, {A.OPEN, A.DISPATCH}),
        ("quiet", "", False, {A.OPEN, A.DISPATCH}),
        ("merged", "", False, set()),
    ],
)
def test_which_acts_a_row_is_open_to(event: str, case: str, declining: bool, acts: set) -> None:
    assert set(open_acts(RowFacts(event, case, declining))) == acts


def test_open_and_dispatch_in_one_act(story: Story) -> None:
    event_id = new_event()
    outcome = settle(event_id, A.DISPATCH)
    case = case_of(event_id)
    assert (outcome.case_number, case.state, case.lead_department_id) == (case.number, "dispatched", department("jyj"))
    assert case.detected_at == NOW
    assert event_id not in listed()


def test_an_opened_case_waits_in_the_inbox_until_it_is_given_out(story: Story) -> None:
    event_id = new_event()
    settle(event_id, A.OPEN)
    assert event_id in listed()
    assert event_id in listed("cases")
    assert event_id not in listed("events")
    settle(event_id, A.DISPATCH, version=case_of(event_id).version)
    assert event_id not in listed()


def test_a_decline_needs_reason_date_and_a_second_person(story: Story) -> None:
    event_id = new_event()
    for missing in ({"note": " "}, {"review_on": None}, {"review_on": NOW.date()}):
        with pytest.raises(InvalidInput):
            settle(event_id, A.DECLINE, **missing)
        assert case_of(event_id) is None
        assert event_of(event_id).state == "open"
    settle(event_id, A.DECLINE)
    case = case_of(event_id)
    assert (case.state, case.review_on) == ("new", REVIEW_ON)
    command = casework.CaseCommand(case.id, case.version, CaseAction.CONFIRM_DECLINE)
    with pytest.raises(Forbidden):
        casework.perform(command, actor=person("liaison"), now=NOW)
    casework.perform(command, actor=person("liaison2"), now=NOW)
    assert case_of(event_id).state == "declined"
    assert event_id not in listed()


def test_merging_moves_an_event_into_an_open_case_and_a_case_into_another(story: Story) -> None:
    target = story.reach("dispatched")
    with transaction() as session:
        number, goal = session.execute(select(Case.number, Case.event_id).where(Case.id == target)).one()
    bare, cased = new_event(), new_event("长椅第二件")
    assert settle(bare, A.MERGE, target_number=f" {number} ").case_number == number
    assert (event_of(bare).state, event_of(bare).merged_into_id) == ("merged", goal)
    settle(cased, A.OPEN)
    settle(cased, A.MERGE, version=case_of(cased).version, target_number=number)
    assert (case_of(cased).state, case_of(cased).merged_into_id) == ("merged", target)


@pytest.mark.parametrize("target", ["", "2026-0302-99", "closed"])
def test_merging_into_what_is_no_open_case_is_refused(story: Story, target: str) -> None:
    if target == "closed":
        story.reach("closed")
        target = story.case.number
    event_id = new_event()
    with pytest.raises(InvalidInput):
        settle(event_id, A.MERGE, target_number=target)
    assert event_of(event_id).state == "open"


def test_a_snoozed_row_comes_back_by_itself_and_its_clocks_run_on(story: Story) -> None:
    bare, cased = new_event(), new_event("长椅第二件")
    settle(cased, A.OPEN)
    due = case_of(cased).next_due_at
    settle(bare, A.SNOOZE)
    settle(cased, A.SNOOZE, version=case_of(cased).version)
    just_before = LATER - timedelta(seconds=1)
    assert listed(now=just_before) == []
    assert set(listed("snoozed", now=just_before)) == {bare, cased}
    assert set(listed(now=LATER)) == {bare, cased}
    assert listed("snoozed", now=LATER) == []
    assert case_of(cased).next_due_at == due
    assert event_of(bare).snooze_reason == "等街道核实"
    settle(cased, A.DISPATCH, version=case_of(cased).version)
    assert event_of(cased).snoozed_until is None


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"until": None}, InvalidInput),
        ({"until": NOW}, InvalidInput),
        ({"until": NOW + timedelta(hours=72, seconds=1)}, InvalidInput),
        ({"note": " "}, InvalidInput),
        ({"login": "handler"}, Forbidden),
        ({"login": "supervisor"}, Forbidden),
        ({"version": 1}, StaleCase),
    ],
)
def test_a_snooze_is_refused(story: Story, fields: dict, error: type) -> None:
    event_id = new_event()
    with pytest.raises(error):
        settle(event_id, A.SNOOZE, **fields)
    assert event_of(event_id).snoozed_until is None


def test_a_stale_or_foreign_row_is_left_as_it_was(story: Story) -> None:
    event_id = new_event()
    settle(event_id, A.OPEN)
    with pytest.raises(StaleCase):
        settle(event_id, A.DISPATCH, version=7)
    with pytest.raises(IllegalMove):
        settle(event_id, A.DISMISS, version=1)
    with pytest.raises(IllegalMove):
        settle(event_id, A.OPEN, version=1)
    with pytest.raises(NotFound):
        settle(999_999, A.OPEN)
    for act in A:
        with pytest.raises(Forbidden):
            settle(event_id, act, login="approver", version=1)


def test_many_at_once_do_what_they_can_and_leave_the_rest(story: Story) -> None:
    fine, gone, stale = new_event("甲"), new_event("乙"), new_event("丙")
    settle(gone, A.DISMISS)
    settle(stale, A.OPEN)
    orders = [
        order(fine, A.DECLINE),
        order(gone, A.DECLINE),
        order(stale, A.DECLINE, version=9),
        order(888_888, A.DECLINE),
    ]
    outcomes = inbox.settle_many(orders, actor=person("liaison"), now=NOW)
    assert [bool(one.problem) for one in outcomes] == [False, True, True, True]
    assert case_of(fine).decline_proposer_id is not None
    assert event_of(gone).state == "dismissed"
    assert case_of(stale).decline_proposer_id is None


def test_a_row_refused_after_its_case_was_opened_leaves_nothing_behind(app, story: Story) -> None:
    first, second = new_event("甲"), new_event("乙")
    refused = order(first, A.DISPATCH, department_id=None)
    outcomes = inbox.settle_many([refused, order(second, A.DISPATCH)], actor=person("liaison"), now=NOW)
    assert [bool(one.problem) for one in outcomes] == [True, False]
    assert case_of(first) is None
    with transaction() as session:
        assert session.scalar(select(func.count(AuditEvent.id)).where(AuditEvent.kind == "case_opened")) == 1
        found = session.scalars(select(SearchText.ref_id).where(SearchText.kind == "case")).all()
    assert found == [case_of(second).id]
    assert journal_holds(app)


@pytest.mark.parametrize("count", [0, 51])
def test_too_few_or_too_many_at_once_are_refused(story: Story, count: int) -> None:
    orders = [Order(number, 0, A.OPEN) for number in range(count)]
    with pytest.raises(InvalidInput):
        inbox.settle_many(orders, actor=person("liaison"), now=NOW)
    with pytest.raises(Forbidden):
        inbox.settle_many(orders, actor=person("handler"), now=NOW)


@pytest.mark.parametrize("sort", ["heat", "new", "count"])
@pytest.mark.parametrize("is_ascending", [False, True])
def test_rows_with_and_without_a_case_are_paged_as_one_list(
    sqlite_app, monkeypatch, sort: str, is_ascending: bool
) -> None:
    monkeypatch.setattr(events, "PAGE", 3)
    with sqlite_app.app_context():
        ids = [new_event(str(number), heat=float(number % 4)) for number in range(8)]
        for event_id in ids[::2]:
            settle(event_id, A.OPEN)
        wanted, seen = EventFilter(sort=sort, is_ascending=is_ascending), []
        for _ in range(5):
            page = queries.list_inbox(db.session(), wanted, now=NOW)
            seen += [(events.sort_value(row, sort), row.id) for row in page.rows]
            if not page.after:
                break
            wanted = replace(wanted, after=page.after)
        assert seen == sorted(seen, reverse=not is_ascending)
        assert sorted(row_id for _, row_id in seen) == ids
        assert page.total == 8


def test_views_are_kept_with_their_filters_and_counted(story: Story) -> None:
    liaison, other, handler = person("liaison"), person("liaison2"), person("handler")
    new_event("长椅损坏")
    save = saved_views.save
    save(saved_views.NewView("triage", "长椅", "q=长椅&after=1|2&event=3&days=", False), actor=liaison, now=NOW)
    save(saved_views.NewView("triage", "共用", "state=events", True), actor=liaison, now=NOW)
    save(saved_views.NewView("triage", "长椅", "q=灯", False), actor=liaison, now=NOW)

    mine = view_queries.views(db.session(), liaison, "triage")
    assert [(row.name, row.query) for row in mine] == [("共用", "state=events"), ("长椅", "q=%E7%81%AF")]
    assert [row.name for row in view_queries.views(db.session(), other, "triage")] == ["共用"]
    assert (
        view_queries.views(db.session(), handler, "triage") == view_queries.views(db.session(), liaison, "cases") == ()
    )
    filters = (EventFilter(text="长椅"), EventFilter(state="events"), EventFilter(text="灯"))
    assert queries.counts(db.session(), filters, now=NOW) == (1, 1, 0)
    db.session.rollback()
    with pytest.raises(Forbidden):
        saved_views.drop(mine[0].id, actor=other, now=NOW)
    assert saved_views.drop(mine[0].id, actor=liaison, now=NOW) == "triage"
    with pytest.raises(NotFound):
        saved_views.drop(mine[0].id, actor=liaison, now=NOW)


def test_a_departments_view_is_not_shared_with_another_department(story: Story) -> None:
    view = saved_views.NewView("cases", "本局紧急", "late=1", True)
    saved_views.save(view, actor=person("handler"), now=NOW)
    assert view_queries.views(db.session(), person("foreign_handler"), "cases") == ()
    assert view_queries.views(db.session(), person("approver"), "cases") == ()


@pytest.mark.parametrize(
    ("page", "name", "query"), [("cases", " ", ""), ("users", "甲", ""), ("cases", "甲", "q=" + "长" * 500)]
)
def test_a_view_is_refused(story: Story, page: str, name: str, query: str) -> None:
    with pytest.raises(InvalidInput):
        saved_views.save(saved_views.NewView(page, name, query, False), actor=person("liaison"), now=NOW)


def test_a_department_keeps_no_views_of_the_inbox(story: Story) -> None:
    with pytest.raises(Forbidden):
        saved_views.save(saved_views.NewView("triage", "甲", "", False), actor=person("handler"), now=NOW)


def test_the_twenty_first_view_is_refused_and_a_known_one_replaced(story: Story) -> None:
    liaison = person("liaison")
    for number in range(20):
        saved_views.save(saved_views.NewView("cases", str(number), "late=1", False), actor=liaison, now=NOW)
    with pytest.raises(InvalidInput):
        saved_views.save(saved_views.NewView("cases", "20", "", False), actor=liaison, now=NOW)
    saved_views.save(saved_views.NewView("cases", "19", "state=open", False), actor=liaison, now=NOW)
    with transaction() as session:
        assert session.scalar(select(SavedView.query).where(SavedView.name == "19")) == "state=open"


def test_cases_that_wait_are_sorted_by_their_deadline(sqlite_app, monkeypatch) -> None:
    monkeypatch.setattr(events, "PAGE", 2)
    with sqlite_app.app_context():
        ids = [new_event(str(number), heat=float(number)) for number in range(7)]
        for event_id in ids:
            settle(event_id, A.OPEN)
        with transaction() as session:
            for number, event_id in enumerate(ids):
                case = session.scalars(select(Case).where(Case.event_id == event_id)).one()
                case.next_due_at = NOW + timedelta(hours=9 - 2 * number) if number < 4 else None
        wanted, seen = EventFilter(state="cases", sort="due", is_ascending=True), []
        for _ in range(5):
            page = queries.list_inbox(db.session(), wanted, now=NOW)
            seen += page.rows
            if not page.after:
                break
            wanted = replace(wanted, after=page.after)
        assert [row.id for row in seen] == [ids[3], ids[2], ids[1], ids[0], ids[4], ids[5], ids[6]]
        now = NOW + timedelta(hours=3)
        assert [row.pressing(now) for row in seen] == ["late", "soon", "soon", "ok", "ok", "ok", "ok"]
