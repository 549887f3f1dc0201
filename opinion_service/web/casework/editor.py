"""The editor of a reply: what it opens with, what stands beside it, and the list of sources it carries."""

from typing import Any

from flask import g, request
from werkzeug.datastructures import MultiDict

from opinion_service.domain.casework.coverage import ReplyText
from opinion_service.domain.casework.draft_checks import PARTS
from opinion_service.models import db
from opinion_service.queries.casework import answers
from opinion_service.queries.casework.case_page import CaseView
from opinion_service.services.casework import checks
from opinion_service.web.casework import reply_templates

FIELDS = (*PARTS, "unit", "contact")
EMPTY_SOURCES = 2


def opened(view: CaseView, may: frozenset[str]) -> dict[str, Any]:
    """Return the editor of a case: unsaved text before the saved one, with the chosen template put in.

    Empty for who may not draft, so that the page asks nothing of the database for them.
    """
    if "draft" not in may:
        return {}
    draft = view.draft
    unsaved = answers.scratch(
        db.session(), f"case-{view.case.id}-draft", g.actor, since=draft.written_at if draft else None
    )
    typed: MultiDict[str, str] = MultiDict(unsaved.fields) if unsaved else MultiDict()
    saved = checks.text_of(draft) if draft else None
    base = dict(typed.items()) if unsaved else {name: saved.part(name) for name in FIELDS} if saved else {}
    chosen = request.args.get("template", "")
    filled = reply_templates.with_template(view, base, chosen, g.now)
    return {
        "unsaved": unsaved,
        "template": chosen if filled else "",
        "reply": filled or (reply_of(typed) if unsaved else saved),
        "kind": typed.get("response_kind") or view.case.response_kind,
        "sources": (*(sources_of(typed) if unsaved else draft.sources if draft else ()), *_blank()),
        **reply_templates.beside(view),
    }


def reply_of(form: MultiDict[str, str]) -> ReplyText:
    """Return the parts of a reply from a form; what is missing is empty."""
    return ReplyText(**{name: form.get(name, "") for name in FIELDS})


def sources_of(form: MultiDict[str, str]) -> tuple[dict[str, str], ...]:
    """Return the rows of the list of sources that have a fact or a source."""
    rows = zip(form.getlist("source_fact"), form.getlist("source_ref"), strict=False)
    return tuple({"fact": fact, "source": source} for fact, source in rows if fact.strip() or source.strip())


def _blank() -> tuple[dict[str, str], ...]:
    return tuple({"fact": "", "source": ""} for _ in range(EMPTY_SOURCES))
