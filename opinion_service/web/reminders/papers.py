"""The papers of the ladder: a list, a page to print, a file for the word processor, and the 通报."""

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.adapters import documents
from opinion_service.domain.reminders.papers import PaperKind
from opinion_service.models import LadderDocument, db
from opinion_service.queries import desk
from opinion_service.queries.reminders import papers as queries
from opinion_service.services.reminders import papers as service

blueprint = Blueprint("papers", __name__)


@blueprint.get("/papers")
def listed() -> ResponseReturnValue:
    """Show the papers in the order of their issue."""
    args = request.args
    wanted = queries.PaperFilter(
        kind=args.get("kind", ""),
        text=args.get("q", "").strip()[:100],
        department_id=args.get("department", type=int),
        descending=args.get("dir", "desc") == "desc",
        after=args.get("after", ""),
    )
    page = queries.list_papers(db.session(), g.actor, wanted)
    return render_template("ladder/papers.html", page=page, filters=_filters(wanted))


@blueprint.get("/papers/<int:paper_id>")
def shown(paper_id: int) -> ResponseReturnValue:
    """Show one paper as it is printed."""
    paper = _paper(paper_id)
    return render_template("ladder/paper.html", paper=paper, blocks=documents.blocks_of(paper.content))


@blueprint.get("/papers/<int:paper_id>.docx")
def downloaded(paper_id: int) -> ResponseReturnValue:
    """Give one paper as a file for the word processor."""
    paper = _paper(paper_id)
    answer = Response(documents.paper_docx(paper.content), mimetype=documents.DOCX)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{paper.kind}-{paper.year}-{paper.serial}.docx")
    return answer


@blueprint.get("/circulars")
def candidates() -> ResponseReturnValue:
    """Show what is overdue by five working days and stands in no 通报 yet."""
    department_id, after = request.args.get("department", type=int), request.args.get("after", "")
    rows, further = queries.candidates(db.session(), department_id=department_id, after=after)
    departments = desk.departments(db.session())
    return render_template(
        "ladder/circulars.html",
        rows=rows,
        page={"before": "", "after": further},
        filters=(_department_filter(department_id, departments),),
    )


@blueprint.post("/circulars")
def issue() -> ResponseReturnValue:
    """Issue a 通报 of what was chosen."""
    db.session.rollback()
    rung_ids = request.form.getlist("rung_id", type=int)
    paper_id = service.issue_circular(rung_ids, request.form.get("note", ""), actor=g.actor, now=g.now)
    flash(gettext("通报已印发，可打印或下载。"), "success")
    return redirect(url_for("papers.shown", paper_id=paper_id))


def _paper(paper_id: int) -> LadderDocument:
    paper = queries.paper(db.session(), g.actor, paper_id)
    if paper is None:
        abort(404)
    return paper


def _filters(wanted: queries.PaperFilter) -> tuple[dict[str, object], ...]:
    kinds = tuple((one.value, gettext(one.label)) for one in PaperKind)
    return (
        {"name": "q", "label": gettext("案号或标题"), "kind": "search", "value": wanted.text},
        {"name": "kind", "label": gettext("文书"), "kind": "select", "options": kinds, "value": wanted.kind},
        _department_filter(wanted.department_id, desk.departments(db.session())),
    )


def _department_filter(chosen: int | None, departments: tuple[tuple[int, str], ...]) -> dict[str, object]:
    return {
        "name": "department",
        "label": gettext("承办单位"),
        "kind": "select",
        "options": departments,
        "value": chosen or "",
    }
