"""The one map from what went wrong to what the browser is told; what was typed is given back."""

import uuid

import structlog
from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from opinion_service.domain.errors import (
    DomainError,
    Forbidden,
    IllegalMove,
    InvalidInput,
    LimitLoosened,
    NotFound,
    StaleCase,
)
from opinion_service.models import db
from opinion_service.services.accounts import TooManyAttempts, WrongCredentials
from opinion_service.services.casework.drafting import NotReady
from opinion_service.services.policies.signing import PolicyNotReady
from opinion_service.web.casework import conflicts
from opinion_service.web.formats import translated

STATUS: dict[type[DomainError], int] = {
    Forbidden: 403,
    NotFound: 404,
    IllegalMove: 409,
    StaleCase: 409,
    InvalidInput: 422,
    LimitLoosened: 422,
    NotReady: 422,
    PolicyNotReady: 422,
    WrongCredentials: 422,
    TooManyAttempts: 429,
}
HAVE_PAGES = frozenset({400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503})
NOT_SHOWN = frozenset({"csrf_token", "version", "action", "password", "old", "new", "secret", "robot_url"})
log = structlog.get_logger()


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(CSRFError, lambda _error: _page(400, "页面已失效，请刷新后重新提交。"))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(IntegrityError, _constraint)
    # A number too large for a column: SQLite's driver says the first, PostgreSQL's the second.
    app.register_error_handler(OverflowError, _beyond)
    app.register_error_handler(DataError, _beyond)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: DomainError) -> ResponseReturnValue:
    conflict = conflicts.of_request() if isinstance(error, StaleCase) else None
    return _page(STATUS.get(type(error), 422), str(error), conflict=conflict)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    return _page(error.code, "")


def _constraint(_error: IntegrityError) -> ResponseReturnValue:
    log.warning("constraint_refused", endpoint=request.endpoint)
    return _page(409, "数据库约束拒绝了该操作，没有保存任何内容。")


def _beyond(_error: Exception) -> ResponseReturnValue:
    return _page(404, "")


def _unavailable(_error: OperationalError) -> ResponseReturnValue:
    log.error("database_unavailable", endpoint=request.endpoint)
    g.actor = None  # the frame of somebody known would ask the database again
    page, status = _page(503, "数据库暂时无法使用，请稍后重试。")
    return page, status, {"Retry-After": "10"}


def _unexpected(error: Exception) -> ResponseReturnValue:
    incident = uuid.uuid4().hex[:12]
    log.error("unexpected_error", incident=incident, endpoint=request.endpoint, exc_info=error)
    return _page(500, "", incident)


def _page(status: int, message: str, incident: str = "", conflict: conflicts.Conflict | None = None) -> tuple[str, int]:
    # PostgreSQL answers nothing more in a transaction in which a statement failed, and the frame has questions.
    db.session.rollback()
    g.setdefault("actor", None)
    shown = status if status in HAVE_PAGES else 400
    # A form that is too large cannot be read a second time either.
    sent = request.form.items(multi=True) if status != 413 else ()
    typed = "\n".join(f"{name}：{value}" for name, value in sent if name not in NOT_SHOWN and value.strip())
    back_url = "/triage" if request.path.startswith("/triage/") else "/"
    if request.path.startswith(("/cases/", "/policies/")):
        back_url = "/".join(request.path.split("/")[:3])
    page = render_template(
        f"errors/{shown}.html",
        message=translated(message),
        mine=typed,
        conflict=conflict,
        back_url=back_url,
        request_id=incident,
    )
    return page, status
