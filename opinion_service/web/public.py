"""What anybody may read: published answers and their Atom feed."""

from feedgen.feed import FeedGenerator
from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.casework.textdiff import pieces
from opinion_service.models import db
from opinion_service.queries import desk
from opinion_service.queries.casework import answers, published
from opinion_service.services.casework.corrections import Channel

blueprint = Blueprint("public", __name__)


@blueprint.get("/public/")
def home() -> ResponseReturnValue:
    """Lead to the answers."""
    return redirect(url_for("public.responses"))


@blueprint.get("/responses")
def responses() -> ResponseReturnValue:
    """List the published answers, the newest first."""
    page, text = max(request.args.get("page", 1, type=int), 1), request.args.get("q", "").strip()[:100]
    department_id = request.args.get("department", type=int)
    rows, has_more = published.responses(db.session(), text=text, department_id=department_id, page=page)
    departments = desk.departments(db.session())
    return render_template(
        "public/list.html", rows=rows, page=page, has_more=has_more, text=text, department_id=department_id,
        departments=departments,
    )  # fmt: skip


@blueprint.get("/responses/<int:publication_id>")
def response(publication_id: int) -> ResponseReturnValue:
    """Show one answer; of a withdrawn one only that it was there, when it was withdrawn and why."""
    one = published.response(db.session(), publication_id)
    if one is None:
        abort(404)
    fixes = answers.public_corrections(db.session(), publication_id)
    return render_template(
        "public/response.html",
        one=one,
        corrections=[(fix, pieces(fix.old_body, fix.body)) for fix in fixes],
        channels=answers.public_channels(db.session(), publication_id),
        channel_names={one.value: gettext(one.label) for one in Channel},
    ), 410 if one.withdrawn_at else 200


@blueprint.get("/responses.atom")
def feed() -> ResponseReturnValue:
    """Give the newest answers as an Atom feed."""
    base = current_app.config["DESK"].base_url
    rows, _ = published.responses(db.session())
    atom = FeedGenerator()
    atom.id(f"{base}/responses.atom")
    atom.title(f"{current_app.config['DESK'].city_name}回应公开")
    atom.link(href=f"{base}/responses", rel="alternate")
    atom.updated(max((row.published_at for row in rows), default="1970-01-01T00:00:00Z"))
    for row in rows:
        if row.withdrawn_at is None:
            entry = atom.add_entry(order="append")
            entry.id(f"{base}/responses/{row.id}")
            entry.title(row.title)
            entry.link(href=f"{base}/responses/{row.id}")
            entry.updated(row.published_at)
            entry.content("\n\n".join(row.body), type="text")
    return Response(atom.atom_str(pretty=True), mimetype="application/atom+xml")
