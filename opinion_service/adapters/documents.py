"""Files for the word processor, written with python-docx; a paper comes in as plain JSON and leaves as bytes.

Page and type of official papers (GB/T 9704-2012): A4, upper margin 37 mm, left 28 mm, 22 lines of 28 characters,
title in 小标宋 22 pt, headings in 黑体 and 楷体, text in 仿宋 16 pt, page numbers between dashes.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph
from lxml import etree

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BODY, TITLE, FIRST, SECOND, FIGURES = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312", "宋体"
# What a machine without the font takes instead; the order is Word's own search order.
FALLBACKS: Mapping[str, str] = {BODY: "仿宋,FangSong,STFangsong", TITLE: "方正小标宋_GBK,华文中宋,宋体",
                                SECOND: "楷体,KaiTi,STKaiti"}  # fmt: skip
HEADINGS: Mapping[str, str] = {"one": FIRST, "two": SECOND}
# 225 mm of text in 22 lines, 156 mm in 28 characters of 16 pt: twentieths of a point, and 1/4096 of a point.
LINE_PITCH, CHARACTER_SPACE = 580, -849


def paper_docx(content: Mapping[str, Any]) -> bytes:
    """Return a paper as a .docx; `content` is what `domain.reminders.papers` or `domain.casework.papers` writes."""
    document = _blank()
    _line(document, content["heading"], size=22, font=TITLE, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, content["number"], align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, content["to"])
    for block in blocks_of(content):
        _block(document, block)
    _line(document, content.get("signed", ""), align=WD_ALIGN_PARAGRAPH.RIGHT)
    _line(document, content["at"].partition(" ")[0], align=WD_ALIGN_PARAGRAPH.RIGHT)
    _line(document, f"送达：{content['copies']}" if content["copies"] else "", size=14)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def blocks_of(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the body of a paper as blocks; a paper of the ladder has paragraphs and one table before the last."""
    if "blocks" in content:
        return list(content["blocks"])
    *before, last = content["paragraphs"]
    table = [{"kind": "table", "columns": content["columns"], "rows": content["rows"]}] if content["rows"] else []
    return [*({"kind": "text", "text": text} for text in before), *table, {"kind": "text", "text": last}]


def _block(document: DocumentType, block: Mapping[str, Any]) -> None:
    if block["kind"] == "table":
        _table(document, block["columns"], block["rows"])
        return
    _line(document, block["text"], font=HEADINGS.get(block["kind"], BODY), indent=True)


def _blank() -> DocumentType:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    section.footer_distance = Cm(2.8)
    grid = OxmlElement("w:docGrid")
    for name, value in (("type", "linesAndChars"), ("linePitch", LINE_PITCH), ("charSpace", CHARACTER_SPACE)):
        grid.set(qn(f"w:{name}"), str(value))
    for old in section._sectPr.findall(qn("w:docGrid")):  # noqa: SLF001
        section._sectPr.remove(old)  # noqa: SLF001
    section._sectPr.append(grid)  # noqa: SLF001
    normal = document.styles["Normal"]
    normal.font.size = Pt(16)
    normal.paragraph_format.space_after = Pt(0)
    _east_asian(normal.element.get_or_add_rPr(), BODY)
    _name_fallbacks(document)
    _number_pages(section.footer.paragraphs[0])
    return document


def _name_fallbacks(document: DocumentType) -> None:
    """Write into the font table what to take where a font is missing."""
    part = next(one for one in document.part.package.iter_parts() if str(one.partname) == "/word/fontTable.xml")
    table = parse_xml(part.blob)
    for name, others in FALLBACKS.items():
        table.append(parse_xml(f'<w:font {nsdecls("w")} w:name="{name}"><w:altName w:val="{others}"/></w:font>'))
    part._blob = etree.tostring(table, xml_declaration=True, encoding="UTF-8", standalone=True)  # noqa: SLF001


def _number_pages(paragraph: Paragraph) -> None:
    """Write `— 1 —` at the foot of every page."""
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _set_font(paragraph.add_run("— "), FIGURES, 14)
    run = paragraph.add_run()
    _set_font(run, FIGURES, 14)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._element.append(element)  # noqa: SLF001
    _set_font(paragraph.add_run(" —"), FIGURES, 14)


def _line(
    document: DocumentType,
    text: str,
    *,
    size: int = 16,
    font: str = BODY,
    align: WD_ALIGN_PARAGRAPH | None = None,
    indent: bool = False,
) -> None:
    if not text:
        return
    paragraph = document.add_paragraph()
    if align is not None:
        paragraph.alignment = align
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(2 * size)
    _set_font(paragraph.add_run(text), font, size)


def _table(document: DocumentType, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table with a head, or, without columns, a form whose first column is narrow."""
    width = len(columns) or len(rows[0])
    table = document.add_table(rows=0, cols=width)
    table.style = "Table Grid"
    size = 10 if width > 5 else 12
    for number, row in enumerate([columns, *rows] if columns else rows):
        cells = table.add_row().cells
        for place, (cell, text) in enumerate(zip(cells, row, strict=True)):
            is_head = number == 0 if columns else place == 0
            _set_font(cell.paragraphs[0].add_run(text), FIRST if is_head else BODY, size)
            if not columns:
                cell.width = Cm(3.2) if place == 0 else Cm(12.4)


def _set_font(run: Any, font: str, size: int) -> None:
    run.font.name, run.font.size = font, Pt(size)
    _east_asian(run._element.get_or_add_rPr(), font)  # noqa: SLF001


def _east_asian(properties: Any, font: str) -> None:
    # Word takes Chinese glyphs from the East Asian font, which python-docx does not set by itself.
    properties.get_or_add_rFonts().set(qn("w:eastAsia"), font)
