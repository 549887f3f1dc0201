"""What is read from a feed document: encodings, kinds, dates, identities, and documents made to hurt."""

import json
from datetime import UTC, datetime

import pytest

from opinion_service.adapters.feed_client import (
    BrokenEntry,
    IdentityBasis,
    ParsedEntry,
    content_hash,
    entry_identity,
    parse,
)
from opinion_service.adapters.feed_client.dates import instant
from opinion_service.adapters.feed_client.decode import decode
from opinion_service.adapters.feed_client.record import record_of

TITLES = ("县城路灯长期不亮，居民出行不便", "小区自来水发黄，已反映三次")
ENTRY = ParsedEntry("g", "http://a.example/1", "标题", "正文", "2025-01-01")


def rss(items: str, head: str = "") -> str:
    return f'<rss version="2.0"><channel><title>县城论坛</title>{head}{items}</channel></rss>'


def item(inside: str) -> str:
    return f"<item>{inside}</item>"


FEED = rss("".join(item(f"<title>{title}</title><guid>{title}</guid>") for title in TITLES))
SY = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
TRADITIONAL = rss(item("<title>這個國家對於學生的教育說明會議</title>"))


def titles(body: bytes, content_type: str = "") -> tuple[str, ...]:
    return tuple(entry.title for entry in parse(body, content_type).entries)


# Encodings: declared in the document, declared by the server, what it really is


@pytest.mark.parametrize(
    ("declared", "header", "actual"),
    [
        ("", "", "utf-8"),
        ("", "", "utf-8-sig"),
        ("", "", "utf-16"),
        ("", "", "utf-16-le"),
        ("", "", "utf-16-be"),
        ("", "", "utf-32"),
        ("", "", "utf-32-le"),
        ("", "", "gb18030"),
        ("", "", "gbk"),
        ("utf-8", "", "utf-8"),
        ("utf-8", "", "gbk"),
        ("utf-8", "utf-8", "gb18030"),
        ("gb2312", "", "gb18030"),
        ("gb2312", "", "utf-8"),
        ("gbk", "gbk", "utf-8"),
        ("gbk", "utf-8", "gbk"),
        ("GB18030", "", "gb18030"),
        ("big5", "", "gbk"),
        ("iso-8859-1", "", "gbk"),
        ("", "iso-8859-1", "utf-8"),
        ("", "ISO-8859-1", "gbk"),
        ("windows-1252", "latin1", "utf-8"),
        ("utf-16", "", "utf-8"),
        ("utf-7", "", "utf-8"),
        ("hex", "zlib", "utf-8"),
        ("bogus", "x-unknown", "gbk"),
        ("hz", "", "hz"),
        ("", "text/xml; charset='gbk'", "gbk"),
    ],
)
def test_titles_are_right_whatever_is_declared(declared, header, actual):
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    content_type = header if "=" in header else f"application/xml; charset={header}"
    assert titles((declaration + FEED).encode(actual), content_type) == TITLES


@pytest.mark.parametrize(
    ("text", "actual", "declared"),
    [
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL, "big5", ""),
        (TRADITIONAL, "big5", "gb2312"),
        (rss(item("<title>Жители жалуются на дороги</title>")), "koi8-r", "koi8-r"),
        (rss(item("<title>Жители жалуются на дороги</title>")), "windows-1251", "windows-1251"),
        (rss(item("<title>Más café, señor</title>")), "iso-8859-1", "iso-8859-1"),
        (rss(item("<title>住民の苦情について</title>")), "shift_jis", "shift_jis"),
        (rss(item("<title>住民の苦情について</title>")), "iso2022_jp", "iso-2022-jp"),
        (rss(item("<title>주민 불편 신고</title>")), "euc-kr", "euc-kr"),
    ],
)
def test_other_scripts_are_read_as_declared(text, actual, declared):
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = declaration + text.replace("县城论坛", "forum")
    assert decode(text.encode(actual)) == text


@pytest.mark.parametrize("actual", ["utf-8", "gbk"])
@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_character_cut_off_at_the_end_spoils_nothing_before_it(actual, cut):
    assert decode(FEED.encode("utf-8").replace(b"</rss>", b"") + TITLES[0].encode(actual)[:cut]).startswith(FEED[:-6])


@pytest.mark.parametrize("actual", ["utf-8", "gbk"])
def test_one_bad_byte_costs_one_character(actual):
    text = rss(item("<title>" + TITLES[0] * 20 + "</title>"))
    body = text.encode(actual).replace(b"</title></item>", b"\xff</title></item>")
    assert TITLES[0] * 19 in decode(body)


# What is no feed


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "内容为空。"),
        (b" \r\n\t\0", "内容为空。"),
        (b"\xef\xbb\xbf", "内容为空。"),
        (b"<html><body><p>404</p></body></html>", "返回的是网页，不是信息源。"),
        (b"  <!-- x --><!DOCTYPE html><title>x</title>", "返回的是网页，不是信息源。"),
        (
            b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x"><html/>',
            "返回的是网页，不是信息源。",
        ),
        (b"<script>location='/login'</script>", "返回的是网页，不是信息源。"),
        (b"<div><item>x</item></div>", "返回的是网页，不是信息源。"),
        (b'<opml version="2.0"><body/></opml>', "这是信源清单（OPML），请从信源管理导入。"),
        (b"/etc/passwd", "不是可识别的信息源。"),
        (b"file:///etc/passwd", "不是可识别的信息源。"),
        (b"http://127.0.0.1/", "不是可识别的信息源。"),
        (b"hello", "不是可识别的信息源。"),
        (b"<a/>", "不是可识别的信息源。"),
        (b"{", "JSON 无法解析。"),
        (b"[" * 100_000, "JSON 无法解析。"),
        (b'{"data":' * 100_000, "JSON 无法解析。"),
        (b"{}", "不是可识别的信息源。"),
        (b'{"data": {"data": {"data": {"data": []}}}}', "不是可识别的信息源。"),
        (b"\x1f\x8b\x08\0\0", "不是可识别的信息源。"),
        (b"<rss>" + b" " * 4_000_000, "文档超过 4 MB。"),
    ],
)
def test_what_is_no_feed_says_why(body, problem):
    feed = parse(body)
    assert (feed.problem, feed.entries, feed.broken) == (problem, (), ())


def test_a_body_that_is_a_path_opens_no_file(tmp_path):
    path = tmp_path / "feed.xml"
    path.write_text(FEED, encoding="utf-8")
    for body in (str(path), f"file://{path}", f"{path}\0", f"<rss>{path}</rss>"):
        assert parse(body.encode()).entries == ()


# What is read


def test_everything_of_an_rss_entry_but_its_author():
    inside = (
        "<title>标题 &amp; 更多</title><link>/t/1</link><guid isPermaLink='false'>id-1</guid><author>a@b.example (张三)"
        "</author><description><![CDATA[<p>正文</p>]]></description><pubDate>Mon, 03 Nov 2025 08:00:00 CST</pubDate>"
        "<category>民生</category><category>供水</category><category>民生</category>"
    )
    feed = parse(rss(item(inside), "<ttl>45</ttl>").encode(), base_url="http://forum.example/rss.xml")
    expected = ParsedEntry(
        "id-1",
        "http://forum.example/t/1",
        "标题 & 更多",
        "<p>正文</p>",
        "Mon, 03 Nov 2025 08:00:00 CST",
        ("民生", "供水"),
    )
    assert (feed.title, feed.ttl_minutes, feed.entries, feed.problem) == ("县城论坛", 45, (expected,), None)
    assert feed.entries[0].published_at == datetime(2025, 11, 3, 0, 0, tzinfo=UTC)
    assert "张三" not in json.dumps(record_of(feed), ensure_ascii=False)


def test_an_atom_entry():
    feed = parse(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>县报</title><entry><id>urn:1</id>'
        '<title type="html">a&lt;b&gt;</title><link href="http://a.example/1"/><link rel="self" href="http://a.example/self"/><updated>'
        "2025-11-03T08:00:00+08:00</updated><summary>短</summary><content type='html'>长得多的正文</content>"
        "<author><name>李四</name><email>x@y.example</email></author></entry></feed>".encode()
    )
    entry = feed.entries[0]
    assert (entry.guid, entry.url, entry.title) == ("urn:1", "http://a.example/1", "a<b>")
    assert (entry.summary, entry.published_text) == ("长得多的正文", "2025-11-03T08:00:00+08:00")
    assert "李四" not in json.dumps(record_of(feed), ensure_ascii=False)


def test_an_rdf_entry():
    feed = parse(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>县报</title></channel><item rdf:about="http://a/1">'
        "<title>标题</title><link>http://a/1</link><dc:creator>张三</dc:creator><dc:date>2025-11-03T08:00+08:00</dc:date>"
        "</item></rdf:RDF>".encode()
    )
    assert [(e.title, e.url, e.published_text) for e in feed.entries] == [
        ("标题", "http://a/1", "2025-11-03T08:00+08:00")
    ]


@pytest.mark.parametrize(
    ("head", "minutes"),
    [
        ("", None),
        ("<ttl>60</ttl>", 60),
        ("<ttl> 5 </ttl>", 5),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<ttl>六十</ttl>", None),
        (f"<sy:updatePeriod {SY}>hourly</sy:updatePeriod>", 60),
        (f"<sy:updatePeriod {SY}>daily</sy:updatePeriod><sy:updateFrequency {SY}>4</sy:updateFrequency>", 360),
    ],
)
def test_the_wait_a_publisher_asks_for(head, minutes):
    assert parse(rss(item("<title>x</title>"), head).encode()).ttl_minutes == minutes


@pytest.mark.parametrize(
    "text",
    [
        "<br />\n<b>Warning</b>: mysql_connect() in <b>/www/a.php</b><br />\n" + FEED,
        "\n\n" + '<?xml version="1.0"?>' + FEED,
        "\ufeff\ufeff" + FEED,
        "<!-- <rss> --> <?xml-stylesheet href='a.xsl'?>" + FEED,
        "<!DOCTYPE rss PUBLIC '-//Netscape//DTD RSS 0.91//EN' 'http://127.0.0.1/x.dtd'>" + FEED,
        FEED.replace("</channel></rss>", ""),
        FEED.replace("县城论坛", "A & B"),
        FEED.replace("县城论坛", "A\x00\x08\x1f\ufffeB"),
        FEED.replace("<channel>", "<channel><x:y>z</x:y>"),
    ],
)
def test_a_feed_with_something_wrong_loses_no_entry(text):
    assert titles(text.encode()) == TITLES


def test_entities_are_neither_declared_nor_expanded_nor_fetched():
    lol = '<!ENTITY a "aaaaaaaaaa">' + "".join(f'<!ENTITY a{n + 1} "{f"&a{n or str()};" * 10}">' for n in range(9))
    prolog = (
        f'<!DOCTYPE rss [{lol}<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]>'
    )
    text = prolog + rss(item("<title>标题 &a9; &f;</title>"))
    for encoding in ("utf-8", "utf-16", "gbk"):
        feed = parse(text.encode(encoding))
        assert len(feed.entries) == 1
        assert feed.entries[0].title.startswith("标题")
        assert len(feed.entries[0].title) < 40
        assert "root:" not in feed.entries[0].title


# Broken entries, caps and identities


@pytest.mark.parametrize(
    ("reference", "kept"),
    [
        ("&#xD800;", "\ufffd"), ("&#xDFFF;", "\ufffd"), ("&#55296;", "\ufffd"), ("&#x110000;", "\ufffd"), ("&#xFFFE;", "\ufffd"),
        ("&#99999999999999999999;", "\ufffd"), ("&#0;", "\ufffd"), ("&#x0000;", "\ufffd"), ("&#xD7FF;", "\ud7ff"), ("&#xE000;", "\ue000"),
        ("&#x10FFFF;", "\U0010ffff"), ("&#8364;", "€"), ("&#x9;", "\t"), ("&#0065;", "A"), ("&#x4E2D;", "中"),
    ],
)  # fmt: skip
def test_a_reference_to_no_character_costs_itself_alone(reference, kept):
    feed = parse(rss(f"<item><title>a{reference}b</title></item>").encode())
    assert [entry.title for entry in feed.entries] == [f"a{kept}b"]


def test_each_broken_entry_is_told_and_the_rest_goes_on():
    feed = parse(
        rss(item("<title>一</title>") + item("<link>http://a/2</link>") + item("") + item("<title>二</title>")).encode()
    )
    assert [entry.title for entry in feed.entries] == ["一", "二"]
    assert feed.broken == (BrokenEntry("条目没有标题和正文。", "http://a/2"), BrokenEntry("条目没有标题和正文。", ""))


@pytest.mark.parametrize(("count", "entries", "broken"), [(2000, 2000, 0), (2001, 2000, 1), (2500, 2000, 1)])
def test_what_is_beyond_the_cap_is_counted(count, entries, broken):
    feed = parse(rss("<item><title>x</title></item>" * count).encode())
    assert (len(feed.entries), len(feed.broken)) == (entries, broken)
    if broken:
        assert str(count - 2000) in feed.broken[-1].reason


def test_every_field_is_capped():
    long = "长" * 60_000
    fields = "".join(f"<{tag}>{long}</{tag}>" for tag in ("title", "guid", "pubDate", "description"))
    tags = "".join(f"<category>{number}{long[:200]}</category>" for number in range(50))
    entry = parse(rss(item(fields + f"<link>http://a/{long}</link>" + tags)).encode()).entries[0]
    sizes = (len(entry.title), len(entry.summary), len(entry.guid), len(entry.url), len(entry.published_text))
    assert sizes == (50_000, 50_000, 2_000, 2_000, 100)
    assert (len(entry.categories), max(map(len, entry.categories))) == (20, 100)


@pytest.mark.parametrize(
    ("fields", "bases"),
    [
        (["<guid>1</guid><title>a</title>", "<guid>2</guid><title>b</title>"], [None, None]),
        (["<guid>1</guid><title>a</title>", "<guid>1</guid><title>a</title>"], [None, None]),
        (["<guid>h</guid><title>a</title>", "<guid>h</guid><title>b</title>"], ["text", "text"]),
        (
            [
                "<guid isPermaLink='false'>h</guid><link>http://a/1</link><title>a</title>",
                "<guid isPermaLink='false'>h</guid><link>http://a/2</link><title>b</title>",
            ],
            ["url", "url"],
        ),
        (["<link>http://a/</link><title>a</title>", "<link>http://a/</link><title>b</title>"], ["text", "text"]),
        (["<title>a</title>", "<title>b</title>"], ["text", "text"]),
    ],
)
def test_a_key_shared_by_several_stories_identifies_none_of_them(fields, bases):
    entries = parse(rss("".join(map(item, fields))).encode()).entries
    assert [entry.identity_by for entry in entries] == bases
    assert len({entry.identity for entry in entries}) == len({entry.title for entry in entries})


def changed(**fields: object) -> ParsedEntry:
    record = {name: getattr(ENTRY, name) for name in ("guid", "url", "title", "summary", "published_text")}
    return ParsedEntry(**{**record, **fields})


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (ENTRY, changed(title="改", url="http://b/", summary="改"), True),
        (ENTRY, changed(guid="h"), False),
        (changed(guid=""), changed(guid="", title="改", published_text=""), True),
        (changed(guid=""), changed(guid="", url="http://b/"), False),
        (changed(guid="", url=""), changed(guid="", url="", summary="改"), True),
        (changed(guid="", url=""), changed(guid="", url="", title="改"), False),
        (changed(guid="", url=""), changed(guid="", url="", published_text="2025-01-02"), False),
        (changed(identity_by=IdentityBasis.URL), changed(guid=""), True),
        (changed(identity_by=IdentityBasis.TEXT), changed(guid="", url=""), True),
    ],
)
def test_what_identifies_an_entry(one, other, is_same):
    assert (entry_identity(one, 1) == entry_identity(other, 1)) is is_same
    assert (one.identity == other.identity) is is_same
    assert entry_identity(one, 1) != entry_identity(one, 2)


def test_an_edited_entry_has_another_content():
    assert content_hash(ENTRY) == content_hash(changed(url="http://b/", published_text=""))
    assert len({content_hash(entry) for entry in (ENTRY, changed(title="改"), changed(summary="改"))}) == 3
    assert content_hash(changed(title="\ud800"))


# JSON


def test_json_feed():
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "县报",
        "items": [
            {"id": 7, "url": "http://a/7", "title": "标题", "content_text": "正文",
             "date_published": "2025-11-03T08:00:00+08:00", "tags": ["民生", 3, "民生"], "authors": [{"name": "张三"}]},
            {"id": "8", "content_html": "<p>只有正文</p>"},
            {"id": "9"},
            "no object",
        ],
    }  # fmt: skip
    feed = parse(json.dumps(document).encode())
    assert feed.title == "县报"
    assert feed.entries == (
        ParsedEntry("7", "http://a/7", "标题", "正文", "2025-11-03T08:00:00+08:00", ("民生",)),
        ParsedEntry("8", "", "", "<p>只有正文</p>"),
    )
    assert [broken.reason for broken in feed.broken] == ["条目没有标题和正文。", "条目不是对象。"]


@pytest.mark.parametrize(
    "wrap", ["{}", '{{"data": {}}}', '{{"code": 200, "data": {{"list": {}}}}}', '{{"realtime": {}}}']
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_a_hot_list(wrap, encoding):
    rows = '[{"rank": 1, "title": "停水", "url": "http://a/1", "hot": 986000},'
    rows += '{"rank": 3, "title": "塌方", "hot": "12.5万"}]'
    feed = parse(wrap.format(rows).encode(encoding), "application/json")
    assert [(e.rank, e.title, e.url, e.heat_value) for e in feed.entries] == [
        (1, "停水", "http://a/1", 986_000.0),
        (3, "塌方", "", 125_000.0),
    ]


@pytest.mark.parametrize(
    ("hot", "heat"),
    [
        ("5", 5.0), ('"1,234"', 1234.0), ('"1.5亿"', 150_000_000.0), ('"3k"', 3000.0), ('"2w热度"', 20_000.0),
        ("0", 0.0), ("-1", None), ("true", None), ("null", None), ('"热"', None), ("NaN", None), ("Infinity", None),
        ("1e999", None), ("9" * 4000, None), ("[]", None), ("{}", None),
    ],
)  # fmt: skip
def test_heat_in_all_its_spellings(hot, heat):
    assert parse(f'[{{"title": "a", "hot": {hot}}}]'.encode()).entries[0].heat_value == heat


def test_the_order_of_a_hot_list_is_its_ranking_and_that_of_a_feed_is_none():
    assert [e.rank for e in parse(b'[{"title":"a","hot":9},{"word":"b","hot":8}]').entries] == [1, 2]
    assert [e.rank for e in parse(b'{"items":[{"title":"a"},{"title":"b"}]}').entries] == [None, None]


# Dates


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-11-03T08:00:00+08:00", "2025-11-03 00:00:00"),
        ("2025-11-03T08:00:00Z", "2025-11-03 08:00:00"),
        ("2025-11-03T08:00:00.123456789Z", "2025-11-03 08:00:00"),
        ("2025-11-03T08:00", "2025-11-03 00:00:00"),
        ("2025-11-03 08:00:00", "2025-11-03 00:00:00"),
        ("2025-11-03 08:00:00 +0800", "2025-11-03 00:00:00"),
        ("2025-11-03T08:00:00-05:30", "2025-11-03 13:30:00"),
        ("2025-11-3 8:5", "2025-11-03 00:05:00"),
        ("2025/11/03 08:00", "2025-11-03 00:00:00"),
        ("2025.11.03", "2025-11-02 16:00:00"),
        ("20251103", "2025-11-02 16:00:00"),
        ("20251103T080000", "2025-11-03 00:00:00"),
        ("202511030800", "2025-11-03 00:00:00"),
        ("2025年11月3日", "2025-11-02 16:00:00"),
        ("2024年1月1日 08:00", "2024-01-01 00:00:00"),
        ("2025年11月3日 星期一 8时5分", "2025-11-03 00:05:00"),
        ("2025年11月3日8点", "2025-11-03 00:00:00"),
        ("2025年11月3日 下午3:30", "2025-11-03 07:30:00"),
        ("2025年11月3日上午10:00:05", "2025-11-03 02:00:05"),
        ("2025年11月3日 中午12:00", "2025-11-03 04:00:00"),
        ("2025年11月3日 晚上8:00", "2025-11-03 12:00:00"),
        ("２０２５年１１月３日", "2025-11-02 16:00:00"),
        ("2025-11-03 24:00", "2025-11-03 16:00:00"),
        ("2025-11-03 23:59:60", "2025-11-03 15:59:59"),
        ("Mon, 03 Nov 2025 08:00:00 +0800", "2025-11-03 00:00:00"),
        ("Mon, 03 Nov 2025 08:00:00 GMT", "2025-11-03 08:00:00"),
        ("Mon, 03 Nov 2025 08:00:00 CST", "2025-11-03 00:00:00"),
        ("Mon, 03 Nov 2025 08:00:00", "2025-11-03 00:00:00"),
        ("Mon, 03 Nov 2025 08:00", "2025-11-03 00:00:00"),
        ("Mon Nov  3 08:00:00 2025", "2025-11-03 00:00:00"),
        ("Mon, 03 Nov 2025 08:00:00 +0000", "2025-11-03 08:00:00"),
        ("Mon Nov  3 08:00:00 CST 2025", "2025-11-03 00:00:00"),
        ("03 Nov 2025 08:00 EST", "2025-11-03 13:00:00"),
        ("Mon, 03 Nov 2025 08:00:00 +0800 (中国标准时间)", "2025-11-03 00:00:00"),
        ("1762128000", "2025-11-03 00:00:00"),
        ("1762128000000", "2025-11-03 00:00:00"),
        ("1990-01-01T00:00:00Z", "1990-01-01 00:00:00"),
        ("2100-12-31T00:00:00Z", "2100-12-31 00:00:00"),
    ],
)
def test_dates_are_read_as_a_chinese_publisher_means_them(text, utc):
    assert instant(text) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "昨天", "3小时前", "刚刚", "2025", "11-03", "2025-13-01", "2025-02-30", "2025-11-03 25:00",
        "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1989-12-31T00:00:00Z", "2101-01-01T00:00:00Z", "Mon, 99 Nov 2025 08:00:00",
        "-1", "9" * 300, "2025-11-03T08:00:00+99:99", "Mon, 03 Nov 99999 08:00:00 +0800", "\ud800", "\0",
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(text):
    assert instant(text) is None
