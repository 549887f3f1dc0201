"""After the answer: the 72-hour effect of a case, the promises of all cases, and what the case page shows of both."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from opinion_service.adapters import charts
from opinion_service.domain.casework.case_states import CaseState
from opinion_service.domain.people import Actor
from opinion_service.models import EffectWatch, Evaluation, db
from opinion_service.queries import desk
from opinion_service.queries.casework import aftermath as queries
from opinion_service.queries.casework import evaluations
from opinion_service.queries.casework import proposals as proposed
from opinion_service.queries.casework.case_page import CaseView, case_view
from opinion_service.services.casework import aftercare
from opinion_service.services.casework.evaluations import EVALUATORS
from opinion_service.services.casework.proposals import DECIDERS
from opinion_service.web.casework import form_values
from opinion_service.web.formats import short_stamp

blueprint = Blueprint("aftermath", __name__)


@dataclass(frozen=True, slots=True)
class CaseAfter:
    """What the case page shows of proposals, the effect of the answers and the evaluation."""

    proposals: tuple[proposed.ProposalRow, ...]
    watch: EffectWatch | None
    evaluations: tuple[Evaluation, ...]
    may_decide: bool
    may_evaluate: bool

    @property
    def waiting(self) -> tuple[proposed.ProposalRow, ...]:
        """Return the proposals that wait for a decision."""
        return tuple(one for one in self.proposals if one.state == "open")


@dataclass(frozen=True, slots=True)
class EffectChart:
    """One watch with its chart and the table of its 24-hour windows."""

    view: queries.EffectView
    svg: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def of_case(view: CaseView, actor: Actor) -> CaseAfter:
    """Return what the case page shows; three statements."""
    session, case = db.session(), view.case
    is_closed = view.state is CaseState.CLOSED
    return CaseAfter(
        proposals=proposed.of_case(session, case.id),
        watch=queries.latest_watch(session, case.id),
        evaluations=evaluations.of_case(session, case.id),
        may_decide=actor.role in DECIDERS,
        may_evaluate=is_closed and actor.role in EVALUATORS,
    )


@blueprint.get("/cases/<number>/effect")
def shown(number: str) -> ResponseReturnValue:
    """Show heat and concerns before and after each answer."""
    view = case_view(db.session(), g.actor, number, now=g.now)
    if view is None:
        abort(404)
    found = tuple(_chart(one) for one in queries.effects(db.session(), view.case, now=g.now))
    return render_template("aftermath/effect.html", view=view, charts=found)


@blueprint.get("/promises")
def promises() -> ResponseReturnValue:
    """Show the promises of published answers by their day."""
    args = request.args
    wanted = queries.PromiseFilter(
        state=args.get("state", "open"),
        department_id=args.get("department", type=int),
        text=args.get("q", "").strip()[:100],
        descending=args.get("dir") == "desc",
        after=args.get("after", ""),
    )
    page = queries.promises(db.session(), g.actor, wanted, now=g.now)
    return render_template("aftermath/promises.html", page=page, filters=_filters(wanted))


@blueprint.post("/cases/<number>/promises/<int:promise_id>/postpone")
def postpone(number: str, promise_id: int) -> ResponseReturnValue:
    """Move the day of a promise, with a reason."""
    view = case_view(db.session(), g.actor, number, now=g.now)
    if view is None or promise_id not in {one.id for one in view.promises}:
        abort(404)
    db.session.rollback()
    form = aftercare.Postponement(
        promise_id, form_values.version(), form_values.day("due_on"), request.form.get("note", "")
    )
    aftercare.postpone(form, actor=g.actor, now=g.now)
    flash(gettext("承诺已改期，原定日期保留在记录中。"), "success")
    return redirect(url_for("cases.shown", number=number, _anchor="promises"))


def _chart(one: queries.EffectView) -> EffectChart:
    marks = [charts.Mark(one.watch.published_at, gettext("发布回应"))]
    label = gettext("发布前后 72 小时热度")
    columns = (gettext("起于"), gettext("新增条数"), gettext("对回应不满"), gettext("最高热度"))
    before, after = gettext("发布前"), gettext("发布后")
    rows = tuple(
        (
            f"{short_stamp(window.begins_at)} {after if window.is_after else before}",
            str(window.items), str(window.complaints) if window.is_after else "—", f"{window.peak:.0f}",
        )
        for window in one.windows
    )  # fmt: skip
    return EffectChart(one, charts.hourly_series(one.line, label, marks), columns, rows)


def _filters(wanted: queries.PromiseFilter) -> tuple[dict[str, Any], ...]:
    states = (
        ("open", gettext("未兑现")),
        ("late", gettext("已超期")),
        ("soon", gettext("三天内到期")),
        ("kept", gettext("已兑现")),
    )
    departments = desk.departments(db.session())
    return (
        {"name": "q", "label": gettext("承诺内容或案号"), "kind": "search", "value": wanted.text},
        {"name": "state", "label": gettext("状态"), "kind": "select", "options": states, "value": wanted.state},
        {"name": "department", "label": gettext("承办单位"), "kind": "select", "options": departments,
         "value": wanted.department_id or ""},
    )  # fmt: skip
