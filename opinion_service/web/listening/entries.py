"""Typing one entry in, or pasting it."""

from dataclasses import dataclass, fields

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.clock import DESK_ZONE
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.listening.import_rows import BadRow, ImportField, identities, read_row
from opinion_service.domain.listening.paste import read_paste
from opinion_service.intake import incoming
from opinion_service.models import db
from opinion_service.queries.listening import imports as queries
from opinion_service.services.listening import imports as service
from opinion_service.web.formats import translated

blueprint = Blueprint("entries", __name__, url_prefix="/entries")
OUTCOMES = {
    "new": "已录入，几秒后开始分析。",
    "revised": "已有同编号或同链接的内容，已更新为新版本。",
    "repeated": "已有相同内容，没有重复录入。",
    "unmatched": "内容不符合该信源的监测词，没有收录。",
}


@dataclass(frozen=True, slots=True)
class EntryForm:
    """What stands in the fields."""

    title: str = ""
    content: str = ""
    url: str = ""
    published_at: str = ""
    external_id: str = ""
    territory: str = ""
    source: str = ""


@blueprint.get("/new")
def typed() -> ResponseReturnValue:
    """Show the form."""
    return _page(EntryForm(source=gettext("人工录入")))


@blueprint.post("/new")
def save() -> ResponseReturnValue:
    """Read what was pasted into the fields, or keep the entry."""
    form = EntryForm(**{one.name: request.form.get(one.name, "").strip() for one in fields(EntryForm)})
    if request.form.get("action") == "read":
        return _page(_from_paste(request.form.get("pasted", "")[:100_000], form))
    db.session.rollback()
    names = [field for field in ImportField if hasattr(form, field.value)]
    row = read_row(1, [getattr(form, name.value) for name in names], {n: i for i, n in enumerate(names)}, now=g.now)
    try:
        if isinstance(row, BadRow):
            raise InvalidInput("请填写标题或内容。", "title")
        if row.remarks:
            raise InvalidInput("；".join(row.remarks), "published_at" if form.published_at else "url")
        outcome = service.enter(incoming(row, identities([row])[0]), form.source, actor=g.actor, now=g.now)
    except InvalidInput as error:
        return _page(form, ((error.field, translated(str(error))),)), 422
    flash(gettext(OUTCOMES[outcome]), "success" if outcome in ("new", "revised") else "warning")
    return redirect(url_for("entries.typed"))


def _from_paste(text: str, form: EntryForm) -> EntryForm:
    found = read_paste(text, now=g.now)
    at = f"{found.published_at.astimezone(DESK_ZONE):%Y-%m-%d %H:%M}" if found.published_at else ""
    return EntryForm(found.title, found.content, found.url, at, found.external_id, form.territory, form.source)


def _page(form: EntryForm, errors: tuple[tuple[str, str], ...] = ()) -> str:
    known = queries.sources(db.session())
    return render_template("entries/typed.html", form=form, errors=errors, sources=known)
