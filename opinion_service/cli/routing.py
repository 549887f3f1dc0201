"""Routing by hand: explained, judged on labelled files, learned, switched and replayed."""

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from opinion_service import clock, routing_line, routing_training
from opinion_service.adapters import routing_model
from opinion_service.adapters.routing_model import Labelled
from opinion_service.cli.files import FILE, read_rows, text_of
from opinion_service.cli.output import json_option, show
from opinion_service.data import routing_data
from opinion_service.domain.errors import DomainError
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.domain.routing import Evaluation, route
from opinion_service.models import User
from opinion_service.queries.routing import routing_models as queries
from opinion_service.services.routing import routing_log, routing_models
from opinion_service.services.transaction import transaction

routing_group = AppGroup("routing", help="Which department answers.")

by_option = click.option("--by", "login", default="", help="The administrator on whose word this is done.")


@routing_group.command("explain")
@click.argument("words", metavar="TEXT")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day whose duties count; today by default.")
@json_option
def routing_explain(words: str, day: datetime | None, as_json: bool) -> None:
    """Show the candidates for a text with the words that counted, by the rules and the model in force."""
    as_of = day.date() if day else _today()
    decision = route(routing_log.rules_in_force(), words, as_of=as_of, rerank=routing_line.reranker()).decision
    rows = [
        {
            "department": one.department, "score": one.score, "confidence": "" if number else decision.confidence,
            "hot_topic": "" if number else decision.hot_topic,
            "evidence": " ".join(f"{e.word}({e.weight:g})" for e in one.evidence),
        }
        for number, one in enumerate(decision.candidates)
    ]  # fmt: skip
    show(rows or [{"department": decision.winner, "score": 0, "confidence": 0.0, "evidence": ""}], as_json)
    if not as_json:
        doubt = "、".join(decision.territory_doubt)
        where = f"属地：{decision.territory}" + (f"（待核实：也可能是{doubt}）" if doubt else "")
        notes = (
            decision.winner_reason, decision.runner_up_reason, decision.split_reason, *decision.notes,
            where if decision.territory else "",
        )  # fmt: skip
        click.echo("\n".join(note for note in notes if note))


@routing_group.command("evaluate")
@click.argument("path", type=FILE)
@click.option("--text", "fields", default="title,content", help="Fields read; the first is the title.")
@click.option("--label", default="department", help="Field with the department's name, or with a theme.")
@click.option("--folds", type=click.IntRange(2, 20), help="Train on the file itself, all parts but one in turn.")
@click.option("--rules-only", is_flag=True, help="Leave the model in force out.")
@json_option
def routing_evaluate(path: Path, fields: str, label: str, folds: int | None, rules_only: bool, as_json: bool) -> None:
    """Compare the decisions with the departments that really answered."""
    rows = _labelled(path, fields, label)
    rules = routing_log.rules_in_force()
    threshold = current_app.config["DESK"].dispatch_threshold
    try:
        if folds:
            name, found = f"{folds} folds", routing_model.across_folds(rows, rules, folds, threshold)
        else:
            name = "" if rules_only else routing_models.in_force()
            found = routing_model.judge(rows, rules, routing_line.model(name) if name else None, threshold)
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    row = {**_figures(found), "rules": rules.version, "model": name}
    show([{**row, "confusion": found.confusion} if as_json else row], as_json)


@routing_group.command("train")
@click.argument("path", type=FILE, required=False)
@click.option("--text", "fields", default="title,content", help="Fields read; the first is the title.")
@click.option("--label", default="department", help="Field with the department's name.")
@click.option("--leave-off", is_flag=True, help="Keep the model, but do not switch it on even when it is better.")
@by_option
@json_option
def routing_train(path: Path | None, fields: str, label: str, leave_off: bool, login: str, as_json: bool) -> None:
    """Learn from a labelled file, or from what people decided at this desk; switch the model on when it is better.

    Better means: on held-back rows it finds the right department more often than what is in force now.
    """
    actor = _actor(login)
    rows = _labelled(path, fields, label) if path else routing_training.lessons()
    try:
        learned = routing_training.learn(rows, "file" if path else "corrections", actor=actor, now=clock.now)
        if learned.trial["is_better"] and not leave_off:
            routing_models.switch_on(learned.made.version, actor=actor, now=clock.now())
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    show([_outcome(learned.made, learned.trial)], as_json)


@routing_group.command("models")
@json_option
def routing_list(as_json: bool) -> None:
    """List the newest twenty trained models."""
    with transaction() as session:
        rows, _ = queries.listed(session)
    show([dataclasses.asdict(row) for row in rows], as_json)


@routing_group.command("switch-on")
@click.argument("version")
@by_option
def routing_switch_on(version: str, login: str) -> None:
    """Put a trained model in force."""
    try:
        routing_models.switch_on(version, actor=_actor(login), now=clock.now())
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"{version} is in force.")


@routing_group.command("switch-off")
@by_option
def routing_switch_off(login: str) -> None:
    """Let the rules decide alone again."""
    before = routing_models.switch_off(actor=_actor(login), now=clock.now())
    click.echo(f"{before} is switched off; the rules decide alone." if before else "No model was in force.")


@routing_group.command("replay")
@click.argument("number", metavar="CASE_NO")
@json_option
def routing_replay(number: str, as_json: bool) -> None:
    """Make the stored decisions about a case again; exit 1 when one does not come out as it was stored."""
    try:
        found = routing_line.replay(number, today=_today())
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    show([_replayed(one) for one in found], as_json)
    if not all(one.is_same for one in found):
        sys.exit(1)


def _replayed(one: routing_line.Replayed) -> dict[str, Any]:
    kept = one.kept.decision
    said = "yes" if one.is_same else "no" if one.again else "cannot be made again"
    return {
        "decided_at": one.kept.decided_at.isoformat(), "rules": kept.rule_set_version, "model": kept.model_version,
        "winner": kept.winner, "confidence": kept.confidence, "same": said, "changes": _told(one.changes),
        "today": one.today.winner if one.today else "", "changes_today": _told(one.changes_today),
    }  # fmt: skip


def _told(changes: Sequence[Any]) -> str:
    return "; ".join(f"{one.part}: {_short(one.then)} → {_short(one.now)}" for one in changes)


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _labelled(path: Path, fields: str, label: str) -> list[Labelled]:
    codes, themes = routing_data.codes_by_name(), routing_data.themes()
    title, _, body = fields.partition(",")
    found = []
    for number, row in enumerate(read_rows(path), 1):
        accepted = _accepted(row, label, codes, themes)
        if not accepted:
            raise click.ClickException(
                f"{path.name}, row {number}: no department or theme is called {row.get(label)!r}."
            )
        written = text_of(row, body) if body else ""
        found.append(
            Labelled(
                str(row.get(title) or ""), written, accepted[0], frozenset(accepted[1:]), routing_model.written_on(row)
            )
        )
    return found


def _accepted(
    row: Mapping[str, Any], label: str, codes: Mapping[str, str], themes: Mapping[str, Sequence[str]]
) -> list[str]:
    name = str(row.get(label) or "")
    if name in codes:
        return [codes[name], *(codes[one] for one in row.get("also_accepted") or () if one in codes)]
    return list(themes.get(name, ()))


def _outcome(made: routing_model.Trained, trial: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "model": made.version, "rows": made.rows, "departments": len(made.departments), "held_back": trial["n"],
        "rules@1": trial["rules"]["@1"], "model@1": trial["new"]["@1"], "rules@3": trial["rules"]["@3"],
        "model@3": trial["new"]["@3"], "in_force@1": trial.get("in_force", {}).get("@1", ""),
        "switched_on": routing_models.in_force() == made.version,
    }  # fmt: skip


def _figures(found: Evaluation) -> dict[str, float]:
    figures = {
        "n": found.n, "coverage": found.coverage, "accuracy@1": found.accuracy_at_1,
        "accuracy@3": found.accuracy_at_3, "macro_f1": found.macro_f1, "ece": found.ece,
        "dispatch_threshold": found.dispatch_threshold, "dispatch_coverage": found.dispatch_coverage,
        "dispatch_precision": found.dispatch_precision,
    }  # fmt: skip
    return {name: round(value, 4) for name, value in figures.items()}


def _today() -> date:
    return clock.now().astimezone(clock.DESK_ZONE).date()


def _actor(login: str) -> Actor:
    """Return the administrator of this login, or the shell itself when none is named."""
    if not login:
        return SYSTEM
    with transaction() as session:
        user = session.scalar(select(User).where(User.login == login, User.is_active))
        if user is None or user.role != Role.ADMIN.value:
            raise click.ClickException(f"{login} is no active administrator.")
        return Actor(user.id, user.name, Role.ADMIN)


COMMANDS = (routing_group,)
