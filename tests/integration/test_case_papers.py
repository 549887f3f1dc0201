"""Assessments in versions, joint meetings, and the papers of a case as pages and as files."""

import io
from datetime import timedelta

import pytest
from docx import Document
from flask import Flask
from sqlalchemy import select

from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput
from opinion_service.models import Assessment, Consultation
from opinion_service.services.casework import assessment, consultations
from opinion_service.services.casework.consultations import Meeting
from opinion_service.services.transaction import transaction
from tests.story import NOW, PASSWORD, REPLY, RISKS, Story, person

MEETING = Meeting(NOW, "政府办、教育局、公安局", "先停用车辆，再公布排查结果。")
UPDATE = assessment.AssessmentText(
    "校车超员五人，已核实。",
    "停用车辆，增开班次。",
    "serious",
    RISKS,
    affected="该线路学生家长约八十人",
    rubric_version="2026-1",
)


def client_of(app: Flask, login: str):
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize(("state", "after"), [("assessed", "assessed"), ("drafting", "drafting")])
def test_a_later_assessment_is_a_version_and_takes_nothing_back(story: Story, state: str, after: str) -> None:
    story.reach(state)
    assessment.file_assessment(story.case_id, story.case.version, UPDATE, actor=person("handler"), now=story.tick())
    assert story.case.state == after
    with transaction() as session:
        rows = list(session.scalars(select(Assessment).order_by(Assessment.version)))
    assert [(one.version, one.rubric_version) for one in rows] == [(1, ""), (2, "2026-1")]
    assert rows[1].affected == "该线路学生家长约八十人"


def test_what_is_out_for_review_is_not_assessed_again(story: Story) -> None:
    story.reach("in_review")
    with pytest.raises(IllegalMove):
        assessment.file_assessment(story.case_id, story.case.version, UPDATE, actor=person("handler"), now=NOW)


def meet(story: Story, login: str, meeting: Meeting = MEETING) -> None:
    consultations.record(story.case_id, story.case.version, meeting, actor=person(login), now=story.tick())


def test_a_meeting_is_kept_with_its_history(story: Story) -> None:
    story.reach("accepted")
    for login in ("liaison", "supervisor", "handler"):
        meet(story, login)
    with transaction() as session:
        assert len(session.scalars(select(Consultation)).all()) == 3
    with pytest.raises(Forbidden):
        meet(story, "approver")


@pytest.mark.parametrize(
    "meeting",
    [
        Meeting(None, "政府办", "意见"), Meeting(NOW + timedelta(days=1), "政府办", "意见"), Meeting(NOW, " ", "意见"),
        Meeting(NOW, "政府办", ""),
    ],
)  # fmt: skip
def test_a_meeting_has_a_time_people_and_a_conclusion(story: Story, meeting: Meeting) -> None:
    story.reach("accepted")
    with pytest.raises(InvalidInput):
        meet(story, "liaison", meeting)


def text_of(document) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(one.text for one in document.paragraphs), *cells])


PAPERS = [
    ("slip", ["交办单", "交办〔2026〕", "市教育局：", "紧急程度", "平件", "公开回应"]),
    (
        "risk",
        [
            "的风险评估报告",
            "一、基本情况",
            "家长聚集",
            "12",
            "六、会商情况",
            "1.2026年3月2日10:00，政府办、教育局、公安局会商",
        ],
    ),
    ("feedback", ["处置反馈表", REPLY.facts, "校车为什么超员？", "已回应", "会签：市公安局", "本平台公开页"]),
]


@pytest.mark.parametrize(("kind", "words"), PAPERS)
def test_a_paper_is_a_page_and_a_file_in_official_form(app: Flask, kind: str, words: list[str]) -> None:
    with app.app_context():
        story = Story()
        story.reach("drafting", "gaj")
        meet(story, "liaison")
        story._to_in_review()
        story._to_signed()
        story.publish()
        number = story.case.number
    client = client_of(app, "supervisor")
    page = client.get(f"/cases/{number}/papers/{kind}").get_data(as_text=True)
    assert [word for word in words if word not in page] == []
    answer = client.get(f"/cases/{number}/papers/{kind}.docx")
    assert answer.mimetype.endswith("wordprocessingml.document")
    document = Document(io.BytesIO(answer.data))
    text = text_of(document)
    assert [word for word in words if word not in text] == []
    section = document.sections[0]
    assert (round(section.page_width.cm, 1), round(section.left_margin.cm, 1)) == (21.0, 2.8)
    assert 'w:type="linesAndChars"' in section._sectPr.xml
    assert document.styles["Normal"].font.size.pt == 16


@pytest.mark.parametrize(
    ("state", "login", "kind", "status"),
    [
        ("new", "liaison", "slip", 404), ("dispatched", "liaison", "slip", 200), ("dispatched", "handler", "risk", 404),
        ("assessed", "handler", "risk", 200), ("assessed", "handler", "feedback", 404),
        ("drafting", "handler", "feedback", 200), ("drafting", "foreign_handler", "feedback", 404),
        ("drafting", "foreign_handler", "slip", 404), ("drafting", "admin", "slip", 403),
        ("drafting", "handler", "other", 404),
    ],
)  # fmt: skip
def test_a_paper_is_there_when_its_matter_is_and_for_those_who_see_the_case(
    app: Flask, state: str, login: str, kind: str, status: int
) -> None:
    with app.app_context():
        story = Story()
        if state == "new":
            story.open()
        else:
            story.reach(state)
        number = story.case.number
    client = client_of(app, login)
    for end in ("", ".docx"):
        assert client.get(f"/cases/{number}/papers/{kind}{end}").status_code == status


def test_the_forms_of_the_page_file_an_assessment_by_the_rubric_and_a_meeting(app: Flask) -> None:
    with app.app_context():
        story = Story()
        story.reach("accepted")
        number, version = story.case.number, story.case.version
    handler = client_of(app, "handler")
    page = handler.get(f"/cases/{number}").get_data(as_text=True)
    assert "评估标准 2026-1 版" in page
    form = {"version": version, "facts": "已核实。", "handling": "停用。", "recommended_grade": "serious", "affected": "家长",
            "risk_description": ["聚集"], "trigger": ["再次超员"], "likelihood": ["4"], "impact": ["4"]}  # fmt: skip
    assert handler.post(f"/cases/{number}/assess", data=form).status_code == 302
    page = handler.get(f"/cases/{number}").get_data(as_text=True)
    assert "4 × 4 = 16" in page
    assert "按分值：重大" in page
    meeting = {"version": version + 1, "held_at": "2020-01-01T09:00", "attendees": "政府办", "conclusion": "先停用。"}
    assert handler.post(f"/cases/{number}/consultations", data=meeting).status_code == 302
    assert "先停用。" in handler.get(f"/cases/{number}").get_data(as_text=True)
