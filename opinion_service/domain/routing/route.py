"""The whole way of a text: phrases of duty first, then the desk's ordered rules."""

from opinion_service.domain.routing.ordered import Settled
from opinion_service.domain.routing.router import decide
from opinion_service.domain.routing.rules import RuleSet


def route(rules: RuleSet, title: str, body: str = "") -> Settled:
    """Return the decision for a text by `rules`, with the path through the ordered rules; they have the last word."""
    return rules.ordered.settle(decide(rules, title, body), title, body)
