"""A form that came too late: what was typed and what was saved meanwhile, side by side, ready to be sent again."""

from dataclasses import dataclass

from flask import g, request

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.textdiff import Piece, pieces
from opinion_service.models import db
from opinion_service.queries.casework import answers, history
from opinion_service.queries.casework.case_page import CaseView, case_view
from opinion_service.queries.casework.history import HistoryEntry, HistoryFilter

NOT_SENT_AGAIN = frozenset({"csrf_token", "version"})
ASSESSMENT = (
    ("facts", "基本事实"), ("spread", "传播情况"), ("trend", "走势判断"), ("handling", "处置意见"), ("line", "口径"),
)  # fmt: skip
CONCERN = (("question", "问题"), ("passage", "回应原文或理由"))
LATEST = 3


@dataclass(frozen=True, slots=True)
class TypedText:
    """One text of the form; `pieces` lead from what is saved now (`theirs`) to what was typed (`mine`)."""

    name: str
    label: str
    mine: str
    theirs: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """The form as it was sent: act, texts that differ, other fields as they were; and what happened meanwhile."""

    url: str
    version: int
    act: str
    texts: tuple[TypedText, ...]
    others: tuple[tuple[str, str], ...]
    latest: tuple[HistoryEntry, ...]


def of_request() -> Conflict | None:
    """Return the conflict of the present form on a case; None elsewhere, or when the case has left one's hands."""
    number = (request.view_args or {}).get("number")
    if number is None or g.get("actor") is None:
        return None
    db.session.rollback()
    view = case_view(db.session(), g.actor, number, now=g.now)
    if view is None:
        return None
    saved = _saved(view)
    texts, others, places = [], [], dict.fromkeys(request.form, -1)
    for name, typed in request.form.items(multi=True):
        places[name] += 1
        label, theirs = saved.get((name, places[name]), ("", ""))
        mine, theirs = _plain(typed), _plain(theirs)
        if name == "note" or (label and mine != theirs):
            texts.append(TypedText(name, label or "理由", mine, theirs, pieces(theirs, mine)))
        elif name not in NOT_SENT_AGAIN:
            others.append((name, typed))
    latest = history.history(db.session(), view.case.id, HistoryFilter()).entries[-LATEST:]
    return Conflict(request.path, view.case.version, _act(), tuple(texts), tuple(others), latest)


def _saved(view: CaseView) -> dict[tuple[str, int], tuple[str, str]]:
    """Return (label, text) of what is saved now by the name of its field and its place among those of the name."""
    if request.endpoint == "cases.draft" and view.draft is not None:
        return {(name, 0): (label, getattr(view.draft, name)) for name, label in answers.PARTS}
    if request.endpoint == "cases.assess" and view.assessment is not None:
        return {(name, 0): (label, getattr(view.assessment, name)) for name, label in ASSESSMENT}
    if request.endpoint != "concerns.save":
        return {}
    known = {str(one.id): one for one in view.concerns}
    return {
        (name, place): (label, getattr(known[concern_id], name) if concern_id in known else "")
        for place, concern_id in enumerate(request.form.getlist("concern_id"))
        for name, label in CONCERN
    }


def _act() -> str:
    """Return the name of the act that the form takes, in Chinese; empty for a form that is no act."""
    code = request.form.get("action", "")
    return CaseAction(code).label if code in set(CaseAction) else ""


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
