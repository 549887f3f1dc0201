"""Published answers as anybody may read them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.models import Department, Publication

PAGE = 30


@dataclass(frozen=True, slots=True)
class Response:
    """A published answer as the public reads it."""

    id: int
    title: str
    body: tuple[str, ...]
    questions: tuple[str, ...]
    coverage: tuple[dict[str, str], ...]
    department: str
    hot_topic: str
    contact: str
    detected_at: datetime
    published_at: datetime
    due_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_reason: str


def responses(
    session: Session, *, text: str = "", department_id: int | None = None, page: int = 1
) -> tuple[tuple[Response, ...], bool]:
    """Return a page of published answers, the newest first, and whether there are more."""
    statement = _published().order_by(Publication.published_at.desc(), Publication.id.desc())
    if text:
        statement = statement.where(Publication.title.contains(text, autoescape=True))
    if department_id:
        statement = statement.where(Publication.department_id == department_id)
    found = session.execute(statement.offset((page - 1) * PAGE).limit(PAGE + 1)).all()
    return tuple(_response(row) for row in found[:PAGE]), len(found) > PAGE


def response(session: Session, publication_id: int) -> Response | None:
    """Return one published answer, withdrawn ones included, or None."""
    row = session.execute(_published().where(Publication.id == publication_id)).first()
    return _response(row) if row else None


def _published() -> Any:
    return select(Publication, Department.name.label("department")).join(
        Department, Department.id == Publication.department_id
    )


def _response(row: Any) -> Response:
    one = row.Publication
    return Response(
        one.id, one.title, tuple(one.body.split("\n\n")), tuple(filter(None, one.questions.split("\n"))),
        tuple(_still_quoted(row, one.body) for row in one.coverage),
        row.department, one.hot_topic, one.contact, one.detected_at, one.published_at, one.response_due_at,
        one.withdrawn_at, one.withdrawn_reason,
    )  # fmt: skip


def _still_quoted(row: dict[str, str], body: str) -> dict[str, str]:
    """Return one line of the coverage; a passage that a correction took out of the answer is not quoted on."""
    is_gone = row["outcome"] == "answered" and row["passage"] not in body
    return {**row, "passage": ""} if is_gone else row
