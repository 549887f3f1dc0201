"""A table of documents made to hurt: every hostile piece in every place where a feed has one.

Each document holds a good entry before and one after the hostile one, titled GOOD, unless its name is in WHOLE: there
the document as a whole is the attack and no entry can be expected.
"""

import json

GOOD = ("县城路灯长期不亮", "小区自来水发黄")

# What is put where a title, a text, an address, an id or a date is expected.
PIECES: dict[str, str] = {
    "nul": "a\x00b",
    "controls": "".join(map(chr, range(1, 32))) + "x",
    "c1": "".join(map(chr, range(0x7F, 0xA0))) + "x",
    "surrogates": "&#xD800;&#xDFFF;x",
    "not a character": "&#xFFFE;&#xFFFF;x",
    "beyond unicode": "&#x110000;&#99999999999;x",
    "reorders": "\u202eabc\u202c\u2066x\u2069",
    "zero width": "\u200b\u200d\u2060" * 2_000 + "x",
    "combining": "a" + "\u0301" * 20_000,
    "script": "<![CDATA[<script>alert(1)</script>x]]>",
    "handler": "<![CDATA[<img src=x onerror=alert(1)>x]]>",
    "escaped script": "&lt;script&gt;alert(1)&lt;/script&gt;x",
    "escaped thrice": "&amp;amp;lt;b&amp;amp;gt;x",
    "javascript": "javascript:alert(1)",
    "data address": "data:text/html;base64,PHNjcmlwdD4=",
    "file address": "file:///etc/passwd",
    "path": "/etc/hostname",
    "inward": "http://169.254.169.254/latest/meta-data/",
    "credentials": "http://user:secret@forum.example/",
    "no entity": "&undeclared;x",
    "bare ampersand": "a & b &&& c",
    "unclosed cdata": "<![CDATA[x",
    "closed twice": "x]]>]]>",
    "open tags": "<![CDATA[" + "<a " * 50_000 + "]]>",
    "deep tags": "<b>" * 2_000 + "x" + "</b>" * 2_000,
    "attributes": "<i " + " ".join(f'a{n}="{n}"' for n in range(3_000)) + ">x</i>",
    "comments": "<!--" + "-" * 50_000 + "-->x",
    "long": "长" * 300_000,
    "long word": "a" * 300_000,
    "spaces": " \t\u3000" * 100_000 + "x",
    "digits": "1" * 100_000,
    "date": "9999-99-99T99:99:99+99:99",
    "far date": "Fri, 31 Dec 9999 23:59:59 -2359",
    "Han number": "十十十年十十月十十日",
    "arabic digits": "٢٠٢٤-٠١-٠١",
    "quotes": "' OR 1=1; DROP TABLE item; --",
    "template": "{{ 7*7 }}${7*7}%(x)s{0}",
    "formula": '=HYPERLINK("http://x")',
    "header": "x\r\nBcc: a@b.example",
    "encoded word": "=?UTF-8?Q?=0ABcc:_a=40b.example?=",
    "emoji": "👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿" * 500,
    "tags plane": "".join(chr(0xE0000 + n) for n in range(128)) + "x",
    "private use": "\ue000\uf8ff\U000f0000x",
    "only signs": "！？。，、",
    "empty": "",
    "phone": "请致电13912345678",
    "many phones": "13912345678 " * 5_000,
    "card": "430902199001011234 6222021234567890123",
    "regex bait": "a" * 5_000 + "!" * 5_000 + "@" * 5_000,
    "brackets": "(" * 20_000 + "[" * 20_000,
    "lookalike": "раураl 县城",
}
PLACES = {
    "title": "<item><guid>h</guid><title>{}</title></item>",
    "text": "<item><guid>h</guid><title>x</title><description>{}</description></item>",
    "link": "<item><guid>h</guid><title>x</title><link>{}</link></item>",
    "guid": "<item><guid>{}</guid><title>x</title></item>",
    "date": "<item><guid>h</guid><title>x</title><pubDate>{}</pubDate></item>",
    "author": "<item><guid>h</guid><title>x</title><author>{}</author></item>",
}
# Pieces that swallow the rest of an XML document wherever they stand.
SWALLOWS = frozenset({"unclosed cdata"})

_LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
WHOLE: dict[str, bytes] = {
    "billion laughs": f'<!DOCTYPE r [<!ENTITY l0 "lol">{_LOL}]><rss><channel><item><title>&l9;</title></item></channel></rss>'.encode(),
    "quadratic": f'<!DOCTYPE r [<!ENTITY a "{"a" * 20_000}">]><rss><channel><item><title>{"&a;" * 20_000}</title></item></channel></rss>'.encode(),
    "external entity": b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>',
    "parameter entity": b'<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]><rss><channel/></rss>',
    "external dtd": b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd"><rss><channel/></rss>',
    "utf-16 laughs": ('\ufeff<!DOCTYPE r [<!ENTITY a "b">]><rss><channel><item><title>&a;</title></item></channel></rss>').encode("utf-16-le"),
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?>+ADw-rss+AD4-',
    "a path": b"/etc/hostname", "a file address": b"file:///etc/passwd", "windows path": b"C:\\boot.ini",
    "html page": b"<html><body>" + b"<p>hello" * 100_000, "nothing": b"", "nul bytes": b"\0" * 100_000,
    "noise": bytes(range(256)) * 500, "gzip of nothing": b"\x1f\x8b\x08\x00" + b"\0" * 100, "png": b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
    "deep": b"<rss><channel>" + b"<item>" * 50_000, "only opened": b"<" * 200_000, "attributes": b"<rss " + b'a="1" ' * 50_000 + b">",
    "json deep": b"[" * 200_000, "json keys": json.dumps({"items": [{str(n): n for n in range(20_000)}]}).encode(),
    "json number": b'{"items": [{"title": "x", "hot": ' + b"9" * 100_000 + b"}]}", "json nan": b'{"items": [NaN, Infinity]}',
    "json kinds": b'{"items": [1, "x", null, [], {"title": {}}, {"title": ["x"]}], "version": 7}',
}  # fmt: skip


def _item(title: str) -> str:
    return f"<item><guid>{title}</guid><title>{title}</title></item>"


def table() -> dict[str, bytes]:
    """Return every document by its name."""
    found = dict(WHOLE)
    for place, item in PLACES.items():
        for name, piece in PIECES.items():
            inside = _item(GOOD[0]) + item.replace("{}", piece) + _item(GOOD[1])
            text = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>x</title>{inside}</channel></rss>'
            found[f"{name} in {place}"] = text.encode("utf-8", "surrogatepass")
    return found


def promised(name: str) -> tuple[str, ...]:
    """Return the good titles that have to be read from the document of this name."""
    if name in WHOLE:
        return ()
    return GOOD[:1] if name.partition(" in ")[0] in SWALLOWS else GOOD
