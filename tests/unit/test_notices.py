"""The words of the mails: what is owed stands in the subject, and nothing of the case's text gets in."""

from datetime import UTC, datetime, timedelta

import pytest

from opinion_service.domain import notices
from opinion_service.domain.case_states import CaseAction

DUE = datetime(2019, 5, 24, 8, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LINK = "https://desk.example/cases/2019-0522-07"


def ladder(**changes):
    facts = {
        "level": 2, "clock": "公开回应", "case_no": "2019-0522-07", "title": "校车停运", "due_at": DUE,
        "basis": "国办发〔2016〕61号", "link": LINK, "told": "张三、李四", "department": "市教育局",
        "allowance": "48h", "now": DUE - 4 * HOUR,
    }  # fmt: skip
    return notices.ladder_notice(**{**facts, **changes})


def act(**changes):
    facts = {
        "action": "dispatch", "case_no": "2019-0522-07", "title": "校车停运", "department": "市教育局",
        "due_at": DUE, "link": LINK,
    }  # fmt: skip
    return notices.act_notice(**{**facts, **changes})


def test_a_reminder_says_what_is_owed_by_when_and_on_what_ground():
    notice = ladder()

    assert notice.subject == "【48小时|剩4小时】市教育局：校车停运 — 案号 2019-0522-07（第2次提醒）"
    assert notice.body == (
        "市教育局须在 2019-05-24 16:11（周五）前完成“公开回应”，剩 4 小时。\n\n"
        "案号：2019-0522-07\n标题：校车停运\n时限：48 小时（自然时）\n依据：国办发〔2016〕61号\n"
        f"请登录办理：{LINK}\n\n"
        "同时告知：张三、李四。\n超期 24 小时仍未完成的，将发出催办通知书并告知督查。\n"
        "您收到本邮件，是因为按催办规则，该时限到此一步须告知您。\n本邮件由系统自动发送，请勿回复。\n"
    )


def test_a_reminder_without_time_and_allowance_names_its_rung():
    notice = ladder(allowance="", now=None, department="", told="")

    assert notice.subject == "【到期催办】校车停运 — 案号 2019-0522-07（第2次提醒）"
    assert notice.body.startswith("须在 2019-05-24 16:11（周五）前完成“公开回应”。\n")
    assert "时限：" not in notice.body
    assert "同时告知：无。" in notice.body


@pytest.mark.parametrize(
    ("level", "ending", "threat"),
    [(1, "第1次提醒", "催办"), (2, "第2次提醒", "催办通知书"), (3, "催办通知书", "书面通报"), (4, "书面通报", None)],
)
def test_each_rung_says_what_it_is_and_what_comes_next(level, ending, threat):
    notice = ladder(level=level)

    assert notice.subject.endswith(f"（{ending}）")
    if threat is None:
        assert "仍未完成" not in notice.body
    else:
        assert threat in notice.body


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (DUE - 73 * HOUR, "剩3天"),
        (DUE - 72 * HOUR, "剩72小时"),
        (DUE - HOUR, "剩1小时"),
        (DUE - HOUR + timedelta(seconds=1), "剩59分钟"),
        (DUE - MINUTE, "剩1分钟"),
        (DUE - timedelta(seconds=59), "剩不到1分钟"),
        (DUE, "已到期"),
        (DUE + timedelta(seconds=59), "已到期"),
        (DUE + MINUTE, "超1分钟"),
        (DUE + DAY, "超24小时"),
        (DUE + 7 * DAY, "超7天"),
    ],
)
def test_the_time_left_is_never_rounded_up(now, words):
    assert ladder(now=now).subject.startswith(f"【48小时|{words}】")


@pytest.mark.parametrize(
    ("allowance", "short", "long"),
    [
        ("30min", "30分钟", "30 分钟（自然时）"),
        ("5h", "5小时", "5 小时（自然时）"),
        ("4wh", "4工作小时", "4 个工作小时"),
        ("5wd", "5工作日", "5 个工作日"),
    ],
)
def test_the_allowance_is_written_in_words(allowance, short, long):
    notice = ladder(allowance=allowance)

    assert notice.subject.startswith(f"【{short}|")
    assert f"时限：{long}\n" in notice.body


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


def test_the_longest_subject_fits_its_column():
    notice = ladder(title="😀" * 500, department="局" * 500, allowance="10000min", now=DUE - 10_000 * DAY)

    assert len(notice.subject) <= 300


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
