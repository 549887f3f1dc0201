"""Handing files in and typing entries in: upload, preview, rehearsal, progress, what went wrong."""

import csv
import io

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service import intake
from opinion_service.adapters import tables
from opinion_service.domain import typed_values
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.listening.import_rows import ImportField
from opinion_service.models import db
from opinion_service.queries.listening import imports as queries
from opinion_service.services.listening import imports as service
from opinion_service.web.formats import translated

blueprint = Blueprint("imports", __name__, url_prefix="/imports")
ENCODINGS = (("utf-8-sig", "UTF-8"), ("gb18030", "GBK / GB18030"), ("big5", "Big5"), ("utf-16", "UTF-16"))


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the runs, the newest first, and where to hand a file in."""
    return _list_page()


@blueprint.post("")
def upload() -> ResponseReturnValue:
    """Take a file, or a table that was pasted, and show what it holds; nothing is imported yet."""
    db.session.rollback()
    form = request.form
    given = request.files.get("file")
    name, body = (given.filename or "", given.read()) if given and given.filename else ("", b"")
    if not body and form.get("pasted", "").strip():
        name, body = gettext("粘贴的表格") + ".tsv", form["pasted"].encode()
    try:
        if not body:
            raise InvalidInput("请选择文件，或粘贴表格。文件不能是空的。", "file")
        new = intake.look_at(form.get("source", ""), name, body, form.get("encoding", ""))
        run_id = service.receive(new, actor=g.actor, now=g.now)
    except InvalidInput as error:
        return _list_page(errors=((error.field, translated(str(error))),)), 422
    return redirect(url_for("imports.shown", run_id=run_id))


@blueprint.get("/<int:run_id>")
def shown(run_id: int) -> ResponseReturnValue:
    """Show one run: its preview, its progress, or what came of it."""
    view = queries.run_view(db.session(), run_id, now=g.now)
    if view is None:
        abort(404)
    wrong = queries.problems(db.session(), run_id, after=request.args.get("after", ""))
    fields = tuple((field.value, gettext(field.label)) for field in ImportField)
    columns = tuple(enumerate(name or gettext("第 %(n)s 列", n=place + 1) for place, name in enumerate(view.columns)))
    return render_template(
        "imports/run.html", view=view, problems=wrong, fields=fields, columns=columns, encodings=ENCODINGS
    )


@blueprint.post("/<int:run_id>/act")
def act(run_id: int) -> ResponseReturnValue:
    """Take one step with a run: read it anew, map its columns, rehearse, import or cancel."""
    db.session.rollback()
    action = request.form.get("action", "")
    if action not in ("reread", "map", "rehearse", "start", "cancel"):
        abort(400)
    if action == "reread":
        body, kind = service.file_of(run_id, actor=g.actor)
        service.reread(run_id, intake.look_at("", f"x.{kind}", body, request.form.get("encoding", "")), actor=g.actor)
    elif action == "cancel":
        service.cancel(run_id, actor=g.actor, now=g.now)
        flash(gettext("已取消，文件已删除。"), "success")
    else:
        service.map_columns(run_id, _mapping(), actor=g.actor)
        if action != "map":
            service.start(run_id, is_rehearsal=action == "rehearse", actor=g.actor, now=g.now)
    return redirect(url_for("imports.shown", run_id=run_id))


@blueprint.get("/<int:run_id>/problems.csv")
def problems(run_id: int) -> ResponseReturnValue:
    """Give the rows that went wrong as CSV, for a spreadsheet; no cell of it is a formula."""
    if queries.run_view(db.session(), run_id, now=g.now) is None:
        abort(404)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([gettext("行号"), gettext("结果"), gettext("原因"), gettext("内容摘录")])
    for row in queries.problems(db.session(), run_id, limit=10_000).rows:
        result = gettext("已导入，有缺失") if row.is_kept else gettext("未导入")
        cells = (str(row.row_number), result, translated(row.reason), row.excerpt)
        writer.writerow([tables.spreadsheet_safe(cell) for cell in cells])
    # The mark at the beginning is what makes a spreadsheet read UTF-8.
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="import-{run_id}-problems.csv"'
    return answer


def _list_page(errors: tuple[tuple[str, str], ...] = ()) -> str:
    state = request.args.get("state", "")
    source_id = request.args.get("source", type=int)
    after = request.args.get("after", "")
    known = queries.sources(db.session())
    states = tuple((code, gettext(word)) for code, word in queries.STATES.items())
    filters = (
        {"name": "state", "label": gettext("状态"), "kind": "select", "options": states, "value": state},
        {"name": "source", "label": gettext("信源"), "kind": "select", "options": known, "value": source_id or ""},
    )
    page = queries.runs(db.session(), state=state, source_id=source_id, after=after)
    return render_template(
        "imports/list.html", page=page, filters=filters, sources=known, encodings=ENCODINGS, errors=errors,
        form=request.form,
    )  # fmt: skip


def _mapping() -> dict[ImportField, int]:
    chosen = ((field, request.form.get(f"column_{field.value}", "")) for field in ImportField)
    read = ((field, typed_values.whole_number(place)) for field, place in chosen)
    return {field: place for field, place in read if place is not None}
