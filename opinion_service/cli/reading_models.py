"""Reading models by hand: learned from corrections and files, listed, switched, and stored items read again."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from opinion_service import clock, pipeline, reading_line
from opinion_service.adapters import reading_model
from opinion_service.adapters.reading_model import Labelled, ReadingModel, Text
from opinion_service.cli.output import json_option, show
from opinion_service.cli.sentiment import FILE, MODEL, label_option, labelled_rows, sentiment_group, text_option
from opinion_service.domain.errors import DomainError, InvalidInput
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.models import User, db
from opinion_service.queries.reading import learning
from opinion_service.services.reading import corrections, reading_models, rereading
from opinion_service.services.transaction import transaction

LEAST_UNSEEN = 30  # rows below which a comparison with the model in force says nothing
by_option = click.option(
    "--by", "login", required=True, help="The liaison or administrator on whose word this is done."
)


@sentiment_group.command("train")
@click.argument("path", type=FILE, required=False)
@click.option("--corrections", "with_corrections", is_flag=True, help="Learn from what people set at this desk, too.")
@click.option("--out", type=MODEL, help="Write a file that snownlp reads, instead of keeping the model at the desk.")
@text_option
@label_option
@json_option
def train(path: Path | None, with_corrections: bool, out: Path | None, field: str, label: str, as_json: bool) -> None:
    """Learn a model from labelled rows and print how well it reads rows it has not met (five-fold).

    Without a file it learns from the corrections alone. Without --out the model is kept at the desk, not in force: the
    page of the reading models shows it beside the present one, and a person changes over.
    """
    from opinion_service.adapters.reading_model import training  # scikit-learn is slow to load and needed here only

    rows = labelled_rows(path, field, label) if path else []
    rows += _corrected() if with_corrections or not path else []
    try:
        trained = training.train(rows, reading_line.reader().rules if out is None else None)
    except InvalidInput as problem:
        raise click.ClickException(str(problem)) from problem
    if out is not None:
        reading_model.write_file(trained.record, out)
    else:
        _keep(rows, trained, "corrections" if not path else "both" if with_corrections else "file")
    shown = [("words", trained.words, not trained.offers_second), ("second", trained.second, trained.offers_second)]
    lines = [
        {"opinion": name, "in_use": used, **found.as_record(), "model": trained.version} for name, found, used in shown
    ]
    show(lines, as_json)


@sentiment_group.command("models")
@json_option
def listed(as_json: bool) -> None:
    """List the newest twenty trained models."""
    rows, _ = learning.models(db.session())
    shown = [{**dataclasses.asdict(row), **_short(row.trial)} for row in rows]
    show([{name: value for name, value in row.items() if as_json or name != "trial"} for row in shown], as_json)


@sentiment_group.command("switch-on")
@click.argument("version")
@click.option("--second", is_flag=True, help="Its second opinion decides the band.")
@click.option("--reason", required=True)
@by_option
def switch_on(version: str, second: bool, reason: str, login: str) -> None:
    """Let a trained model read from now on."""
    try:
        reading_models.switch_on(version, reason, uses_second=second, actor=_actor(login), now=clock.now())
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"{version} reads from now on.")


@sentiment_group.command("switch-back")
@click.option("--reason", required=True)
@by_option
def switch_back(reason: str, login: str) -> None:
    """Let the shipped model read again."""
    try:
        before = reading_models.switch_back(reason, actor=_actor(login), now=clock.now())
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"{before} is switched off; the shipped model reads." if before else "No trained model was in force.")


@sentiment_group.command("reread")
@click.option("--days", type=int, default=30, show_default=True)
@by_option
def reread(days: int, login: str) -> None:
    """Read the items of the last days again, by the model and the rules in force; corrections by people stay."""
    try:
        rereading.start(days, actor=_actor(login), now=clock.now())
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    total = 0
    while count := pipeline.reread(now=clock.now()):
        total += count
    click.echo(f"{total} items read again.")


def _keep(rows: Sequence[Labelled], trained: reading_model.Trained, source: str) -> None:
    new = reading_models.NewModel(
        trained.version, source, trained.rows, reading_model.to_blob(trained.record), _trial(rows, trained),
        tuple(sorted({_fingerprint(row) for row in rows})),
    )  # fmt: skip
    reading_models.keep(new, actor=SYSTEM, now=clock.now())


def _trial(rows: Sequence[Labelled], trained: reading_model.Trained) -> dict[str, Any]:
    """Return the figures of the new model on rows it had not met, beside the shipped one and the one in force.

    The one in force is only compared on rows that it has not learned from, and the new model on the same rows.
    """
    by = reading_line.reader()
    pairs = [(row.text, row.polarity) for row in rows]
    shipped, _ = reading_model.compare(pairs, ReadingModel.shipped(), by.rules)
    trial: dict[str, Any] = {
        "new": trained.words.as_record(), "second": trained.second.as_record(),
        "second_offered": trained.offers_second, "shipped": shipped.as_record(),
    }  # fmt: skip
    present = reading_models.in_force().version
    seen = reading_models.seen_by(present)
    unseen = [row for row in rows if _fingerprint(row) not in seen]
    if by.model is not None and len(unseen) >= LEAST_UNSEEN:
        then, _ = reading_model.compare([(row.text, row.polarity) for row in unseen], by.model, by.rules)
        now = trained.on([row for row, one in enumerate(rows) if _fingerprint(one) not in seen])
        trial |= {"compared_with": present, "in_force": then.as_record(), "new_on_unseen": now.as_record()}
    return trial


def _corrected() -> list[Labelled]:
    rows = corrections.corrected()
    return [Labelled(Text(title, body, f"{title}。{body}" if body else title), sign) for title, body, sign in rows]


def _fingerprint(row: Labelled) -> str:
    return hashlib.sha256(f"{row.polarity} {row.text.whole}".encode()).hexdigest()[:16]


def _short(trial: dict[str, Any]) -> dict[str, Any]:
    return {f"f1_{name}": trial[name]["macro_f1"] for name in ("shipped", "new", "second") if trial.get(name)}


def _actor(login: str) -> Actor:
    with transaction() as session:
        user = session.scalar(select(User).where(User.login == login, User.is_active))
        if user is None or Role(user.role) not in reading_models.SWITCHERS:
            raise click.ClickException(f"{login} is no active liaison or administrator.")
        return Actor(user.id, user.name, Role(user.role))


COMMANDS = (sentiment_group,)
