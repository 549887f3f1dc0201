"""The words of the mails: what is owed stands in the subject, and nothing of the case's text gets in."""

from datetime import UTC, datetime

import pytest

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.reminders import notices

DUE = datetime(2019, 5, 24, 8, 11, tzinfo=UTC)
LINK = "https://desk.example/cases/2019-0522-07"


def act(**changes):
    facts = {
        "action": "dispatch", "case_no": "2019-0522-07", "title": "校车停运", "department": "市教育局",
        "due_at": DUE, "link": LINK,
    }  # fmt: skip
    return notices.act_notice(**{**facts, **changes})


def test_an_act_says_who_has_to_do_what():
    notice = act()

    assert notice.subject == "【交办】市教育局：校车停运 — 案号 2019-0522-07"
    assert notice.body == (
        "该案件已交由贵单位承办，请按时签收。\n\n"
        "案号：2019-0522-07\n标题：校车停运\n最近时限：2019-05-24 16:11（周五）\n"
        f"请登录办理：{LINK}\n\n"
        "您收到本邮件，是因为您负责该案件的下一步办理。\n本邮件由系统自动发送，请勿回复。\n"
    )
    assert "最近时限" not in act(due_at=None).body
    assert act(department="").subject.startswith("【交办】校车停运")


@pytest.mark.parametrize("action", sorted(notices.ACT_WORDS))
def test_every_act_with_words_is_an_act_of_the_case(action):
    word, sentence = notices.ACT_WORDS[action]

    assert CaseAction(action)
    assert act(action=action).subject.startswith(f"【{word}】")
    assert sentence.endswith("。")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2019, 5, 24, 15, 59, tzinfo=UTC), "2019-05-24 23:59（周五）"),
        (datetime(2019, 5, 24, 16, 0, tzinfo=UTC), "2019-05-24 24:00（周五）"),
        (datetime(2019, 5, 24, 16, 0, 1, tzinfo=UTC), "2019-05-25 00:00（周六）"),
        (datetime(2019, 5, 24, 16, 1, tzinfo=UTC), "2019-05-25 00:01（周六）"),
        (datetime(2019, 12, 31, 16, 0, tzinfo=UTC), "2019-12-31 24:00（周二）"),
    ],
)
def test_the_end_of_a_day_belongs_to_the_day(at, words):
    assert notices.beijing(at) == words


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("校车停运", "校车停运"),
        ("  校车\n案号：2019-0000-00\r\n停运 ", "校车 案号：2019-0000-00 停运"),
        ("详见 https://evil.example/a?b=1 。", "详见 ［网址］ 。"),
        ("详见HTTP://EVIL.example/点此", "详见［网址］点此"),
        ("javascript://x 与 www.evil.example", "［网址］ 与 ［网址］"),
        ("x\u202egpj.exe\u0000\u2028y", "x gpj.exe y"),
        ("字" * 80, "字" * 80),
        ("字" * 81, "字" * 79 + "…"),
        ("", ""),
    ],
)
def test_a_title_from_outside_forges_no_line_and_brings_no_link(title, shown):
    notice = act(title=title)

    assert notices.safe_title(title) == shown
    assert f"：{shown} — 案号" in notice.subject
    assert f"\n标题：{shown}\n" in notice.body or not shown
    assert notice.body.count("://") == 1
    assert len(notice.subject.splitlines()) == 1


def test_a_message_id_is_the_same_for_the_same_fact_and_person():
    first = notices.message_id("2019-0522-07", "ladder", "response.1.1.2", "Wang@edu.example", "desk.example")

    assert first == notices.message_id("2019-0522-07", "ladder", "response.1.1.2", "wang@EDU.example", "desk.example")
    assert first.startswith("<2019-0522-07.ladder.response.1.1.2.")
    assert first.endswith("@desk.example>")
    assert "wang" not in first.lower()


@pytest.mark.parametrize(
    "changed",
    [
        ("2019-0522-08", "ladder", "response.1.1.2", "wang@edu.example"),
        ("2019-0522-07", "dispatch", "response.1.1.2", "wang@edu.example"),
        ("2019-0522-07", "ladder", "response.1.1.3", "wang@edu.example"),
        ("2019-0522-07", "ladder", "response.1.1.2", "li@edu.example"),
    ],
)
def test_another_fact_or_person_is_another_message(changed):
    first = notices.message_id("2019-0522-07", "ladder", "response.1.1.2", "wang@edu.example", "desk.example")

    assert notices.message_id(*changed, "desk.example") != first


@pytest.mark.parametrize(
    "host", ["", "desk example", "a\r\nBcc: x", "政务.example", "-desk", "desk.", "h" * 81, "desk>"]
)
def test_a_host_that_is_none_is_replaced(host):
    assert notices.message_id("1", "k", "f", "a@b", host).endswith("@desk.invalid>")
    assert len(notices.message_id("2019-0522-07", "k" * 24, "f" * 50, "a@b", "h" * 80)) <= 200
