"""Beside the case: tasks, files, who else has it open; and the page of one's own tasks."""

from io import BytesIO

from flask import Blueprint, abort, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.casework.files import MOST_BYTES, type_of
from opinion_service.domain.errors import InvalidInput
from opinion_service.models import db
from opinion_service.queries.casework import beside as queries
from opinion_service.services.casework import attachments, presence, tasks
from opinion_service.web import form_values
from opinion_service.web.casework.form_values import day

blueprint = Blueprint("beside", __name__)
FORM_BYTES = 64 * 1024


@blueprint.url_value_preprocessor
def _admit_files(endpoint: str | None, _values: dict[str, str] | None) -> None:
    """Let one upload be larger than other forms; this runs before anything reads the form."""
    if endpoint == "beside.attach":
        request.max_content_length = MOST_BYTES + FORM_BYTES


@blueprint.post("/cases/<number>/tasks")
def add_task(number: str) -> ResponseReturnValue:
    """Write a task down."""
    new = tasks.NewTask(
        request.form.get("text", ""), form_values.whole("owner_id"), day("due_on")
    )  # fmt: skip
    tasks.add(_case_id(number), new, actor=g.actor, now=g.now)
    return _back(number, gettext("任务已登记，会出现在负责人的任务页上。"), "tasks")


@blueprint.post("/cases/<number>/tasks/<int(max=999999999999):task_id>/done")
def finish_task(number: str, task_id: int) -> ResponseReturnValue:
    """Mark a task as done."""
    _case_id(number)
    tasks.finish(task_id, request.form.get("note", ""), actor=g.actor, now=g.now)
    return _back(number, gettext("任务已完成。"), "tasks")


@blueprint.post("/cases/<number>/files")
def attach(number: str) -> ResponseReturnValue:
    """Lay a file with the case."""
    case_id = _case_id(number)
    given = request.files.get("file")
    if given is None or not given.filename:
        raise InvalidInput("请选择要上传的文件。", "file")
    attachments.attach(case_id, given.filename, given.read(MOST_BYTES + 1), actor=g.actor, now=g.now)
    return _back(number, gettext("附件已上传。"), "files")


@blueprint.get("/cases/<number>/files/<int(max=999999999999):file_id>")
def download(number: str, file_id: int) -> ResponseReturnValue:
    """Hand a file out to who may see its case; the browser saves it and never shows it in the desk's own name."""
    found = queries.file_of(db.session(), g.actor, number, file_id)
    if found is None:
        abort(404)
    name, body = found
    answer = send_file(BytesIO(body), mimetype=type_of(name), as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/cases/<number>/files/<int(max=999999999999):file_id>/remove")
def remove(number: str, file_id: int) -> ResponseReturnValue:
    """Take a file away, with a reason."""
    _case_id(number)
    attachments.take_away(file_id, request.form.get("note", ""), actor=g.actor, now=g.now)
    return _back(number, gettext("附件已移除，记录和校验值保留。"), "files")


@blueprint.post("/cases/<number>/presence")
def look(number: str) -> ResponseReturnValue:
    """Note that the person has the case open and say who else has."""
    case_id = _case_id(number)
    if request.form.get("left") == "1":
        presence.leave(case_id, actor=g.actor)
        return "", 204
    presence.look(case_id, is_writing=request.form.get("writing") == "1", actor=g.actor, now=g.now)
    others = queries.others(db.session(), g.actor, case_id, now=g.now)
    return render_template("cases/_present.html", present=others)


@blueprint.get("/tasks")
def own_tasks() -> ResponseReturnValue:
    """Show the person's own tasks over all cases."""
    state = request.args.get("state", "")
    page = queries.own_tasks(db.session(), g.actor, state=state, after=request.args.get("after", ""), now=g.now)
    words = (("", gettext("未完成")), ("late", gettext("已逾期")), ("done", gettext("已完成")))
    tabs = tuple(
        {"label": word, "url": url_for("beside.own_tasks", state=code or None), "current": code == state}
        for code, word in words
    )
    return render_template("cases/tasks.html", page=page, tabs=tabs)


def _case_id(number: str) -> int:
    found = queries.case_id_of(db.session(), g.actor, number)
    db.session.rollback()
    if found is None:
        abort(404)
    return found


def _back(number: str, text: str, place: str) -> ResponseReturnValue:
    flash(text, "success")
    return redirect(url_for("cases.shown", number=number, _anchor=place))
