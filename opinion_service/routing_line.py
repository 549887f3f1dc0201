"""Puts the routing model and the stored decisions together: the line's second opinion, and the replay of a decision.

scikit-learn is loaded only where a trained model is in force or is asked for.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from opinion_service.domain.routing import Difference, Rerank, RoutingDecision, RuleSet, differences, route
from opinion_service.services.routing import routing_log, routing_models

if TYPE_CHECKING:
    from opinion_service.adapters.routing_model import RoutingModel


@dataclass(frozen=True, slots=True)
class By:
    """What a decision is made by: rules, the trained model (if any), and the day whose duties count."""

    rules: RuleSet
    rerank: Rerank | None
    as_of: date | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """A stored decision, made again by the rules and the model it names, and by those in force today.

    `again` is None when it cannot be made again: its rules are no longer kept, or it was stored without its inputs.
    """

    kept: routing_log.Kept
    again: RoutingDecision | None
    today: RoutingDecision | None

    @property
    def is_same(self) -> bool:
        """Return whether the record gives the decision that was stored."""
        return self.again is not None and not self.changes

    @property
    def changes(self) -> tuple[Difference, ...]:
        """Return where the replay differs from what was stored; empty when all is well."""
        return differences(self.kept.decision, self.again) if self.again else ()

    @property
    def changes_today(self) -> tuple[Difference, ...]:
        """Return what today's rules and model would decide otherwise."""
        return differences(self.kept.decision, self.today) if self.today else ()


def reranker() -> Rerank | None:
    """Return what the model in force makes of a decision; None when the rules decide alone."""
    version = routing_models.in_force()
    return model(version).rerank if version else None


@lru_cache(maxsize=3)
def model(version: str) -> "RoutingModel":
    """Return a kept model, loaded once a process; raise NotFound for an unknown version."""
    from opinion_service.adapters.routing_model import RoutingModel

    return RoutingModel.from_bytes(routing_models.content(version))


def replay(number: str, *, today: date) -> list[Replayed]:
    """Make every stored decision about a case again, the oldest first; nothing is changed.

    today: the day whose duties count beside the day of the decision. Raise NotFound for an unknown case.
    """
    present = By(routing_log.rules_in_force(), reranker(), today)
    return [_replayed(kept, present) for kept in routing_log.decisions(number)]


def _replayed(kept: routing_log.Kept, present: By) -> Replayed:
    if not kept.has_inputs:
        return Replayed(kept, None, None)
    again = None
    if kept.rules is not None:
        version = kept.decision.model_version
        again = _decided(kept, By(kept.rules, model(version).rerank if version else None, kept.as_of))
    return Replayed(kept, again, _decided(kept, present))


def _decided(kept: routing_log.Kept, by: By) -> RoutingDecision:
    return route(by.rules, kept.title, kept.body, as_of=by.as_of, rerank=by.rerank).decision
