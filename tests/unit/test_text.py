"""Text at the border: what is kept, what is cut, what compares equal, what is searched."""

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinion_service.domain.text import (
    LONGEST_RAW,
    MOST_SEARCH_TOKENS,
    bigrams,
    clean_text,
    fingerprint,
    normalise,
    run_ends,
    search_query,
    search_tokens,
)

CLEANED = [
    (None, ""),
    ("", ""),
    ("   \t\r\n\u3000\xa0 ", ""),
    ("桃江路  积水\n严重", "桃江路 积水 严重"),
    ("<p>第一段</p><p>第二段</p>", "第一段 第二段"),
    ("益<em>阳</em>市<b>自来水</b>", "益阳市自来水"),
    ("停水<br>三天<br/>了", "停水 三天 了"),
    ('<img src="x" onerror="alert(1)">停水', "停水"),
    ("<script>alert('x')</script>停电", "停电"),
    ("<SCRIPT src=a>alert(1)</SCRIPT >停电", "停电"),
    ("<style>p{color:red}</style>停电", "停电"),
    ("停电<script>没有结束", "停电"),
    ("<noscript>请开启脚本</noscript>正文", "正文"),
    ("<!-- 注释 -->正文<!-- 没有结束", "正文"),
    ("<![CDATA[正文]]>", "正文"),
    ("<!DOCTYPE html><html><body>正文</body></html>", "正文"),
    ("<?xml version='1.0'?>正文", "正文"),
    ("<a title='a>b'>链接</a>", "链接"),
    ('<a title="a>b" href=x>链接</a>', "链接"),
    ("<svg/onload=alert(1)>图", "图"),
    ("5 < 6，7 > 3", "5 < 6，7 > 3"),
    ("收入<支出", "收入<支出"),
    ("没有结束的<a href", "没有结束的<a href"),
    ("&lt;停水&gt;", "<停水>"),
    ("水&amp;电&nbsp;气", "水&电 气"),
    ("&#x505C;&#27700;", "停水"),
    ("&amp;lt;p&amp;gt;正文&amp;lt;/p&amp;gt;", "正文"),
    ("&lt;b&gt;正文&lt;/b&gt;", "正文"),
    ("AT&T 公司", "AT&T 公司"),
    ("&#0;&#xD800;坏", "\ufffd\ufffd坏"),
    ("&#99999999;超大", "\ufffd超大"),
    ("&#" + "9" * 5000 + ";超长", "\ufffd超长"),
    ("&#x" + "f" * 5000 + ";超长", "\ufffd超长"),
    ("停\x00水\x01\x1b[31m", "停水[31m"),
    ("停\x80水\x9f", "停水"),
    ("孤\ud800立\udfff", "孤立"),
    ("零\u200b宽\ufeff", "零宽"),
    ("反\u202e转", "反转"),
    ("隔\u2066离\u2069", "隔离"),
    ("软\xad连", "软连"),
    ("非\ufffe字\uffff符", "非字符"),
    ("上\x85下", "上 下"),
    ("上\u2028下", "上 下"),
    ("cafe\u0301", "café"),
    ("表情😀保留", "表情😀保留"),
    ("ＡＢＣ１２３", "ＡＢＣ１２３"),
]


@pytest.mark.parametrize(("raw", "wanted"), CLEANED)
def test_what_a_reader_would_see(raw: str | None, wanted: str) -> None:
    assert clean_text(raw, 200) == wanted


@pytest.mark.parametrize(
    ("raw", "limit", "wanted"),
    [
        ("一二三", 3, "一二三"),
        ("一二三四", 3, "一二三"),
        ("一二 四", 3, "一二"),
        ("<p>一二三四</p>", 2, "一二"),
        ("一", 0, ""),
    ],
)
def test_the_cap_counts_what_is_left(raw: str, limit: int, wanted: str) -> None:
    assert clean_text(raw, limit) == wanted


def test_only_the_beginning_of_an_endless_text_is_read() -> None:
    assert len(clean_text("水" * (LONGEST_RAW + 5), LONGEST_RAW * 2)) == LONGEST_RAW


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        '<a "',
        "<a '\"",
        "<!--",
        "<!",
        "<script",
        "<script>",
        "</script ",
        "&#9",
        "&lt;",
        "&amp;",
        "<a x=\"'",
        "<",
        "\x00",
    ],
)
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    text = (piece * LONGEST_RAW)[:LONGEST_RAW]
    began = time.perf_counter()
    clean_text(text, 1000)
    assert time.perf_counter() - began < 2


@given(st.text(alphabet=st.sampled_from("<>&;/!-ab#x1\"' 水\x00\ud800\u200b\u0301"), max_size=60))
@settings(max_examples=400, deadline=None)
def test_cleaning_leaves_nothing_a_store_would_refuse(raw: str) -> None:
    cleaned = clean_text(raw, 40)
    assert len(cleaned) <= 40
    assert cleaned == cleaned.strip()
    assert "\x00" not in cleaned
    cleaned.encode("utf-8")
    assert unicodedata.is_normalized("NFC", cleaned)


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    once = clean_text(raw, 150)
    assert clean_text(once, 150) == once


EQUAL = [
    ("桃江路积水！", "桃江路积水"),
    ("【通报】桃江路，积水", "通报桃江路积水"),
    ("ＣＣＴＶ１２３", "cctv123"),
    ("１０，０００元", "10000元"),
    ("Covid－19", "COVID 19"),
    ("“停水”三天", "停水三天"),
    ("停水\n三天", "停水三天"),
    ("12345_热线", "12345热线"),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_width_case_and_punctuation_make_no_difference(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)
    assert normalise(normalise(one)) == normalise(one)


DIFFERENT = [
    ("上涨1.2%", "上涨12%"),
    ("中国队2:1胜", "中国队21胜"),
    ("2-1", "21"),
    ("停水", "停电"),
    ("？？？", "！！！"),
    ("😀", "😡"),
    ("", "？"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_texts_have_different_prints(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_a_print_is_stable() -> None:
    assert fingerprint("停水") == fingerprint("停 水")
    assert len(fingerprint("\ud800")) == 64


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", ""),
        ("停水", "停水"),
        ("水", "水"),
        ("桃江路积水", "桃江 江路 路积 积水"),
        ("12345热线", "12345 热线"),
        ("ＣＯＶＩＤ-19疫情", "covid 19 疫情"),
        ("停水，三天", "停水 三天"),
        ("a_b", "a b"),
        ("？！", ""),
    ],
)
def test_what_the_index_is_fed_with(text: str, tokens: str) -> None:
    assert search_tokens(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", ()),
        ("水", ("水*",)),
        ("停水", ("停水",)),
        ("停水停水", ("停水", "水停")),
        ("桃江 5", ("桃江", "5")),
        ('"停水" OR NOT *', ("停水", "or", "not")),
        ("，", ()),
    ],
)
def test_what_is_asked_of_the_index(text: str, tokens: tuple[str, ...]) -> None:
    assert search_query(text) == tokens


def test_a_question_is_bounded() -> None:
    assert len(search_query("".join(chr(0x4E00 + i) for i in range(500)))) == MOST_SEARCH_TOKENS


@given(st.text(alphabet="停水益阳市路ab1 ，", min_size=2, max_size=20), st.data())
@settings(max_examples=200, deadline=None)
def test_every_part_of_a_chinese_run_is_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 2))
    part = text[start : start + 2]
    if all("\u4e00" <= c <= "\u9fff" for c in part):
        assert set(search_query(part)) <= set(bigrams(text))


@pytest.mark.parametrize(
    ("text", "ends"), [("我们学校，路灯", ["校", "灯"]), ("灯 GB7258", []), ("", []), ("ｇｂ校车", ["车"])]
)
def test_the_last_of_each_run_can_be_found_alone(text: str, ends: list[str]) -> None:
    assert run_ends(text) == ends
