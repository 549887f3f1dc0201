"""What the pages of the register offer: the form of an assessment, filters, steps and the acts open to the actor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from opinion_service.domain import typed_values
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.people import Actor
from opinion_service.domain.policies.assessment import (
    CHANNELS,
    LEAST_WATCH_DAYS,
    Conclusion,
    ForeseenConcern,
    PolicyRisk,
    PolicyText,
    Stance,
)
from opinion_service.domain.policies.states import PolicyAction, PolicyState, open_actions
from opinion_service.queries.policies.policy_page import PolicyView
from opinion_service.queries.policies.register import WAITING, PolicyFilter
from opinion_service.web.form_values import split_words

STEPS = (
    (PolicyState.DRAFTING, "编制评估"), (PolicyState.CONSULTING, "征求意见"), (PolicyState.IN_REVIEW, "签发"),
    (PolicyState.SIGNED, "出台"), (PolicyState.RELEASED, "观察"), (PolicyState.REVIEWED, "复核"),
)  # fmt: skip
STATUS: dict[PolicyState, str] = {
    PolicyState.DRAFTING: "{unit}正在编制舆情风险评估。",
    PolicyState.CONSULTING: "{unit}正在征求意见。",
    PolicyState.IN_REVIEW: "评估已提请签发，正在等待{unit}分管领导签发。",
    PolicyState.SIGNED: "评估已签发，政策出台后请登记。",
    PolicyState.RELEASED: "政策已出台，正在观察公众反应。",
    PolicyState.REVIEWED: "出台后复核已完成。",
    PolicyState.DROPPED: "该政策已终止，评估留存备查。",
}
BLANK_ROWS = 2
MOST_PLACES = 11
_TEXTS = ("title", "edition", "document_number", "summary", "groups", "timing", "line", "spokesperson", "partners",
          "interpretation_plan", "interpretation_material", "conclusion", "conclusion_note")  # fmt: skip
_Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PolicyPageForms:
    """What the template of a policy needs beside the rows."""

    may: frozenset[str]
    status: dict[str, str]
    steps: tuple[dict[str, str], ...]
    stances: _Choices
    channels: _Choices
    conclusions: _Choices
    concerns: tuple[tuple[int, str], ...]
    asked_id: int | None


def page_of(view: PolicyView, actor: Actor) -> PolicyPageForms:
    """Return the forms of a policy for one actor; what the table of moves refuses is left out."""
    acts = open_actions(view.state, actor, view.facts)
    own = [one for one in view.opinions if one.answered_at is None and one.department_id == actor.department_id]
    return PolicyPageForms(
        may=frozenset(act.value for act in acts),
        status=_status(view),
        steps=_steps(view.state),
        stances=tuple((one.value, gettext(one.label)) for one in Stance),
        channels=channels(),
        conclusions=conclusions(),
        concerns=tuple((one.id or 0, one.question) for one in view.text.concerns),
        asked_id=own[0].id if own and PolicyAction.ANSWER in acts else None,
    )


def channels() -> _Choices:
    """Return the channels of a response plan as choices."""
    return tuple((code, gettext(label)) for code, label in CHANNELS.items())


def conclusions() -> _Choices:
    """Return the conclusions of an assessment as choices."""
    return tuple((one.value, gettext(one.label)) for one in Conclusion)


def text_from(form: MultiDict[str, str]) -> PolicyText:
    """Return the assessment as it was typed; raise InvalidInput for a day or number that cannot be read."""
    words = {name: form.get(name, "").strip() for name in _TEXTS}
    return PolicyText(
        **words,
        planned_on=_day(form.get("planned_on", ""), "planned_on"),
        head_count=_whole(form.get("head_count", ""), "head_count"),
        channels=tuple(form.getlist("channels")),
        is_organised=form.get("is_organised") == "1",
        keywords=split_words(form.get("keywords", "")),
        watch_days=_whole(form.get("watch_days", ""), "watch_days") or LEAST_WATCH_DAYS,
        concerns=_concerns(form),
        risks=_risks(form),
    )


def _concerns(form: MultiDict[str, str]) -> tuple[ForeseenConcern, ...]:
    rows = zip(
        form.getlist("concern_id"), form.getlist("question"), form.getlist("answer"), form.getlist("words"),
        strict=False,
    )  # fmt: skip
    return tuple(
        ForeseenConcern(question.strip(), answer.strip(), split_words(words), typed_values.whole_number(ident))
        for ident, question, answer, words in rows
        if question.strip()
    )


def _risks(form: MultiDict[str, str]) -> tuple[PolicyRisk, ...]:
    rows = zip(
        form.getlist("risk_description"), form.getlist("likelihood"), form.getlist("impact"),
        form.getlist("risk_trigger"), form.getlist("measure"), strict=False,
    )  # fmt: skip
    return tuple(
        PolicyRisk(
            what.strip(), _whole(likely, "likelihood") or 0, _whole(impact, "impact") or 0, trigger.strip(),
            measure.strip(),
        )
        for what, likely, impact, trigger, measure in rows
        if what.strip()
    )  # fmt: skip


def typed_text(fields: Mapping[str, list[str]]) -> PolicyText:
    """Return the assessment from a form that was kept while it was typed; what cannot be read is left empty."""
    form: MultiDict[str, str] = MultiDict((name, text) for name, texts in fields.items() for text in texts)
    for name, read in (("planned_on", _day), ("head_count", _whole), ("watch_days", _whole), ("likelihood", _whole),
                       ("impact", _whole)):  # fmt: skip
        form.setlist(name, [text if _is_readable(text, read) else "" for text in form.getlist(name)])
    return text_from(form)


def _is_readable(text: str, read: Callable[[str, str], object]) -> bool:
    try:
        read(text, "")
    except InvalidInput:
        return False
    return True


def _day(text: str, name: str) -> date | None:
    try:
        return typed_values.day(text) if text else None
    except ValueError as error:
        raise InvalidInput("日期格式应为 2026-11-24。", name) from error


def _whole(text: str, name: str) -> int | None:
    if not text.strip():
        return None
    number = typed_values.whole_number(text.strip())
    if number is None or len(text.strip()) > MOST_PLACES:
        raise InvalidInput("请填写整数。", name)
    return number


def _status(view: PolicyView) -> dict[str, str]:
    tone = {PolicyState.DROPPED: "info", PolicyState.REVIEWED: "ok"}.get(view.state, "info")
    below = ""
    if view.state in (PolicyState.DRAFTING, PolicyState.CONSULTING):
        if view.gaps:
            tone, below = "soon", gettext("还有 %(n)s 项未就绪，列在下方。", n=len(view.gaps))
        else:
            below = gettext("各项均已就绪，可以提请签发。")
    return {"tone": tone, "text": gettext(STATUS[view.state]).format(unit=view.department), "below": below}


def _steps(state: PolicyState) -> tuple[dict[str, str], ...]:
    order = [one for one, _ in STEPS]
    here = order.index(state) if state in order else -1
    last = len(order) if state is PolicyState.REVIEWED else here
    return tuple(
        {"label": gettext(label), "state": "done" if n < last else "now" if n == last else "todo"}
        for n, (_, label) in enumerate(STEPS)
    )


def filters(wanted: PolicyFilter, departments: tuple[tuple[int, str], ...]) -> tuple[dict[str, Any], ...]:
    """Return the fields of the filter bar of the register."""
    states = tuple((one.value, gettext(one.label)) for one in PolicyState)
    waiting = tuple((code, gettext(label)) for code, label in WAITING.items())
    return (
        {"name": "q", "label": gettext("政策名称或文号"), "kind": "search", "value": wanted.text},
        {"name": "state", "label": gettext("状态"), "kind": "select", "options": states, "value": wanted.state},
        {"name": "waiting", "label": gettext("待办"), "kind": "select", "options": waiting, "value": wanted.waiting},
        {"name": "department", "label": gettext("起草单位"), "kind": "select", "options": departments,
         "value": wanted.department_id or ""},
    )  # fmt: skip
