"""The trained reading models beside each other, the change-over on a person's word, and re-reading."""

from typing import Any

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.models import db
from opinion_service.queries.reading import learning
from opinion_service.services.reading import reading_models, rereading
from opinion_service.web.formats import number, percent

blueprint = Blueprint("models", __name__, url_prefix="/reading-models")
REFRESH_S = "4"
LABELS = (("-1", "负面"), ("0", "中性"), ("1", "正面"))


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show every trained model with its figures, and the re-readings."""
    rows, before = learning.models(db.session(), request.args.get("before", ""))
    runs, is_watched = learning.runs(db.session()), request.args.get("watch") == "1"
    response = make_response(
        render_template(
            "models/list.html", rows=rows, before=before, tables={row.version: _tables(row) for row in rows},
            runs=runs, corrected=learning.corrected_count(db.session()),
            in_force=reading_models.present(db.session()),
            may_switch=g.actor.role in reading_models.SWITCHERS, watch=is_watched,
        )
    )  # fmt: skip
    if is_watched and runs and runs[0].state == "running":
        response.headers["Refresh"] = REFRESH_S
    return response


@blueprint.post("/switch")
def switch() -> ResponseReturnValue:
    """Let a trained model read from now on."""
    db.session.rollback()
    version, note = request.form.get("model", ""), request.form.get("note", "")
    uses_second = request.form.get("second") == "1"
    reading_models.switch_on(version, note, uses_second=uses_second, actor=g.actor, now=g.now)
    flash(gettext("已启用，新条目即按此判读；已有条目可重新判读。"), "success")
    return redirect(url_for("models.listed"))


@blueprint.post("/back")
def back() -> ResponseReturnValue:
    """Let the shipped model read again."""
    db.session.rollback()
    reading_models.switch_back(request.form.get("note", ""), actor=g.actor, now=g.now)
    flash(gettext("已恢复随产品提供的模型。"), "success")
    return redirect(url_for("models.listed"))


@blueprint.post("/reread")
def reread() -> ResponseReturnValue:
    """Read the items of the last days again, as a job."""
    db.session.rollback()
    rereading.start(request.form.get("days", 0, type=int), actor=g.actor, now=g.now)
    flash(gettext("已开始重新判读，可以离开本页。人工更正的判读不会被改动。"), "success")
    return redirect(url_for("models.listed", watch=1, _anchor="runs"))


@blueprint.post("/stop")
def stop() -> ResponseReturnValue:
    """End a re-reading before it is through."""
    db.session.rollback()
    rereading.stop(request.form.get("run", 0, type=int), actor=g.actor, now=g.now)
    flash(gettext("已停止，读过的结果保留。"), "success")
    return redirect(url_for("models.listed", _anchor="runs"))


def _tables(row: learning.ModelRow) -> dict[str, Any]:
    """Return the comparison of one model as tables: the figures, and the confusion of each reader."""
    readers = _readers(row)
    figures = [
        (gettext("留出条数"), *(number(one["n"]) for _, one in readers)),
        (gettext("准确率"), *(percent(one["accuracy"], 1) for _, one in readers)),
        (gettext("宏平均 F1"), *(_short(one["macro_f1"]) for _, one in readers)),
        ("AUC", *(_short(one["auc"]) for _, one in readers)),
        (gettext("校准误差 ECE"), *(_short(one["calibration"]) for _, one in readers)),
    ]
    return {
        "figures": {"columns": (gettext("指标"), *(name for name, _ in readers)), "rows": figures},
        "confusion": [(name, _confusion(one)) for name, one in readers],
    }


def _readers(row: learning.ModelRow) -> list[tuple[str, dict[str, Any]]]:
    trial = row.trial
    found = [(gettext("随产品提供"), trial["shipped"])]
    if trial.get("in_force"):
        found.append((gettext("当时启用的 %(version)s", version=trial["compared_with"]), trial["in_force"]))
        found.append((gettext("新模型（同条目）"), trial["new_on_unseen"]))
    found.append((gettext("新模型"), trial["new"]))
    if trial.get("second"):
        found.append((gettext("第二意见"), trial["second"]))
    return found


def _confusion(figures: dict[str, Any]) -> dict[str, Any]:
    confusion = figures["confusion"]
    rows = [
        (gettext(name), *(confusion.get(given, {}).get(found, 0) for found, _ in LABELS))
        for given, name in LABELS
        if given in confusion
    ]
    return {"columns": (gettext("标注 ＼ 判读"), *(gettext(name) for _, name in LABELS)), "rows": rows}


def _short(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"
