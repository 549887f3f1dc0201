"""How an item was read, shown beside it wherever it stands, and the liaison's correction with one press."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.sentiment import Band, Nature
from opinion_service.models import db
from opinion_service.services.reading import corrections

blueprint = Blueprint("readings", __name__, url_prefix="/readings")
# The keys that set them while the item has the focus.
BAND_KEYS = (("-", Band.NEGATIVE), ("0", Band.NEUTRAL), ("+", Band.POSITIVE))
KIND_KEYS = (
    ("1", Nature.INQUIRY), ("2", Nature.HELP), ("3", Nature.COMPLAINT), ("4", Nature.REPORT), ("5", Nature.ADVICE),
    ("6", Nature.PRAISE), ("7", Nature.NEWS),
)  # fmt: skip


@blueprint.post("/<int:item_id>")
def correct(item_id: int) -> ResponseReturnValue:
    """Set the band or the kind of an item and go back to where it was shown."""
    db.session.rollback()
    aspect, _, value = request.form.get("set", "").partition(":")
    is_new = corrections.correct(item_id, aspect, value, request.form.get("note", ""), actor=g.actor, now=g.now)
    flash(gettext("已更正，并留存记录。") if is_new else gettext("判读没有变化。"), "success")
    return redirect(f"{_back()}#item-{item_id}")


def _back() -> str:
    """Return the page the item was shown on; only pages of the desk itself."""
    number, event_id = request.form.get("case", ""), request.form.get("event", type=int)
    if number:
        return url_for("cases.shown", number=number[:40])
    if event_id is None:
        raise InvalidInput("缺少所在页面。", "event")
    if request.form.get("page") == "inbox":
        # Only the filters of the list are taken from the form, never an address.
        filters = dict(parse_qsl(request.form.get("back", ""))) | {"event": str(event_id)}
        return f"{url_for('inbox.shown')}?{urlencode(filters)}"
    return url_for("events.shown", event_id=event_id)


@blueprint.app_context_processor
def _offer() -> dict[str, Any]:
    return {"band_keys": BAND_KEYS, "kind_keys": KIND_KEYS}
