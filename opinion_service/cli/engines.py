"""The engines by hand: sentiment, events, deadlines; scored on labelled files."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from opinion_service import clock
from opinion_service.adapters import snownlp_model
from opinion_service.cli.files import FILE, read_rows, text_of
from opinion_service.cli.output import json_option, show
from opinion_service.domain import events, sentiment
from opinion_service.domain.deadlines import due_line
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.sla import ClockKind
from opinion_service.models import Case, Clock
from opinion_service.services import rulebook
from opinion_service.services.transaction import transaction

sentiment_group = AppGroup("sentiment", help="How texts sound.")
events_group = AppGroup("events", help="Which items tell of one thing.")
deadlines_group = AppGroup("deadlines", help="When something is due, and why.")
_SIGN = {sentiment.Band.NEGATIVE: -1, sentiment.Band.POSITIVE: 1}


@sentiment_group.command("score")
@click.argument("path", type=FILE, required=False)
@json_option
def sentiment_score(path: Path | None, as_json: bool) -> None:
    """Score one text a line, from a file or standard input."""
    lines = [line.rstrip("\n") for line in (path.open(encoding="utf-8") if path else sys.stdin)]
    rows = [
        {"score": one.score, "band": _band(text, one).value, "model": one.model_version}
        for text, one in zip(lines, snownlp_model.score_many(lines), strict=True)
    ]
    show(rows, as_json)


@sentiment_group.command("evaluate")
@click.argument("path", type=FILE)
@click.option("--text", "field", default="text")
@click.option("--label", default="polarity")
@json_option
def sentiment_evaluate(path: Path, field: str, label: str, as_json: bool) -> None:
    """Compare the desk's bands with labels -1/0/1 or 0/1."""
    rows = list(read_rows(path))
    texts = [text_of(row, field) for row in rows]
    truth = [int(row[label]) for row in rows]
    if set(truth) == {0, 1}:
        truth = [1 if one else -1 for one in truth]
    scored = snownlp_model.score_many(texts)
    predicted = [_SIGN.get(_band(text, one), 0) for text, one in zip(texts, scored, strict=True)]
    found = sentiment.evaluate(truth, predicted)
    row = {"n": found.n, "accuracy": round(found.accuracy, 4), "macro_f1": round(found.macro_f1, 4)}
    show([{**row, "confusion": found.confusion}], as_json)


@events_group.command("evaluate")
@click.argument("path", type=FILE)
@click.option("--text", "field", default="title")
@click.option("--label", default="event_id")
@json_option
def events_evaluate(path: Path, field: str, label: str, as_json: bool) -> None:
    """Group the rows online, in time order, and compare with the labels (B-cubed)."""
    rows = sorted(read_rows(path), key=_moment)
    found = events.group([(str(row[field]), _moment(row)) for row in rows])
    result = events.evaluate(found, [row[label] for row in rows])
    figures = {"precision": result.precision, "recall": result.recall, "f1": result.f1}
    show([{"n": result.n, **{name: round(value, 4) for name, value in figures.items()}}], as_json)


@deadlines_group.command("due")
@click.argument("path", type=FILE, required=False)
def deadlines_due(path: Path | None) -> None:
    """Print when each line's allowance ends; lines are {"start": ISO, "allow": "48h" | "4wh" | "5wd"}."""
    with transaction() as session:
        calendar = rulebook.calendar(session)
    wrong = 0
    for number, line in enumerate(path.open(encoding="utf-8") if path else sys.stdin, 1):
        if not line.strip():
            continue
        try:
            click.echo(json.dumps(due_line(json.loads(line), calendar), ensure_ascii=False))
        except (InvalidInput, ValueError) as problem:
            wrong += 1
            click.echo(json.dumps({"error": f"line {number}: {problem}"}, ensure_ascii=False))
    sys.exit(1 if wrong else 0)


@deadlines_group.command("explain")
@click.argument("number")
@json_option
def deadlines_explain(number: str, as_json: bool) -> None:
    """Show how each clock of a case came about."""
    with transaction() as session:
        case_id = session.scalar(select(Case.id).where(Case.number == number))
        if case_id is None:
            raise click.ClickException(f"There is no case {number}.")
        rows = [
            {
                "clock": ClockKind(clock_row.kind).label, "state": clock_row.state, "allowance": clock_row.allowance,
                "due": clock_row.due_at, "basis": clock_row.basis,
                "steps": " → ".join(clock_row.computation["steps"]),
            }
            for clock_row in session.scalars(select(Clock).where(Clock.case_id == case_id).order_by(Clock.id))
        ]  # fmt: skip
    show(rows, as_json)


def _band(text: str, scored: snownlp_model.Scored) -> sentiment.Band:
    # The first line of a letter is its title.
    title, _, body = text.partition("\n")
    return sentiment.reading(scored.score, scored.known_words, sentiment.nature(title, body))


def _moment(row: dict[str, Any]) -> datetime:
    for name in ("at", "published_at", "first_seen", "time", "date"):
        try:
            at = datetime.fromisoformat(str(row.get(name) or ""))
        except ValueError:
            continue
        return at if at.tzinfo else at.replace(tzinfo=clock.DESK_ZONE)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0)


COMMANDS = (sentiment_group, events_group, deadlines_group)
