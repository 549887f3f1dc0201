"""Puts the learner and the kept models together: one training, from rows to a kept model with its comparison."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opinion_service import routing_line
from opinion_service.adapters import routing_model
from opinion_service.adapters.routing_model import Labelled
from opinion_service.domain.errors import DomainError, InvalidInput
from opinion_service.domain.people import Actor
from opinion_service.domain.routing import Evaluation, RuleSet
from opinion_service.services.routing import routing_log, routing_models, routing_training

HELD_BACK = 5  # one row of five is kept from the model that is tried
LEAST_LESSONS = 75  # so that the four fifths a model is tried on are the sixty it needs
LEAST_UNSEEN = 30  # rows below which a comparison with the model in force says nothing
READ, TRIED, LEARNED = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Learned:
    """A kept model and the figures of its comparison on held-back rows."""

    made: routing_model.Trained
    trial: dict[str, Any]


def learn(
    rows: Sequence[Labelled],
    source: str,
    *,
    actor: Actor,
    now: Callable[[], datetime],
    tell: Callable[[int], None] = lambda _step: None,
) -> Learned:
    """Learn from `rows` and keep the model, switched off; `tell` hears each step that is done.

    source: corrections or file. Raise InvalidInput for too few rows, Forbidden as `routing_models.keep` does.
    """
    if len(rows) < LEAST_LESSONS:
        raise InvalidInput(f"训练至少需要 {LEAST_LESSONS} 条记录，其中五分之一留作比较。")
    rules = routing_log.rules_in_force()
    trial = _trial(rows, rules)
    tell(TRIED)
    made = routing_model.train(rows, rules)
    tell(LEARNED)
    kept = routing_models.NewModel(
        made.version, rules.version, source, made.rows, made.departments,
        made.content, trial, routing_model.RoutingModel.from_bytes(made.content).strongest(),
        tuple(sorted({row.fingerprint for row in rows})),
    )  # fmt: skip
    routing_models.keep(kept, actor=actor, now=now())
    return Learned(made, trial)


def lessons() -> list[Labelled]:
    """Return what people decided at this desk as rows to learn from."""
    return [Labelled(one.title, one.body, one.department) for one in routing_log.confirmed()]


def train_waiting(*, now: Callable[[], datetime]) -> int:
    """Do the training that waits, if any; return how many were done. A model it makes is not switched on."""
    held = routing_training.claim(now=now())
    if held is None:
        return 0

    def tell(step: int) -> None:
        routing_training.reached(held, step, now=now())

    try:
        rows = lessons()
        tell(READ)
        learned = learn(rows, "corrections", actor=held.asked_by, now=now, tell=tell)
    except DomainError as problem:
        routing_training.failed(held, str(problem), now=now())
        return 1
    routing_training.done(held, learned.made.version, now=now())
    return 1


def _trial(rows: Sequence[Labelled], rules: RuleSet) -> dict[str, Any]:
    """Return the figures of a model that has not seen one row of five, beside the rules and the model in force.

    The model in force is only compared on rows that it has not learned from.
    """
    held = rows[::HELD_BACK]
    tried = routing_model.train([row for n, row in enumerate(rows) if n % HELD_BACK], rules)
    new = routing_model.RoutingModel.from_bytes(tried.content)
    present = routing_models.in_force()
    seen = routing_models.seen_by(present)
    unseen = [row for row in held if row.fingerprint not in seen]
    is_fair = bool(present) and len(unseen) >= LEAST_UNSEEN
    by_rules, by_new = routing_model.judge(held, rules), routing_model.judge(held, rules, new)
    trial = {"n": len(held), "rules": _short_figures(by_rules), "new": _short_figures(by_new)}
    is_better = by_new.accuracy_at_1 > by_rules.accuracy_at_1
    if is_fair:
        now, then = (routing_model.judge(unseen, rules, one) for one in (new, routing_line.model(present)))
        trial |= {"unseen": len(unseen), "new_on_unseen": _short_figures(now), "in_force": _short_figures(then)}
        is_better = is_better and now.accuracy_at_1 > then.accuracy_at_1
    return {**trial, "compared_with": present if is_fair else "", "is_better": is_better}


def _short_figures(found: Evaluation) -> dict[str, float]:
    figures = {
        "@1": found.accuracy_at_1, "@3": found.accuracy_at_3, "ece": found.ece,
        "dispatched": found.dispatch_coverage, "precision": found.dispatch_precision,
    }  # fmt: skip
    return {name: round(value, 4) for name, value in figures.items()}
