"""Documents made to hurt a parser, the process that can be killed, and lists of sources."""

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinion_service.adapters.feed_client import Outline, parse, parse_killable, read_opml, write_opml
from opinion_service.adapters.feed_client.record import feed_from_record, record_of


def rss(items: str, head: str = "") -> str:
    return f'<rss version="2.0"><channel><title>县城论坛</title>{head}{items}</channel></rss>'


def item(inside: str) -> str:
    return f"<item>{inside}</item>"


FEED = rss(item("<title>县城路灯长期不亮</title>") + item("<title>小区自来水发黄</title>"))

# Documents made to hurt

HEAD = '<rss version="2.0"><channel>'
DC = "http://purl.org/dc/elements/1.1/"
HOSTILE = {
    "author": rss(item("<title>x</title><author>" + "a" * 80_000 + "</author>")),
    "author never closed": HEAD + "<item><title>x</title><author>" + "a" * 200_000 + "&",
    "names": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>x</title><author><name>' + "a" * 200_000
    + "</name><email>" + "b" * 200_000 + "</email></author></entry></feed>",
    "creator": rss(item(f'<title>x</title><dc:creator xmlns:dc="{DC}">' + "a." * 50_000 + "</dc:creator>")),
    "date": rss(item("<title>x</title><pubDate>" + "1 " * 100_000 + "</pubDate>")),
    "link": rss(item("<title>x</title><link>" + "http://a/" * 50_000 + "</link>")),
    "long text": rss(item("<title>x</title><description>" + "长" * 500_000 + "</description>")),
    "tags in text": rss(item("<title>x</title><description><![CDATA[" + "<a " * 300_000 + "]]></description>")),
    "comments": HEAD + "<item><title>x</title>" + "<!--" * 50_000,
    "doctypes": HEAD + "<item><title>x</title>" + "<!DOCTYPE " * 50_000,
    "declarations": HEAD + "<item><title>x</title>" + "<?xml " * 50_000,
    "sections": HEAD + "<item><title>x</title>" + "<![CDATA[" * 50_000,
    "ampersands": rss(item("<title>x</title><description>" + "&" * 200_000 + "</description>")),
    "references": rss(item("<title>x</title><description>" + "&#" * 100_000 + "</description>")),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_document_made_to_hurt_is_read_soon(name):
    started = time.process_time()
    feed = parse(HOSTILE[name].encode())
    assert time.process_time() - started < 2.5
    assert [entry.title for entry in feed.entries] == ["x"]


PAGE = b"<html><body>" + b"<p>hello" * 400_000


def test_a_large_page_costs_no_parsing():
    started = time.process_time()
    assert parse(PAGE).problem == "返回的是网页，不是信息源。"
    assert time.process_time() - started < 0.5


# Every attribute is looked up among all the others: minutes of work, and nothing in the text gives it away.
ATTRIBUTES = (HEAD + "<item " + " ".join(f'a{n}="1"' for n in range(150_000)) + "><title>x</title></item>").encode()


def test_a_document_that_hangs_the_parser_is_stopped():
    started = time.monotonic()
    feed = parse_killable(ATTRIBUTES, timeout_s=1)
    assert feed.problem == "1 秒内未能解析完，已中止。"
    assert time.monotonic() - started < 3


def test_a_document_that_needs_too_much_memory_is_stopped():
    body = rss("<item><title>x</title></item>" * 30_000).encode()
    assert parse_killable(body, memory_mb=40).problem == "解析所需内存超过 40 MB，已中止。"
    assert len(parse_killable(body, memory_mb=512).entries) == 2_000


def test_the_killable_parse_says_what_the_other_says():
    hot = b'[{"rank": 1, "title": "\\ud800\\u0000", "hot": 5}, {}]'
    relative = rss(item("<title>x</title><link>/1</link>")).encode()
    for body in (FEED.encode("gbk"), hot, relative, PAGE, b"", ATTRIBUTES[:1000]):
        assert parse_killable(body, "text/xml", base_url="http://a/") == parse(body, "text/xml", base_url="http://a/")


def test_a_feed_survives_its_record():
    feed = parse(
        rss(item("<guid>h</guid><title>a</title>") + item("<guid>h</guid><title>b</title>") + item("")).encode()
    )
    assert feed_from_record(json.loads(json.dumps(record_of(feed)))) == feed


BEGINNINGS = ("", "<rss><channel><item>", "<feed><entry>", "[", '{"items":[')


@settings(max_examples=150, deadline=timedelta(seconds=2), database=None)
@given(st.binary(max_size=300), st.sampled_from(BEGINNINGS), st.text(max_size=40))
def test_no_bytes_make_the_parser_raise(noise, prefix, content_type):
    feed = parse(prefix.encode() + noise, content_type)
    assert feed.problem is None or feed.problem.endswith("。")


def test_feedparser_is_only_ever_given_a_stream():
    package = Path(parse.__code__.co_filename).parent
    calls = [
        line.strip()
        for path in package.glob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if "feedparser.parse(" in line
    ]
    assert len(calls) == 1
    assert "feedparser.parse(io.BytesIO(" in calls[0]


# OPML

OUTLINES = (
    Outline("县城论坛", "http://forum.example/rss?a=1&b=2", "网民"),
    Outline("县报", "https://paper.example/feed"),
    Outline("热线", "http://hotline.example/feed", "网民"),
)


def test_a_list_that_was_written_is_read_again():
    reading = read_opml(write_opml(OUTLINES, "本县信源"))
    assert set(reading.outlines) == set(OUTLINES)
    assert (reading.skipped, reading.problem) == ((), None)


def test_a_list_of_another_reader():
    body = (
        '<?xml version="1.0" encoding="gb2312"?><!-- x --><opml version="1.0"><head><title>x</title></head><body>'
        '<outline text="政务"><outline text="县"><outline title="县报" text="x" xmlUrl="http://a/1"/></outline></outline>'
        '<outline text="重复" xmlUrl="http://a/1"/><outline xmlUrl="http://a/2"/><outline text="x" xmlUrl="file:///etc/passwd"/>'
        '<outline text="只有名称"/></body></opml>'
    ).encode("gb2312")
    reading = read_opml(body)
    assert reading.outlines == (Outline("县报", "http://a/1", "政务 / 县"), Outline("http://a/2", "http://a/2"))
    assert reading.skipped == ("file:///etc/passwd",)


@pytest.mark.parametrize(
    "body",
    [b"", b"<opml", FEED.encode(), b"<html/>", b"\0\0", b'{"opml": 1}', b"<opmlx/>", b"<opml><body>&x;</body></opml>"],
)
def test_what_is_no_list_says_so(body):
    assert read_opml(body).problem == "清单不是可识别的 OPML 文件。"


def test_a_name_in_a_list_hides_and_reorders_nothing():
    body = '<opml><body><outline text="\u202e报县\u200b&lt;b&gt;论坛" xmlUrl="http://a/"/></body></opml>'
    assert [one.title for one in read_opml(body.encode()).outlines] == ["报县论坛"]


def test_a_hostile_list_is_bounded():
    entities = (
        '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;"/></body></opml>'
    )
    assert read_opml(entities.encode()).problem
    deep = (
        "<opml><body>"
        + '<outline text="a">' * 50_000
        + '<outline xmlUrl="http://a/"/>'
        + "</outline>" * 50_000
        + "</body></opml>"
    )
    assert len(read_opml(deep.encode()).outlines) == 1
    wide = "<opml><body>" + "".join(f'<outline xmlUrl="http://a/{n}"/>' for n in range(6_000)) + "</body></opml>"
    assert len(read_opml(wide.encode()).outlines) == 5_000
    assert read_opml(b" " * 2_000_001).problem == "清单过大。"
