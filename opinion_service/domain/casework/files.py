"""Which files may lie with a case: by the end of the name and by what the content is; names are made harmless."""

import zipfile
from io import BytesIO
from pathlib import PurePath

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.text import clean_text

MOST_BYTES = 20 * 1024 * 1024
LONGEST_NAME = 120
# Office documents have some hundred members; a list of hundreds of thousands takes 200 MB to read.
MOST_MEMBERS = 5_000
# The record at the end of an archive (APPNOTE 4.3.16) and the place of the number of members in it; a comment follows.
_END, _END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, 0xFFFF
_MEMBER = b"PK\x01\x02"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE = "application/vnd.openxmlformats-officedocument."

# The end of the name: how the content begins, and the type it is handed out as. Text has no beginning of its own.
KINDS: dict[str, tuple[bytes, str]] = {
    ".pdf": (b"%PDF-", "application/pdf"),
    ".ofd": (_ZIP, "application/ofd"),
    ".docx": (_ZIP, f"{_OFFICE}wordprocessingml.document"),
    ".xlsx": (_ZIP, f"{_OFFICE}spreadsheetml.sheet"),
    ".pptx": (_ZIP, f"{_OFFICE}presentationml.presentation"),
    ".doc": (_OLE, "application/msword"),
    ".xls": (_OLE, "application/vnd.ms-excel"),
    ".wps": (_OLE, "application/vnd.ms-works"),
    ".png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    ".jpg": (b"\xff\xd8\xff", "image/jpeg"),
    ".jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    ".txt": (b"", "text/plain"),
    ".csv": (b"", "text/csv"),
}
# What must lie in an archive for it to be the document that its name says.
_MEMBERS = {
    ".ofd": "OFD.xml",
    ".docx": "word/document.xml",
    ".xlsx": "xl/workbook.xml",
    ".pptx": "ppt/presentation.xml",
}
_MACROS = "vbaproject.bin"
# Second ends that make a file look like something it is not; other dots (v1.2, 2026.03) are harmless.
_MISLEADING = frozenset(KINDS) | {
    ".app", ".bat", ".chm", ".cmd", ".com", ".cpl", ".dll", ".exe", ".hta", ".htm", ".html", ".jar", ".js", ".jse",
    ".lnk", ".msi", ".php", ".pif", ".ps1", ".py", ".rar", ".reg", ".scr", ".sh", ".svg", ".vbe", ".vbs", ".wsf",
    ".xhtml", ".xml", ".zip", ".7z", ".docm", ".xlsm",
}  # fmt: skip


def checked_name(name: str) -> str:
    """Return the file name without folders, control characters and direction marks.

    Raise InvalidInput for an end that is not in KINDS, and for a name with two ends (`通知.pdf.exe`, `通知.exe.pdf`).
    """
    bare = clean_text(PurePath(name.replace("\\", "/")).name, 400).replace("/", "").strip(". ")
    path = PurePath(bare)
    end, stem = path.suffix.lower(), path.stem.strip()
    if end not in KINDS or not stem:
        raise InvalidInput("不能上传这种文件；可以上传 PDF、OFD、Word、Excel、PPT、WPS、PNG、JPG、TXT、CSV。", "file")
    if PurePath(stem).suffix.lower().strip() in _MISLEADING:
        raise InvalidInput("文件名有两个扩展名，请改名后再上传。", "file")
    return stem[: LONGEST_NAME - len(end)] + end


def check_content(name: str, body: bytes) -> None:
    """Raise InvalidInput when the content is empty, too large, carries macros, or is not what the name says."""
    if not body:
        raise InvalidInput("文件是空的，没有保存。", "file")
    if len(body) > MOST_BYTES:
        raise InvalidInput("文件超过 20 MB，没有保存；请压缩或拆分后再上传。", "file")
    end = PurePath(name).suffix.lower()
    beginning, _ = KINDS[end]
    fits = _is_text(body) if not beginning else body.startswith(beginning)
    if not fits or (end in _MEMBERS and not _is_document(end, body)):
        raise InvalidInput("文件内容与扩展名不符，没有保存。", "file")


def _is_text(body: bytes) -> bool:
    for encoding in ("utf-8", "gb18030"):
        try:
            return "\x00" not in body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return False


def _is_document(end: str, body: bytes) -> bool:
    """Return whether the archive is the document; only its list of members is read, nothing is unpacked."""
    if _has_too_many_members(body):
        raise InvalidInput("文件由过多的部分组成，没有保存；请另存为新文档后再上传。", "file")
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            members = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    if any(member.lower().endswith(_MACROS) for member in members):
        raise InvalidInput("文件带有宏，没有保存；请另存为不带宏的文档。", "file")
    return _MEMBERS[end] in members


def _has_too_many_members(body: bytes) -> bool:
    """Return whether the archive claims, or could hold, more than MOST_MEMBERS members; nothing of it is parsed.

    The number at the end may be a lie, and `zipfile` reads the list by its length: so the entries are counted too.
    """
    at = body.rfind(_END, max(len(body) - _LONGEST_COMMENT - _END_BYTES, 0))
    claimed = int.from_bytes(body[at + 10 : at + 12], "little") if at >= 0 else 0
    return claimed > MOST_MEMBERS or body.count(_MEMBER) > MOST_MEMBERS


def type_of(name: str) -> str:
    """Return the media type that a stored file is handed out as."""
    return KINDS[PurePath(name).suffix.lower()][1]
