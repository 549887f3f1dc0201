"""Trained routing models: how each compared, what it listens to, which is in force, and the training of another."""

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.models import db
from opinion_service.queries.routing import routing_models as queries
from opinion_service.services.routing import routing_models as service
from opinion_service.services.routing import routing_training
from opinion_service.web.routing.rules import the_desk

blueprint = Blueprint("routing_models", __name__, url_prefix="/rules/models")
STEPS = 4


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the models with the figures of their comparison; while watched, a training shows its progress."""
    source = request.args.get("source", "")
    wanted = queries.ModelFilter(
        source if source in ("corrections", "file") else "",
        request.args.get("dir", "desc") != "asc",
        request.args.get("after", ""),
    )
    rows, after = queries.listed(db.session(), wanted)
    training, is_watched = queries.latest_training(db.session()), request.args.get("watch") == "1"
    page = make_response(
        render_template(
            "routing_models/list.html",
            desk=the_desk(),
            rows=rows,
            page={"before": "", "after": after, "sort": "at", "descending": wanted.descending},
            filters=_filters(wanted),
            training=training,
            steps=STEPS,
            watch=is_watched,
        )
    )
    if training is not None and training.is_open and is_watched:
        # Works without a script, and only where the person asked for it.
        page.headers["Refresh"] = "4"
    return page


@blueprint.post("/train")
def train() -> ResponseReturnValue:
    """Ask for a training on what people decided here; a worker carries it out."""
    db.session.rollback()
    routing_training.ask(actor=g.actor, now=g.now)
    return redirect(url_for("routing_models.listed", watch=1))


@blueprint.get("/<version>")
def shown(version: str) -> ResponseReturnValue:
    """Show one model: its comparison, its strongest terms by department, and how its decisions fared."""
    model = queries.shown(db.session(), version)
    if model is None:
        abort(404)
    return render_template("routing_models/model.html", model=model)


@blueprint.post("/<version>/switch")
def switch(version: str) -> ResponseReturnValue:
    """Put a model in force, or let the rules decide alone again."""
    db.session.rollback()
    if request.form.get("on") == "1":
        service.switch_on(version, actor=g.actor, now=g.now)
        flash(gettext("已启用模型 %(v)s，此后的交办由它复核次序。", v=version), "success")
    else:
        before = service.switch_off(actor=g.actor, now=g.now)
        flash(gettext("已停用模型，此后的交办只按规则进行。") if before else gettext("没有启用中的模型。"), "success")
    return redirect(url_for("routing_models.listed"))


def _filters(wanted: queries.ModelFilter) -> tuple[dict[str, object], ...]:
    sources = (("corrections", gettext("本级人工决定")), ("file", gettext("导入的文件")))
    return (
        {"name": "source", "label": gettext("学习自"), "kind": "select", "options": sources, "value": wanted.source},
    )
