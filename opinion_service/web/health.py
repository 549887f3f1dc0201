"""Whether the process lives, and whether it could serve."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from opinion_service.models import db

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """Answer as long as the process lives."""
    return {"status": "alive"}


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Answer 200 when the database answers; else the error page says 503."""
    db.session.execute(text("SELECT 1"))
    return {"status": "ready"}
