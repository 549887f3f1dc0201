"""A new year, an amended day, tighter limits: seen first, then carried to the open cases, once."""

import copy
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from opinion_service.adapters import calendar_file
from opinion_service.data import read_calendar, read_sla_profile
from opinion_service.domain.clocks.calendar_days import NoticeDay, check_days, parse_lines
from opinion_service.domain.errors import Forbidden, InvalidInput, LimitLoosened
from opinion_service.models import AuditEvent, CalendarDay, Clock, LimitChange, RuleVersion, Setting, db
from opinion_service.queries.clocks import limits
from opinion_service.services import maintenance
from opinion_service.services.clocks import limit_changes
from opinion_service.services.transaction import transaction
from opinion_service.web.clocks import limit_forms
from tests.story import NOW, PASSWORD, Story, person

NOTICE = "国办发明电〔2026〕9号"


def running(story: Story) -> dict[str, Clock]:
    with transaction() as session:
        found = session.scalars(select(Clock).where(Clock.case_id == story.case_id, Clock.state == "running"))
        return {clock.kind: clock for clock in found}


def propose(text: str, login: str = "admin") -> int:
    return limit_changes.propose_days(parse_lines(text, NOTICE), actor=person(login), now=NOW)


def preview(change_id: int, login: str = "supervisor") -> tuple[limits.MovedRow, ...]:
    shown = limits.change(db.session(), change_id)
    assert shown is not None
    rows = limits.moved(db.session(), person(login), shown, now=NOW).rows
    db.session.rollback()
    return rows


def enact(change_id: int, login: str = "supervisor") -> None:
    limit_changes.apply(change_id, actor=person(login), now=NOW)
    while limit_changes.carry_on(now=NOW):
        pass


def midnight(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+08:00").astimezone(UTC)


def test_a_new_holiday_moves_open_cases_as_the_preview_said(story: Story) -> None:
    story.reach("accepted")
    before = running(story)
    change = propose("2026-03-04 休 试设假日\n2026-03-07 班 调休")
    said = {row.clock: row.new_due for row in preview(change)}
    assert {kind: clock.due_at for kind, clock in running(story).items()} == {k: c.due_at for k, c in before.items()}
    enact(change)
    after = running(story)
    moved = {kind for kind in before if after[kind].due_at != before[kind].due_at}
    assert moved == {"assessment"}
    # The 4th no longer counts; the make-up Saturday gives the longer clocks their day back.
    assert after["assessment"].due_at == midnight("2026-03-06")
    assert said == {"风险研判": midnight("2026-03-06")}
    with transaction() as session:
        row = session.get_one(LimitChange, change)
        assert (row.state, row.moved) == ("applied", 1)
        told = session.scalars(select(AuditEvent.kind).where(AuditEvent.case_id == story.case_id)).all()
    assert told.count("clocks_recomputed") == 1


def test_a_known_day_is_amended_and_taken_away(story: Story) -> None:
    story.reach("accepted")
    with transaction() as session:
        day = session.scalars(select(CalendarDay).where(CalendarDay.day == date(2026, 5, 1))).one()
        assert day.kind == "holiday"
    enact(propose("2026-05-01 平日"))
    with transaction() as session:
        assert session.get(CalendarDay, date(2026, 5, 1)) is None
    with pytest.raises(InvalidInput, match="一致"):
        propose("2026-05-01 平日")


def test_the_year_that_was_missing_settles_what_was_provisional(story: Story) -> None:
    story.at = datetime(2026, 12, 24, 2, tzinfo=UTC)
    story.reach("accepted")
    before = running(story)["closure"]
    assert before.is_provisional
    assert before.computation["awaited"] == [2027]
    lines = "2027-01-01至2027-01-03 休 元旦\n2027-10-01至2027-10-07 休 国庆节"
    enact(propose(lines))
    after = running(story)["closure"]
    assert not after.is_provisional
    assert (before.due_at, after.due_at) == (midnight("2027-01-15"), midnight("2027-01-16"))  # New Year is a Friday


def test_a_second_run_changes_nothing(story: Story) -> None:
    story.reach("accepted")
    enact(propose("2026-03-04 休 试设假日"))
    ids = {clock.id for clock in running(story).values()}
    assert limit_changes.carry_on(now=NOW) == 0
    assert {clock.id for clock in running(story).values()} == ids
    with pytest.raises(InvalidInput, match="已应用"):
        limit_changes.apply(1, actor=person("supervisor"), now=NOW)


def test_tighter_limits_move_open_cases_and_looser_are_refused(story: Story) -> None:
    story.reach("accepted")
    record = copy.deepcopy(read_sla_profile())
    record["limits"]["closure"]["ordinary"] = "10wd"
    change = limit_changes.propose_profile(record, "市政府办要求", actor=person("admin"), now=NOW)
    assert {(row.clock, row.new_due) for row in preview(change)} == {("办结", midnight("2026-03-17"))}
    enact(change)
    assert running(story)["closure"].due_at == midnight("2026-03-17")
    assert running(story)["closure"].profile_version == f"local-{change}"
    with transaction() as session:
        assert (
            len(session.scalars(select(RuleVersion).where(RuleVersion.kind == "sla", RuleVersion.is_active)).all()) == 1
        )
    record["limits"]["response"]["ordinary"] = "72h"
    with pytest.raises(LimitLoosened, match="国办发〔2016〕61号"):
        limit_changes.propose_profile(record, "放宽", actor=person("admin"), now=NOW)
    record["limits"]["response"]["ordinary"] = "48h"
    record["incident"]["first_release"]["major"] = "6h"
    with pytest.raises(LimitLoosened, match="国办发〔2016〕80号"):
        limit_changes.propose_profile(record, "放宽", actor=person("admin"), now=NOW)


@pytest.mark.parametrize("login", ["liaison", "handler", "approver", "auditor"])
def test_only_those_who_rule_may_change_the_rules(story: Story, login: str) -> None:
    with pytest.raises(Forbidden):
        propose("2026-03-04 休 试设假日", login)


def test_an_administrator_sees_the_effect_but_no_title(story: Story) -> None:
    story.reach("accepted")
    change = propose("2026-03-04 休 试设假日")
    assert {row.title for row in preview(change, "admin")} == {""}
    assert {row.title for row in preview(change)} == {story.case.title}


def test_shipped_days_that_differ_are_proposed_once(story: Story) -> None:
    with transaction() as session:
        session.execute(update(CalendarDay).where(CalendarDay.day == date(2026, 2, 17)).values(kind="workday"))
        session.execute(update(Setting).where(Setting.key == maintenance.SHIPPED).values(value="older"))
    for _ in range(2):
        maintenance.load_reference(now=NOW)
    with transaction() as session:
        changes = session.scalars(select(LimitChange)).all()
    assert [(one.state, one.record["days"][0]["day"]) for one in changes] == [("proposed", "2026-02-17")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2027-01-01 加班 元旦", "无法识别"),
        ("2027-13-01 休", "无法识别"),
        ("明年元旦 休", "第 1 行"),
        ("2027-02-10至2027-02-05 休 春节", "起止日期"),
        ("2027-01-04 班 周一", "周一至周五"),
        ("2027-01-02 休\n2027-01-02 班", "同时写作"),
        ("", "没有读到"),
    ],
)
def test_days_no_notice_would_say_are_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_days(parse_lines(text, NOTICE))


ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y//EN
BEGIN:VEVENT
UID:1
SUMMARY:元旦（休）
DTSTART;VALUE=DATE:20270101
DTEND;VALUE=DATE:20270104
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:春节补班
DTSTART;VALUE=DATE:20270214
END:VEVENT
BEGIN:VEVENT
UID:3
SUMMARY:除夕
DTSTART;VALUE=DATE:20270205
END:VEVENT
BEGIN:VEVENT
UID:4
SUMMARY:国庆节
X-APPLE-SPECIAL-DAY:WORK-HOLIDAY
DTSTART;VALUE=DATE:20271001
END:VEVENT
END:VCALENDAR
"""
CSV = "date,kind,name,notice\n2027-01-01,holiday,元旦,\n2027-02-14,workday,春节调休上班,自带通知\n"


def test_an_ics_file_is_read() -> None:
    days = calendar_file.read("2027.ics", ICS.replace("\n", "\r\n").encode(), NOTICE)
    assert [(one.day.isoformat(), one.kind) for one in check_days(days)] == [
        ("2027-01-01", "holiday"), ("2027-01-02", "holiday"), ("2027-01-03", "holiday"),
        ("2027-02-14", "workday"), ("2027-10-01", "holiday"),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_file_is_read(encoding: str) -> None:
    days = calendar_file.read("2027.csv", CSV.encode(encoding), NOTICE)
    assert [(one.kind, one.name, one.notice) for one in days] == [
        ("holiday", "元旦", NOTICE), ("workday", "春节调休上班", "自带通知"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\xff", b"a,b\n1,2\n", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", b"x" * 500_001]
)
def test_a_file_that_is_no_calendar_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        check_days(calendar_file.read("x", content, NOTICE))


def test_the_shipped_calendar_passes_its_own_check() -> None:
    rows = read_calendar()
    for year in {row.day.year for row in rows}:
        assert check_days(NoticeDay(*row) for row in rows if row.day.year == year)


def test_the_pages_lead_from_a_line_to_an_applied_change(sqlite_app: Flask) -> None:
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    with sqlite_app.app_context():
        story = Story()
        story.reach("accepted")
        number = story.case.number
    client = sqlite_app.test_client()
    client.post("/sign-in", data={"login": "supervisor", "password": PASSWORD})
    wrong = client.post("/limits/calendar", data={"notice": NOTICE, "days": "明年"})
    assert (wrong.status_code, "明年" in wrong.text) == (422, True)
    made = client.post("/limits/calendar", data={"notice": NOTICE, "days": "2026-03-03 休 试设假日"})
    page = client.get(made.location)
    assert page.status_code == 200
    assert number in page.text
    assert client.post(f"{made.location}/apply").status_code == 302
    assert client.get(made.location).status_code == 200
    for path in ("/limits/calendar", "/limits/calendar?year=2027", "/limits/profile", "/limits/profile/edit", "/limits/changes",
                 "/limits/changes?kind=profile"):  # fmt: skip
        assert client.get(path).status_code == 200, path
    form = {f"limit.response.{grade}": "48h" for grade in ("critical", "major", "serious", "ordinary")}
    refused = client.post("/limits/profile/edit", data={**form, "limit.first_release.critical": "6h", "note": "x"})
    assert refused.status_code == 422
    assert "国办发〔2016〕80号" in refused.text
    with sqlite_app.test_request_context():
        table = limit_forms.table_of(limits.profile_record(db.session()))
    form = {name: text for row in table.rows for name, _label, text in (*row.grades, *row.levels)}
    form |= {f"adjust.{name}": str(most) for name, _label, most in table.adjust}
    tighter = client.post("/limits/profile/edit", data={**form, "limit.closure.ordinary": "10wd", "note": "收紧"})
    shown = client.get(tighter.location).text
    assert "10 个工作日" in shown
    assert "10wd" not in shown
    for path in (
        f"/cases/{number}",
        f"/cases/{number}/clocks",
        f"/cases/{number}/clocks/effect?grade=major&incident_level=major",
    ):
        assert client.get(path).status_code == 200, path
