"""The pages of the sources: the list, the page of each, its form with a preview, and lists as OPML."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from opinion_service.adapters import charts
from opinion_service.adapters.feed_client import Outline, read_opml, write_opml
from opinion_service.clock import DESK_ZONE
from opinion_service.domain import typed_values
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.listening.hearing import OUTCOME_LABELS, REASON_LABELS, STATE_LABELS
from opinion_service.models import Source, db
from opinion_service.queries.listening import hearing, scope_page, source_page
from opinion_service.services.listening import scope, source_book
from opinion_service.services.listening.source_book import NewSource, SourceChanged
from opinion_service.web.listening import scope_forms, source_charts, source_forms

blueprint = Blueprint("sources", __name__)
SORTS = ("state", "name", "heard", "new", "next", "usual")


@blueprint.get("/sources")
def listed() -> ResponseReturnValue:
    """List the sources, the broken first."""
    args = request.args
    sort = args.get("sort", "state")
    wanted = hearing.SourceFilter(
        args.get("state", ""), args.get("kind", ""), args.get("folder", ""), args.get("q", "").strip()[:100],
        sort if sort in SORTS else "state", args.get("dir") == "desc", args.get("after", "")[:200],
    )  # fmt: skip
    page = hearing.list_sources(db.session(), wanted, now=g.now)
    return render_template(
        "sources/list.html", page=page, filters=source_charts.filters(wanted, page.folders), wanted=wanted,
        tabs=source_charts.tabs(wanted, page), labels=STATE_LABELS, chart=source_charts.list_chart(page.rows),
        table=source_charts.list_table(page.rows),
    )  # fmt: skip


@blueprint.get("/sources/<int:source_id>")
def shown(source_id: int) -> ResponseReturnValue:
    """Show one source: its story, its hours and its ledger."""
    page = source_page.source_page(db.session(), source_id, now=g.now, before=request.args.get("after", "")[:60])
    if page is None:
        abort(404)
    return render_template(
        "sources/source.html", page=page, source=page.source, labels=STATE_LABELS, outcomes=OUTCOME_LABELS,
        reasons=REASON_LABELS, line=charts.hourly_series(page.hours, gettext("近 7 天每小时新增条数")),
        line_table=source_charts.days_table(page), grid=source_charts.day_grid(page),
        grid_table=source_charts.day_table(page),
    )  # fmt: skip


@blueprint.get("/sources/new")
def new() -> ResponseReturnValue:
    """Show the form of a new source; `copy` names one whose settings are taken over."""
    model = db.session().get(Source, request.args.get("copy", 0, type=int))
    values = dict(source_forms.EMPTY)
    if model is not None:
        watch = scope_page.watch_of(db.session(), model.id)
        values |= source_forms.values_of(model, watch) | {"name": "", "url": ""}
    return _form(values)


@blueprint.post("/sources")
def add() -> ResponseReturnValue:
    """Preview a new source, or listen to it."""
    db.session.rollback()
    try:
        wanted = source_forms.wanted_source(request.form)
        if request.form.get("action") == "place":
            return _form(scope_forms.with_place(source_forms.typed(request.form), request.form.get("place", "")))
        if request.form.get("action") == "preview":
            source_book.check_fields(wanted)
            return _form(source_forms.typed(request.form), preview=source_forms.preview_of(wanted, None, now=g.now))
        source_id = source_book.add_source(wanted, actor=g.actor, now=g.now)
    except InvalidInput as problem:
        return _form(source_forms.typed(request.form), problem=problem), 422
    flash(gettext("已新增信源，几秒内开始首次抓取。"), "success")
    return redirect(url_for("sources.shown", source_id=source_id))


@blueprint.get("/sources/<int:source_id>/edit")
def edit(source_id: int) -> ResponseReturnValue:
    """Show the form of a source."""
    source = _source(source_id)
    values = source_forms.values_of(source, scope_page.watch_of(db.session(), source_id))
    return _form(values | {"seen": source_book.stamp_of(db.session(), source)}, source=source)


@blueprint.post("/sources/<int:source_id>/edit")
def save(source_id: int) -> ResponseReturnValue:
    """Preview a changed source, or change it."""
    source = _source(source_id)
    db.session.expunge(source)
    db.session.rollback()
    values = source_forms.typed(request.form)
    try:
        wanted = source_forms.wanted_source(request.form)
        if request.form.get("action") == "place":
            return _form(scope_forms.with_place(values, request.form.get("place", "")), source=source)
        if request.form.get("action") == "preview":
            source_book.check_fields(wanted)
            # The network first: no transaction stays open while it is asked.
            preview = source_forms.preview_of(wanted, source, now=g.now) if source.kind != "import" else None
            effect = scope_forms.effect_of(db.session(), source_id, wanted, now=g.now)
            return _form(values, source=source, preview=preview, effect=effect)
        source_book.edit_source(source_id, wanted, actor=g.actor, now=g.now)
    except SourceChanged as problem:
        return _changed(values, source_id, problem), 409
    except InvalidInput as problem:
        return _form(values, source=source, problem=problem), 422
    flash(gettext("已保存。"), "success")
    return redirect(url_for("sources.shown", source_id=source_id))


@blueprint.post("/sources/<int:source_id>/effect")
def effect(source_id: int) -> ResponseReturnValue:
    """Give the part of the form's page with the effect of its scope on the last days; nothing is asked or kept."""
    _source(source_id)
    found, problem = None, ""
    try:
        wanted = source_forms.wanted_source(request.form)
        source_book.check_fields(wanted)
        found = scope_forms.effect_of(db.session(), source_id, wanted, now=g.now)
    except InvalidInput as refused:
        problem = str(refused)
    return render_template("sources/effect.html", effect=found, problem=problem, grounds=scope_forms.GROUNDS)


@blueprint.post("/sources/<int:source_id>/switch")
def switch(source_id: int) -> ResponseReturnValue:
    """Pause a source until further notice, until an instant, or listen again."""
    db.session.rollback()
    until = request.form.get("until", "").strip()
    if until:
        source_book.pause_until(source_id, _instant(until), actor=g.actor, now=g.now)
    else:
        source_book.set_listening(source_id, request.form.get("on") == "1", actor=g.actor, now=g.now)
    return redirect(url_for("sources.shown", source_id=source_id))


@blueprint.post("/sources/<int:source_id>/check")
def check(source_id: int) -> ResponseReturnValue:
    """Have a source checked in the next seconds."""
    db.session.rollback()
    source_book.check_now(source_id, actor=g.actor, now=g.now)
    flash(gettext("已安排立即检查，几秒后刷新可见结果。"), "success")
    return redirect(url_for("sources.shown", source_id=source_id))


@blueprint.get("/sources/<int:source_id>/response")
def response(source_id: int) -> ResponseReturnValue:
    """Show the last document of a source, personal data taken out."""
    source = _source(source_id)
    kept = source_page.last_body(db.session(), source_id)
    text, length = source_forms.readable(kept) if kept is not None else ("", 0)
    return render_template("sources/response.html", source=source, kept=kept, text=text, length=length)


@blueprint.get("/sources/<int:source_id>/passed-over")
def passed_over(source_id: int) -> ResponseReturnValue:
    """List what a source brought in the last days and its expression did not want."""
    source = _source(source_id)
    args = request.args
    grounds = args.get("grounds", "")
    wanted = scope_page.PassedFilter(
        grounds if grounds in scope_forms.GROUNDS else "", args.get("q", "").strip()[:100],
        args.get("dir") == "asc", args.get("after", "")[:80],
    )  # fmt: skip
    page = scope_page.passed_over(db.session(), source_id, wanted, now=g.now)
    filters = scope_forms.filters(wanted)
    return render_template(
        "sources/passed_over.html", source=source, page=page, wanted=wanted, filters=filters,
        grounds=scope_forms.GROUNDS,
    )  # fmt: skip


@blueprint.get("/sources.opml")
def export() -> ResponseReturnValue:
    """Give the sources as OPML; credentials are never in it."""
    rows = db.session().execute(
        select(Source.name, Source.url, Source.folder).where(Source.url != "").order_by(Source.folder, Source.name)
    )
    document = write_opml([Outline(row.name, row.url, row.folder) for row in rows], gettext("舆情回应工作台信源"))
    headers = {"Content-Disposition": 'attachment; filename="sources.opml"'}
    return Response(document, mimetype="text/x-opml", headers=headers)


@blueprint.get("/sources/import")
def lists() -> ResponseReturnValue:
    """Show how a list of sources comes in."""
    return render_template("sources/import.html", counts=None, refused=())


@blueprint.post("/sources/import")
def take_in() -> ResponseReturnValue:
    """Listen to every source of an OPML list that is not known yet."""
    db.session.rollback()
    file = request.files.get("file")
    reading = read_opml(file.read() if file is not None else b"")
    if reading.problem:
        raise InvalidInput(reading.problem, "file")
    listed_ = [NewSource(one.title, one.url, folder=one.folder) for one in reading.outlines]
    counts = source_book.add_listed(listed_, actor=g.actor, now=g.now)
    refused = (*counts.refused, *((url, "地址无法采集。") for url in reading.skipped))
    return render_template("sources/import.html", counts=counts, refused=refused)


def _source(source_id: int) -> Source:
    source = db.session().get(Source, source_id)
    if source is None:
        abort(404)
    return source


def _changed(values: dict[str, str], source_id: int, problem: SourceChanged) -> str:
    """Return the form as typed beside what somebody else saved meanwhile; saving it again is meant."""
    source = _source(source_id)
    stored = source_forms.values_of(source, scope_page.watch_of(db.session(), source_id))
    both = source_forms.stored_beside(values, stored)
    values["seen"] = source_book.stamp_of(db.session(), source)
    return _form(values, source=source, problem=problem, stored=both)


def _form(values: dict[str, str], **shown_too: Any) -> str:
    context = {
        "stored": (),
        "places": scope.place_names(),
        "source": None,
        "preview": None,
        "problem": None,
        "effect": None,
        "grounds": scope_forms.GROUNDS,
    } | shown_too
    return render_template("sources/form.html", values=values, **context)


def _instant(text: str) -> datetime:
    try:
        return typed_values.moment(text).replace(tzinfo=DESK_ZONE)
    except ValueError as error:
        raise InvalidInput("时间格式应为 2026-11-24 09:30。", "until") from error
