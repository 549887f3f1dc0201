"""Files for the word processor, written with python-docx; a paper comes in as plain JSON and leaves as bytes."""

import io
from collections.abc import Mapping
from typing import Any

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Page and type of official papers (GB/T 9704-2012): A4, upper margin 37 mm, left 28 mm, text in 仿宋 16 pt.
BODY, HEADING = "仿宋", "方正小标宋简体"


def paper_docx(content: Mapping[str, Any]) -> bytes:
    """Return a paper of the ladder as a .docx; `content` is what `domain.reminders.papers` writes."""
    document = _blank()
    _line(document, content["heading"], size=22, font=HEADING, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, content["number"], align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, content["to"])
    *before, last = content["paragraphs"]
    for text in before:
        _line(document, text, indent=True)
    if content["rows"]:
        _table(document, content["columns"], content["rows"])
    _line(document, last, indent=True)
    _line(document, content["at"].partition(" ")[0], align=WD_ALIGN_PARAGRAPH.RIGHT)
    if content["copies"]:
        _line(document, f"送达：{content['copies']}", size=14)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _blank() -> DocumentType:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    return document


def _line(
    document: DocumentType,
    text: str,
    *,
    size: int = 16,
    font: str = BODY,
    align: WD_ALIGN_PARAGRAPH | None = None,
    indent: bool = False,
) -> None:
    paragraph = document.add_paragraph()
    if align is not None:
        paragraph.alignment = align
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(2 * size)
    _set_font(paragraph.add_run(text), font, size)


def _table(document: DocumentType, columns: list[str], rows: list[list[str]]) -> None:
    table = document.add_table(rows=1, cols=len(columns))
    table.style = "Table Grid"
    for cell, text in zip(table.rows[0].cells, columns, strict=True):
        _set_font(cell.paragraphs[0].add_run(text), BODY, 10)
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            _set_font(cell.paragraphs[0].add_run(text), BODY, 10)


def _set_font(run: Any, font: str, size: int) -> None:
    run.font.name, run.font.size = font, Pt(size)
    # Word takes Chinese glyphs from the East Asian font, which python-docx does not set by itself.
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)  # noqa: SLF001
