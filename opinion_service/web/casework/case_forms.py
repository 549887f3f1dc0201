"""What the case page offers: the status sentence, the acts open to the actor, the choices of its forms."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from opinion_service.domain.casework.case_states import FINISHED, MOVES, CaseAction, CaseState, open_actions
from opinion_service.domain.casework.coverage import ResponseKind
from opinion_service.domain.casework.review import ReviewStep, next_step
from opinion_service.domain.clocks.sla import ClockKind, IncidentLevel, OpinionGrade
from opinion_service.domain.people import Actor
from opinion_service.domain.permissions import CaseFacts, refusal
from opinion_service.domain.reading.sentiment import Nature
from opinion_service.queries.casework.case_page import CaseView, ClockView
from opinion_service.queries.casework.cases import CaseFilter
from opinion_service.queries.casework.history import HistoryFilter
from opinion_service.web.formats import due_stamp, language, left, translated

OWN_FORMS = frozenset(
    {
        CaseAction.ASSESS,
        CaseAction.DRAFT,
        CaseAction.SUBMIT,
        CaseAction.PUBLISH,
        CaseAction.CONCERN,
        CaseAction.PROMISE,
        CaseAction.PAUSE,
        CaseAction.RESUME,
        CaseAction.EXTEND,
        CaseAction.DECIDE_EXTENSION,
        CaseAction.CO_REPLY,
        CaseAction.SETTLE,
        CaseAction.CONSULT,
    }
)
DECISIONS = frozenset(
    {
        CaseAction.COUNTERSIGN,
        CaseAction.OBJECT,
        CaseAction.CLEAR,
        CaseAction.SIGN,
        CaseAction.REJECT,
        CaseAction.SEND_BACK,
    }
)
FIRST = frozenset(
    {CaseAction.DISPATCH, CaseAction.ACCEPT, CaseAction.CLEAR, CaseAction.SIGN, CaseAction.COUNTERSIGN, CaseAction.RULE,
     CaseAction.CONFIRM_DECLINE}
)  # fmt: skip
WAITS_FOR: dict[CaseState, str] = {
    CaseState.NEW: "正在等待联络员研判。",
    CaseState.DISPATCHED: "正在等待{unit}签收。",
    CaseState.RETURNED: "{unit}已退办，正在等待裁定。",
    CaseState.ACCEPTED: "{unit}已签收，正在等待风险研判。",
    CaseState.ASSESSED: "{unit}已完成研判，正在等待拟稿。",
    CaseState.DRAFTING: "{unit}正在拟稿。",
    CaseState.COUNTERSIGNING: "回应稿正在会签。",
    CaseState.IN_REVIEW: "回应稿正在等待{unit}{step}。",
    CaseState.SIGNED: "回应稿已审签，正在等待联络员发布。",
    CaseState.PUBLISHED: "回应已发布。",
    CaseState.FOLLOWING: "回应已发布，正在持续跟踪。",
    CaseState.CLOSED: "案件已办结。",
    CaseState.ARCHIVED: "案件已归档。",
    CaseState.MERGED: "案件已并入其他案件。",
    CaseState.DECLINED: "案件不予立案。",
}
OUTCOMES = (("open", "尚未回应"), ("answered", "已回应"), ("promised", "限期答复"), ("not_ours", "不属本单位"))


@dataclass(frozen=True, slots=True)
class ActButton:
    """One act the actor may take now."""

    action: str
    label: str
    needs_note: bool
    style: str
    is_decision: bool


@dataclass(frozen=True, slots=True)
class CasePageForms:
    """What the template needs beside the rows."""

    status: dict[str, str]
    acts: tuple[ActButton, ...]
    may: frozenset[str]
    steps: tuple[dict[str, Any], ...]
    grades: tuple[tuple[str, str], ...]
    levels: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    outcomes: tuple[tuple[str, str], ...]
    nature: str


def page_of(view: CaseView, actor: Actor, now: datetime) -> CasePageForms:
    """Return the forms of a case for one actor; what the table of moves or permissions refuses is left out."""
    may = frozenset(action.value for action in open_actions(view.state) if _may(view, actor, action))
    shown = [one for one in open_actions(view.state) if one.value in may and one not in OWN_FORMS]
    acts = tuple(_button(action) for action in shown)
    natures = {kind.value: kind.label for kind in Nature}
    return CasePageForms(
        status=_status(view, now),
        acts=tuple(sorted(acts, key=lambda act: act.style != "primary")),
        may=may,
        steps=_steps(view),
        grades=tuple((grade.value, _grade_words(grade)) for grade in OpinionGrade),
        levels=tuple((level.value, gettext(level.label)) for level in IncidentLevel),
        kinds=tuple((kind.value, gettext(kind.label)) for kind in ResponseKind),
        outcomes=tuple((code, gettext(text)) for code, text in OUTCOMES),
        nature=translated(natures.get(view.case.nature, "")),
    )


def _may(view: CaseView, actor: Actor, action: CaseAction) -> bool:
    case = view.case
    facts = CaseFacts(
        lead_department_id=case.lead_department_id,
        co_department_ids=frozenset(link.department_id for link in case.co_departments),
        draft_author_ids=view.author_ids,
        decline_proposer_id=case.decline_proposer_id,
        review_step=next_step(view.draft.review_route, view.cleared) if view.draft else ReviewStep.LEADER,
        reviewer_ids=frozenset(view.cleared.values()),
        dispute_ordinal=view.dispute_ordinal,
    )
    if action is CaseAction.CONFIRM_DECLINE and case.decline_proposer_id is None:
        return False
    if action is CaseAction.PRESS and case.incident_level not in ("major", "critical"):
        return False
    if action is CaseAction.RETURN and not _may_still_return(view, actor):
        return False
    return refusal(actor, action, facts) is None


def _may_still_return(view: CaseView, actor: Actor) -> bool:
    """Return whether the window is open and the actor's department has not had its one return."""
    name = ClockKind.RETURN_WINDOW.label
    is_open = any(clock.name == name and clock.state in ("running", "soon") for clock in view.clocks)
    return is_open and view.case.returned_by_department_id != actor.department_id


def _button(action: CaseAction) -> ActButton:
    style = "primary" if action in FIRST else "outline-secondary"
    return ActButton(action.value, gettext(action.label), MOVES[action].needs_note, style, action in DECISIONS)


def _status(view: CaseView, now: datetime) -> dict[str, str]:
    step = next_step(view.draft.review_route, view.cleared) if view.draft else ReviewStep.LEADER
    # The publicity step is the desk's own, not the department's.
    unit = "" if view.state is CaseState.IN_REVIEW and step is ReviewStep.PUBLICITY else view.department
    sentence = gettext(WAITS_FOR[view.state]).format(unit=unit, step=gettext(step.label))
    clock = _pressing(view.clocks)
    if clock is None or view.state in FINISHED:
        return {"tone": "ok" if view.publications else "info", "text": sentence, "below": ""}
    late = [one for one in view.clocks if one.state == "late" and one.key != clock.key]
    tone = "late" if late else {"late": "late", "soon": "soon"}.get(clock.state, "info")
    lang = language()
    below = gettext("%(name)s应于 %(due)s前完成（%(left)s）。依据：%(basis)s。", name=gettext(clock.name),
                    due=due_stamp(clock.due_at, lang), left=left(clock.due_at, now, lang),
                    basis=translated(clock.basis))  # fmt: skip
    if late:
        names = dict.fromkeys(gettext(one.name) for one in late)
        below += " " + gettext("另有 %(n)s 项时限已超期：%(names)s。", n=len(late), names=_joined(names, lang))
    if clock.fired:
        told = _joined([gettext(rung) for rung in clock.fired], lang)
        below += " " + gettext("已发出：%(told)s。", told=told)
    return {"tone": tone, "text": sentence, "below": below}


def _grade_words(grade: OpinionGrade) -> str:
    return str(gettext(grade.label) + gettext("（%(c)s）", c=gettext(grade.colour)))


def _pressing(clocks: tuple[ClockView, ...]) -> ClockView | None:
    running = [clock for clock in clocks if clock.state in ("running", "soon", "late")]
    legal = [clock for clock in running if clock.is_legal]
    return next(iter(legal or running), None)


def _steps(view: CaseView) -> tuple[dict[str, Any], ...]:
    order = ["accepted", "assessed", "drafting", "countersigning", "in_review", "signed", "published", "closed"]
    if not view.case.co_departments:
        order.remove("countersigning")
    passed = {"dispatched": -1, "following": order.index("published"), "archived": len(order)}
    here = order.index(view.state.value) if view.state.value in order else passed.get(view.state.value, -1)
    if view.state.value == "closed":
        here = len(order)
    states = ["done" if number < here else "now" if number == here else "todo" for number in range(len(order))]
    labels = {"drafting": "拟稿", "countersigning": "会签", "in_review": "审签", "signed": "待发布", "accepted": "签收",
              "assessed": "风险研判", "published": "发布", "closed": "办结"}  # fmt: skip
    return tuple({"label": gettext(labels[name]), "state": state} for name, state in zip(order, states, strict=True))


def wanted_from(args: MultiDict[str, str]) -> CaseFilter:
    """Return the filter that an address asks for; what is not understood is left out."""
    return CaseFilter(
        state=args.get("state", ""),
        department_id=_row_id(args, "department"),
        grade=args.get("grade", ""),
        topic=args.get("topic", ""),
        text=args.get("q", "").strip()[:100],
        is_late=args.get("late") == "1",
        is_soon=args.get("late") == "soon",
        is_disputed=args.get("disputed") == "1",
        handler_id=_row_id(args, "handler"),
        after=args.get("after", ""),
    )


def _joined(words: Iterable[str], lang: str) -> str:
    """Return words as a list in the language of the page."""
    return ("、" if lang == "zh" else ", ").join(words)


def _row_id(args: MultiDict[str, str], name: str) -> int | None:
    """Return the id in an address; a number no row can have is no filter, so that a kept view cannot shut the list."""
    wanted = args.get(name, type=int)
    return wanted if wanted is not None and 0 < wanted < 2**31 else None


def history_from(args: MultiDict[str, str]) -> HistoryFilter:
    """Return what the address narrows the history of a case to."""
    person, in_round = (max(args.get(name, 0, type=int), 0) for name in ("hp", "hr"))
    return HistoryFilter(args.get("hk", ""), min(person, 2**62), in_round, args.get("hb", ""))


def filters(wanted: CaseFilter, departments: tuple[tuple[int, str], ...]) -> tuple[dict[str, Any], ...]:
    """Return the fields of the filter bar of the case list."""
    states = (("open", gettext("在办")), *((state.value, gettext(state.label)) for state in CaseState))
    grades = tuple((grade.value, gettext(grade.label)) for grade in OpinionGrade)
    times = (("1", gettext("已超期")), ("soon", gettext("4 小时内到期")))
    return (
        {"name": "q", "label": gettext("案号或标题"), "kind": "text", "value": wanted.text},
        {"name": "state", "label": gettext("状态"), "kind": "select", "options": states, "value": wanted.state},
        {"name": "grade", "label": gettext("等级"), "kind": "select", "options": grades, "value": wanted.grade},
        {"name": "department", "label": gettext("承办单位"), "kind": "select", "options": departments,
         "value": wanted.department_id or ""},
        {"name": "late", "label": gettext("时限"), "kind": "select", "options": times,
         "value": "1" if wanted.is_late else "soon" if wanted.is_soon else ""},
        {"name": "disputed", "label": gettext("会签分歧"), "kind": "select", "options": (("1", gettext("待裁定")),),
         "value": "1" if wanted.is_disputed else ""},
    )  # fmt: skip
