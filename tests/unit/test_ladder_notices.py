"""The words of the ladder's mails: complete in plain text, the worst first, and nothing of the case's text."""

from datetime import UTC, datetime, timedelta

import pytest

from opinion_service import data
from opinion_service.domain.reminders.ladder import ladder_from_record
from opinion_service.domain.reminders.ladder_notices import BECAUSE, RungFacts, digest_notice, rung_notice

DUE = datetime(2019, 5, 24, 8, 11, tzinfo=UTC)
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
LINK = "https://desk.example/cases/2019-0522-07"
RULES = {rule.level: rule for rule in ladder_from_record(data.read_json("ladder.json")).rules_for("response")}


def facts(level=2, **changes):
    values = {
        "level": level, "wording": RULES[level].wording, "clock": "公开回应", "case_no": "2019-0522-07", "title": "校车停运",
        "due_at": DUE, "is_legal": True, "basis": "国办发〔2016〕61号", "link": LINK, "department": "市教育局",
        "allowance": "48h",
    }  # fmt: skip
    return RungFacts(**{**values, **changes})


def test_a_reminder_says_what_is_owed_by_when_on_what_ground_and_what_comes_next():
    notice = rung_notice(
        facts(
            told=("张三", "李四"), events=((DUE - 47 * HOUR, "交办至市教育局"), (DUE - 46 * HOUR, "签收")),
            questions=(3, 2), next_at=DUE + DAY,
        ),
        now=DUE - 4 * HOUR,
    )  # fmt: skip

    assert notice.subject == "【48小时|剩4小时】市教育局：校车停运 — 案号 2019-0522-07（第2次提醒）"
    assert notice.body == (
        "市教育局须在 2019-05-24 16:11（周五）前完成“公开回应”，剩 4 小时。时限已到，请立即办理。\n\n"
        "案号：2019-0522-07\n标题：校车停运\n时限：48 小时（自然时）\n依据：国办发〔2016〕61号\n"
        "公众关切：3 个问题，2 个尚未答复\n"
        "最近进展：\n  2019-05-22 17:11（周三） 交办至市教育局\n  2019-05-22 18:11（周三） 签收\n"
        f"请登录办理：{LINK}\n\n"
        "同时告知：张三、李四。\n"
        "超期 24 小时仍未完成的，将发出催办通知书并告知督查。下一步时间：2019-05-25 16:11（周六）。\n"
        "您收到本邮件，是因为按催办规则，该时限到此一步须告知您。\n本邮件由系统自动发送，请勿回复。\n"
    )


@pytest.mark.parametrize(
    ("level", "ending", "threat"),
    [(1, "第1次提醒", "催办"), (2, "第2次提醒", "催办通知书"), (3, "催办通知书", "书面通报"), (4, "书面通报", None)],
)
def test_each_rung_says_what_it_is_and_what_comes_next(level, ending, threat):
    notice = rung_notice(facts(level), now=DUE)

    assert notice.subject.endswith(f"（{ending}）")
    if threat is None:
        assert "仍未完成" not in notice.body
    else:
        assert threat in notice.body


@pytest.mark.parametrize("reason", sorted(BECAUSE))
def test_every_mail_says_why_it_came(reason):
    assert BECAUSE[reason] in rung_notice(facts(reason=reason), now=DUE).body


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
    assert rung_notice(facts(), now=now).subject.startswith(f"【48小时|{words}】")


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
    notice = rung_notice(facts(allowance=allowance), now=DUE)

    assert notice.subject.startswith(f"【{short}|")
    assert f"时限：{long}\n" in notice.body


def test_a_digest_holds_every_row_and_puts_the_worst_first():
    rows = [
        facts(1, case_no="A", due_at=DUE + HOUR),
        facts(2, case_no="B", is_legal=False),
        facts(2, case_no="C", due_at=DUE - MINUTE),
        facts(2, case_no="D", due_at=DUE - HOUR),
        facts(3, case_no="E", is_legal=False),
    ]

    notice = digest_notice(rows, LINK, now=DUE, part="1/2")

    positions = [notice.body.index(f"案号 {number}（") for number in "EDCBA"]
    assert positions == sorted(positions)
    assert notice.subject == "【5件待办|最急已到期】市教育局：校车停运 — 案号 E 等 5 件"
    assert "（第 1/2 封）" in notice.body
    assert notice.body.count("依据：国办发〔2016〕61号") == 5


def test_a_title_from_outside_forges_no_line_and_brings_no_link():
    notice = digest_notice([facts(title="校车\n案号：X https://evil.example/a")], LINK, now=DUE)

    assert "evil" not in notice.body
    assert "\n案号：X" not in notice.body
    assert "evil" not in notice.subject


def test_the_longest_subject_fits_its_column():
    long = facts(title="😀" * 500, department="局" * 500, allowance="10000min", case_no="2019-0522-1000")

    assert len(rung_notice(long, now=DUE - 10_000 * DAY).subject) <= 300
    assert len(digest_notice([long] * 200, LINK, now=DUE - 10_000 * DAY, part="25/25").subject) <= 300
