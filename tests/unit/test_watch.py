"""Watch expressions: any, must and not lines, alternatives, places and patterns."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinion_service.domain.listening.watch import (
    MOST_LINES,
    Grounds,
    Subject,
    Term,
    TermKind,
    Watch,
    judge,
    lines_of,
    problems,
    terms_of,
)
from opinion_service.domain.routing.territory import Gazetteer
from opinion_service.services.listening import scope

PLACES = Gazetteer.from_record({"赫山区": ["赫山", "会龙山"], "南县": ["南县", "茅草街"]}, ["湖南县域"])


def find(pattern: str, text: str) -> tuple[int, int] | None:
    match = re.search(pattern, text)
    return match.span() if match else None


def verdict(watch: Watch, title: str, body: str = "") -> Grounds:
    named = PLACES.named(f"{title}\n{body}")
    return judge(watch, Subject(title, body, named), find).grounds


W, N, M, X = Grounds.WANTED, Grounds.NONE_OF, Grounds.MISSING, Grounds.EXCLUDED


@pytest.mark.parametrize(
    ("watch", "title", "wanted"),
    [
        (Watch(), "任何内容", W),
        (Watch(("校车",)), "校车超员", W),
        (Watch(("校车",)), "路灯不亮", N),
        (Watch(("校车", "路灯")), "路灯不亮", W),
        (Watch(("校车|路灯",)), "路灯不亮", W),
        (Watch(("校车",), ("超员|超载",)), "校车超载", W),
        (Watch(("校车",), ("超员|超载",)), "校车晚点", M),
        (Watch(("校车",), ("超员", "超载")), "校车超载", M),
        (Watch((), ("超载",)), "货车超载", W),
        (Watch(("校车",), (), ("演习",)), "校车演习", X),
        (Watch((), (), ("演习",)), "校车超载", W),
        (Watch((), (), ("演习",)), "应急演习", X),
        # Width and case make no difference.
        (Watch(("ｐｘ项目",)), "PX项目选址", W),
        (Watch(("PX项目",)), "ｐｘ项目选址", W),
        # A place is every name of its area, but no phrase that only looks like one.
        (Watch(("@赫山区",)), "会龙山街道积水", W),
        (Watch(("@赫山区",)), "茅草街大桥限行", N),
        (Watch(("@茅草街",)), "茅草街大桥限行", W),
        (Watch(("@南县",)), "湖南县域经济", N),
        (Watch(("@南县|@赫山区",)), "会龙山街道积水", W),
        # A pattern keeps its bars, and no dot reaches from the title into the text.
        (Watch(("/校车.{0,3}超(员|载)/",)), "校车严重超载", W),
        (Watch(("/校车.{0,3}超(员|载)/",)), "校车今天早上又超载", N),
        (Watch(("/^校车/",)), "益阳校车", N),
    ],
)
def test_what_an_expression_wants(watch: Watch, title: str, wanted: Grounds) -> None:
    assert verdict(watch, title) is wanted


def test_the_text_counts_like_the_title() -> None:
    assert verdict(Watch(("校车",)), "一封来信", "孩子的校车超员") is W
    assert verdict(Watch(("/信.校/",)), "来信", "校车") is N


def test_a_verdict_names_the_line_and_the_pieces_found() -> None:
    watch = Watch(("校车|班车", "/超.员/"), ("益阳",), ("演习",))
    found = judge(watch, Subject("益阳班车超3员"), find)
    assert found.found == ("益阳", "班车", "超3员")
    assert judge(watch, Subject("班车"), find).line == "益阳"
    assert judge(watch, Subject("演习"), find).line == "演习"


@pytest.mark.parametrize(
    ("line", "terms"),
    [
        ("校车", [("word", "校车")]), (" 校车 | PX ", [("word", "校车"), ("word", "px")]), ("|", []), ("@", []),
        ("@赫山区", [("place", "赫山区")]), ("＠南县|校车", [("place", "南县"), ("word", "校车")]), ("/a|B/", [("pattern", "a|B")]),
        ("//", [("word", "//")]), ("/", [("word", "/")]), ("a/b", [("word", "a/b")]),
    ],
)  # fmt: skip
def test_how_a_line_is_read(line: str, terms: list[tuple[str, str]]) -> None:
    assert terms_of(line) == tuple(Term(TermKind(kind), text) for kind, text in terms)


@pytest.mark.parametrize(
    ("watch", "count"),
    [
        (Watch(("校车",) * MOST_LINES), 0), (Watch(("校车",) * MOST_LINES, ("x",)), 1), (Watch(("|",)), 1),
        (Watch(("词" * 200,)), 0), (Watch(("词" * 201,)), 1), (Watch((), (), ("@",)), 1),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(watch: Watch, count: int) -> None:
    assert len(list(problems(watch))) == count


def test_lines_of_a_field_are_stripped_and_told_once() -> None:
    assert lines_of(" 校车 \r\n\n路灯\n校车") == ("校车", "路灯")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}$", "^(a?){30}a{30}$", "(a*)*b"])
def test_a_pattern_made_to_hang_takes_no_time(pattern: str) -> None:
    text = "a" * 4_200 + "!"
    began = time.perf_counter()
    for _ in range(20):
        scope.find(pattern, text)
    assert time.perf_counter() - began < 2


@given(st.text(max_size=30), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_pattern_and_no_text_raises(pattern: str, text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    pattern = pattern.encode("utf-8", "ignore").decode()
    place = scope.find(pattern, text)
    assert place is None or 0 <= place[0] <= place[1] <= len(text)
