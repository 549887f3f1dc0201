"""Which files may lie with a case: by name, size and content, with the boundary in the row."""

import io
import struct
import zipfile

import pytest

from opinion_service.domain.casework.files import KINDS, MOST_BYTES, check_content, checked_name, type_of
from opinion_service.domain.errors import InvalidInput

PDF = b"%PDF-1.7\n1 0 obj"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def archive(*members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for member in members:
            packed.writestr(member, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("脚本.exe", "不能上传"), ("通知.pdf.exe", "不能上传"), (".pdf", "不能上传"), ("图.svg", "不能上传"), ("无", "不能上传"),
        ("", "不能上传"), ("宏.docm", "不能上传"), ("a.pdf\u202etxt.exe", "不能上传"),
        ("通知.exe.pdf", "两个扩展名"), ("网页.html.pdf", "两个扩展名"), ("通知.PDF.docx", "两个扩展名"), ("x.js .png", "两个扩展名"),
    ],
)  # fmt: skip
def test_a_name_is_refused(name: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        checked_name(name)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("..\\..\\通知 v1.2.PDF", "通知 v1.2.pdf"), ("a/b/方案.docx", "方案.docx"), ("2026.03.02.csv", "2026.03.02.csv"),
        ("fdp\u202e.txt", "fdp.txt"), ("一\x00二.txt", "一二.txt"), ("长" * 300 + ".jpeg", "长" * 115 + ".jpeg"),
    ],
)  # fmt: skip
def test_a_name_is_made_harmless(name: str, kept: str) -> None:
    assert checked_name(name) == kept


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("空.pdf", b"", "空的"), ("假.pdf", b"<html>", "不符"), ("假.png", PDF, "不符"), ("假.jpg", b"\xff\xd8", "不符"),
        ("假.txt", b"a\x00b", "不符"), ("假.csv", b"\xff\xfe\xff", "不符"), ("假.docx", archive("a.txt"), "不符"),
        ("表.docx", archive("xl/workbook.xml"), "不符"), ("断.docx", b"PK\x03\x04broken", "不符"), ("旧.docx", OLE, "不符"),
        ("假.ofd", archive("word/document.xml"), "不符"), ("宏.docx", archive("word/document.xml", "word/vbaProject.bin"), "宏"),
        ("大.pdf", b"%PDF-" + b"0" * (MOST_BYTES - 4), "20 MB"),
    ],
)  # fmt: skip
def test_a_content_is_refused(name: str, body: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_content(name, body)


def crowded(members: int, claimed: int, comment: bytes = b"") -> bytes:
    """Return an archive with a document and so many members in its list, and the number its end claims."""
    whole = archive("word/document.xml")
    start, end = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    entries = whole[start:end] * members
    sizes = struct.pack("<HHIIH", claimed, claimed, len(entries), start, len(comment))
    return whole[:start] + entries + b"PK\x05\x06" + b"\x00" * 4 + sizes + comment


@pytest.mark.parametrize(
    "body",
    [
        crowded(5_001, 5_001), crowded(1, 5_001), crowded(1, 0xFFFF, b"x" * 0xFFFF),
        crowded(5_001, 1),  # the end lies
    ],
)  # fmt: skip
def test_an_archive_of_too_many_members_is_refused_before_it_is_opened(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(zipfile, "ZipFile")

    with pytest.raises(InvalidInput, match="过多的部分"):
        check_content("信.docx", body)


def test_an_archive_of_the_most_members_is_taken() -> None:
    check_content("信.docx", crowded(5_000, 5_000))


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("最大.pdf", b"%PDF-" + b"0" * (MOST_BYTES - 5)), ("信.docx", archive("[Content_Types].xml", "word/document.xml")),
        ("表.xlsx", archive("xl/workbook.xml")), ("文.ofd", archive("OFD.xml")), ("旧.doc", OLE + b"x"), ("记录.txt", b"a"),
        ("记录.txt", "回访记录".encode()), ("记录.csv", "回访,记录".encode("gb18030")),
    ],
)  # fmt: skip
def test_a_content_is_taken(name: str, body: bytes) -> None:
    check_content(name, body)


def test_every_kind_is_handed_out_as_something_no_browser_runs() -> None:
    assert not {type_of(f"a{end}") for end in KINDS} & {"text/html", "image/svg+xml", "application/xhtml+xml"}
