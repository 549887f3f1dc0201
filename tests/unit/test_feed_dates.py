"""Dates as Chinese feeds write them, read in the source's own zone."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinion_service.adapters.feed_client.dates import instant
from opinion_service.domain.listening.feed_dates import AHEAD, OLDEST, clamp_published, parse_feed_date

# A Wednesday, 20 March 2024, 10:30 in Beijing.
NOW = datetime(2024, 3, 20, 2, 30, tzinfo=UTC)

READ = [
    # RFC 822
    ("Mon, 01 Jan 2024 08:00:00 +0800", "2024-01-01 00:00:00"),
    ("Mon, 01 Jan 2024 08:00:00 GMT", "2024-01-01 08:00:00"),
    ("Mon, 01 Jan 2024 08:00:00 UT", "2024-01-01 08:00:00"),
    ("Mon, 01 Jan 2024 08:00:00 Z", "2024-01-01 08:00:00"),
    ("Mon, 01 Jan 2024 08:00:00 CST", "2024-01-01 00:00:00"),
    ("Mon, 01 Jan 2024 08:00:00 EST", "2024-01-01 13:00:00"),
    ("Mon, 01 Jan 2024 08:00:00 GMT+8", "2024-01-01 00:00:00"),
    ("Mon, 01 Jan 2024 08:00:00 UTC+08:00", "2024-01-01 00:00:00"),
    ("Mon, 01 Jan 2024 08:00:00", "2024-01-01 00:00:00"),
    ("Mon,01 Jan 2024 08:00:00 +0800", "2024-01-01 00:00:00"),
    ("1 Jan 2024 8:00 +0800", "2024-01-01 00:00:00"),
    ("01 Jan 24 08:00:00 +0000", "2024-01-01 08:00:00"),
    ("Monday, 01-Jan-24 08:00:00 GMT", "2024-01-01 08:00:00"),
    ("Mon, 1 January 2024 08:00:00 +0000 (UTC)", "2024-01-01 08:00:00"),
    ("Mon Jan  1 08:00:00 2024", "2024-01-01 00:00:00"),
    ("Mon Jan 01 08:00:00 CST 2024", "2024-01-01 00:00:00"),
    ("Mon Jan 01 08:00:00 +0000 2024", "2024-01-01 08:00:00"),
    ("Jan 1, 2024", "2023-12-31 16:00:00"),
    ("January 1, 2024 8:00 PM", "2024-01-01 12:00:00"),
    ("Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31 23:59:59"),
    # ISO 8601
    ("2024-01-01T08:00:00+08:00", "2024-01-01 00:00:00"),
    ("2024-01-01T08:00:00Z", "2024-01-01 08:00:00"),
    ("2024-01-01T08:00:00.123456Z", "2024-01-01 08:00:00"),
    ("2024-01-01T08:00:00,5+0800", "2024-01-01 00:00:00"),
    ("2024-01-01T08:00:00", "2024-01-01 00:00:00"),
    ("2024-01-01T08:00+08", "2024-01-01 00:00:00"),
    ("2024-01-01T24:00:00", "2024-01-01 16:00:00"),
    ("2024-01-01T08:00:60Z", "2024-01-01 08:00:59"),
    ("2024-01-01", "2023-12-31 16:00:00"),
    ("20240101", "2023-12-31 16:00:00"),
    ("20240101T080000Z", "2024-01-01 08:00:00"),
    ("20240101080000", "2024-01-01 00:00:00"),
    ("202401010800", "2024-01-01 00:00:00"),
    # what Chinese sites write
    ("2024-01-01 08:00:00", "2024-01-01 00:00:00"),
    ("2024-1-1 8:00", "2024-01-01 00:00:00"),
    ("2024/01/01 08:00", "2024-01-01 00:00:00"),
    ("2024.01.01 08:00:00", "2024-01-01 00:00:00"),
    ("2024-01-01 08:00:00 CST", "2024-01-01 00:00:00"),
    ("2024年1月1日 08:00", "2024-01-01 00:00:00"),
    ("2024年01月01日08:00:30", "2024-01-01 00:00:30"),
    ("2024年1月1日8时30分", "2024-01-01 00:30:00"),
    ("2024年1月1日8时", "2024-01-01 00:00:00"),
    ("2024年1月1日 8点半", "2024-01-01 00:30:00"),
    ("2024年1月1日 下午3:05", "2024-01-01 07:05:00"),
    ("2024年1月1日 上午8:00", "2024-01-01 00:00:00"),
    ("2024年1月1日 中午12:30", "2024-01-01 04:30:00"),
    ("2024年1月1日 凌晨12:30", "2023-12-31 16:30:00"),
    ("2024年1月1日 晚上11:00", "2024-01-01 15:00:00"),
    ("2024年1月1日 星期一 08:00", "2024-01-01 00:00:00"),
    ("2024年1月1日（星期一）", "2023-12-31 16:00:00"),
    ("2024年1月1日", "2023-12-31 16:00:00"),
    ("２０２４年１月１日　０８：００", "2024-01-01 00:00:00"),
    ("二〇二四年一月一日", "2023-12-31 16:00:00"),
    ("二零二四年十二月二十三日", "2024-12-22 16:00:00"),
    ("发布时间：2024-01-01 08:00", "2024-01-01 00:00:00"),
    ("2024年2月29日", "2024-02-28 16:00:00"),
    # without a year
    ("3月20日 10:00", "2024-03-20 02:00:00"),
    ("03-20 10:00", "2024-03-20 02:00:00"),
    ("12月31日", "2023-12-30 16:00:00"),
    ("03-21 10:30", "2024-03-21 02:30:00"),
    ("03-21 10:31", "2023-03-21 02:31:00"),
    # relative
    ("刚刚", "2024-03-20 02:30:00"),
    ("刚才", "2024-03-20 02:30:00"),
    ("30秒前", "2024-03-20 02:29:30"),
    ("5分钟前", "2024-03-20 02:25:00"),
    ("3小时前", "2024-03-19 23:30:00"),
    ("3 个小时前", "2024-03-19 23:30:00"),
    ("半小时前", "2024-03-20 02:00:00"),
    ("2天前", "2024-03-18 02:30:00"),
    ("1周前", "2024-03-13 02:30:00"),
    ("1个月前", "2024-02-19 02:30:00"),
    ("1年前", "2023-03-21 02:30:00"),
    ("今天", "2024-03-19 16:00:00"),
    ("今天 09:15", "2024-03-20 01:15:00"),
    ("今日08:00", "2024-03-20 00:00:00"),
    ("昨天 08:00", "2024-03-19 00:00:00"),
    ("昨天08:00:05", "2024-03-19 00:00:05"),
    ("昨天", "2024-03-18 16:00:00"),
    ("前天 23:59", "2024-03-18 15:59:00"),
    ("09:15", "2024-03-20 01:15:00"),
    ("11:30", "2024-03-20 03:30:00"),
    ("11:31", "2024-03-19 03:31:00"),
    # unix
    ("1704067200", "2024-01-01 00:00:00"),
    ("1704067200000", "2024-01-01 00:00:00"),
    ("1704067200000000", "2024-01-01 00:00:00"),
    ("1704067200.5", "2024-01-01 00:00:00"),
]


@pytest.mark.parametrize(("text", "wanted"), READ)
def test_a_date_is_read(text: str, wanted: str) -> None:
    moment = parse_feed_date(text, now=NOW)
    assert moment is not None
    assert moment.tzinfo is UTC
    assert moment.strftime("%Y-%m-%d %H:%M:%S") == wanted


UNREAD = [
    "", "   ", "待定", "最近", "2024", "2024-01", "2024-13-01", "2024-02-30", "2023年2月29日", "2024-01-01 25:00",
    "2024-01-01 08:60", "2024-01-01T24:00:01", "Mon, 32 Jan 2024 08:00:00 GMT", "Mon, 01 Foo 2024 08:00:00 GMT",
    "0000-01-01", "2024-01-01 08:00 XYZ", "2024-01-01 08:00 +99:00", "01/02/2024", "12", "12345", "99999999999",
    "13月1日", "前年", "3世纪前", "2024年1月1日至2月1日", "<b>2024-01-01</b>", "\x00", "\ud800",
    "十十年", "二十十年一月一日", "十二三月", "一十十十日", "〇十十月九日",
]  # fmt: skip


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_uncertain_is_no_date(text: str) -> None:
    assert parse_feed_date(text, now=NOW) is None


@pytest.mark.parametrize(
    ("text", "zone", "hour"),
    [
        ("2024-01-01 08:00", "Asia/Shanghai", 0),
        ("2024-01-01 08:00", "UTC", 8),
        ("2024-01-01 08:00", "Asia/Tokyo", 23),
        ("2024-01-01 08:00", "America/New_York", 13),
        ("2024-01-01T08:00:00Z", "Asia/Tokyo", 8),
        ("2024-01-01 08:00 CST", "America/New_York", 0),
    ],
)
def test_only_zoneless_times_follow_the_source(text: str, zone: str, hour: int) -> None:
    moment = parse_feed_date(text, zone, now=NOW)
    assert moment is not None
    assert moment.hour == hour


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (datetime(2023, 12, 31, 15, 59, tzinfo=UTC), "2023-12-30 16:00"),
        (datetime(2023, 12, 31, 16, 0, tzinfo=UTC), "2023-12-31 16:00"),
    ],
)
def test_today_is_the_day_of_the_source(now: datetime, wanted: str) -> None:
    assert f"{parse_feed_date('今天', now=now):%Y-%m-%d %H:%M}" == wanted


def test_a_leap_day_without_its_year_outside_leap_years_is_no_date() -> None:
    assert parse_feed_date("2月29日", now=datetime(2023, 3, 1, tzinfo=UTC)) is None
    assert parse_feed_date("2月29日", now=NOW) is not None


CLAMPED = [
    (timedelta(0), True),
    (AHEAD, True),
    (AHEAD + timedelta(seconds=1), False),
    (-OLDEST, True),
    (-OLDEST - timedelta(seconds=1), False),
    (timedelta(days=-400), True),
]


@pytest.mark.parametrize(("offset", "is_kept"), CLAMPED)
def test_dates_far_from_the_first_sight_are_dropped(offset: timedelta, is_kept: bool) -> None:
    published = NOW + offset
    assert clamp_published(published, NOW) == (published if is_kept else None)


def test_no_date_stays_no_date() -> None:
    assert clamp_published(None, NOW) is None


@given(st.datetimes(datetime(1990, 1, 1), datetime(2035, 12, 31)), st.integers(-11, 12))  # noqa: DTZ001
@settings(max_examples=200, deadline=None)
def test_what_python_writes_is_read_back(moment: datetime, hours: int) -> None:
    whole = moment.replace(microsecond=0)
    sign = "-" if hours < 0 else "+"
    wanted = whole.replace(tzinfo=UTC) - timedelta(hours=hours)
    for text in (
        f"{whole:%Y-%m-%dT%H:%M:%S}{sign}{abs(hours):02}:00",
        f"{whole:%a, %d %b %Y %H:%M:%S} {sign}{abs(hours):02}00",
    ):
        assert parse_feed_date(text, now=NOW) == wanted


@given(st.text(alphabet="0123456789年月日时分前天:-/.+ TZ刚小一十jan,()", max_size=30))
@settings(max_examples=500, deadline=None)
def test_no_text_raises(text: str) -> None:
    moment = parse_feed_date(text, now=NOW)
    assert moment is None or moment.tzinfo is UTC


@given(st.text(alphabet="零〇一二三四五六七八九十年月日号时点半上下午 昨天", max_size=16))
@settings(max_examples=500, deadline=None)
def test_no_number_in_characters_raises(text: str) -> None:
    parse_feed_date(text, now=NOW)


@given(
    st.lists(
        st.sampled_from([*(text for text, _ in READ), *UNREAD, "十", "年", " ", "+08:00", "CST", "9999"]), max_size=4
    )
)
@settings(max_examples=300, deadline=None)
def test_no_pieces_of_dates_raise(pieces: list[str]) -> None:
    parse_feed_date("".join(pieces), now=NOW)
    instant("".join(pieces))


@pytest.mark.parametrize("piece", ["1", "1 ", " ", "a ", "年", "十", "(", "1:", "2024-1-1 "])
def test_hostile_text_is_read_at_once(piece: str) -> None:
    began = time.perf_counter()
    parse_feed_date(piece * 20_000, now=NOW)
    assert time.perf_counter() - began < 0.5
