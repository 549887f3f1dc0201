"""The whole way of a text: phrases of duty first, then the desk's ordered rules, then a trained model."""

from dataclasses import replace
from datetime import date

from opinion_service.domain.routing.decision import Rerank
from opinion_service.domain.routing.ordered import Settled
from opinion_service.domain.routing.router import decide
from opinion_service.domain.routing.rules import RuleSet


def route(
    rules: RuleSet, title: str, body: str = "", *, as_of: date | None = None, rerank: Rerank | None = None
) -> Settled:
    """Return the decision for a text by `rules`, with the path through the ordered rules.

    as_of: the day whose division of duties counts, the present when left out; rerank: the trained model, if
    any; a rule that stops has the last word, one that continues is evidence the model hears.
    """
    settled = rules.ordered.settle(decide(rules, title, body, as_of), title, body, rules.names)
    if rerank is None or settled.is_stopped:
        return settled
    return replace(settled, decision=rerank(settled.decision, title, body))
