"""Judging what training brings: learn from all parts but one, decide on that one, in turn."""

from collections.abc import Sequence

from opinion_service.adapters.routing_model.labels import Labelled
from opinion_service.adapters.routing_model.model import RoutingModel
from opinion_service.adapters.routing_model.training import train
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import Evaluation, RoutingDecision, RuleSet, Truth, evaluate, route


def across_folds(rows: Sequence[Labelled], rules: RuleSet, count: int, threshold: float) -> Evaluation:
    """Return the figures over every row, each decided by a model that has not seen it.

    Row n belongs to part n modulo `count` (2 or more), so that anybody comes to the same parts.
    """
    if count < 2:
        raise InvalidInput("折数至少为 2。", "folds")
    decisions = dict[int, RoutingDecision]()
    for left in range(count):
        model = RoutingModel.from_bytes(train([row for n, row in enumerate(rows) if n % count != left], rules).content)
        for number in range(left, len(rows), count):
            row = rows[number]
            settled = route(rules, row.title, row.body, as_of=row.written_on, rerank=model.rerank)
            decisions[number] = settled.decision
    truths = [Truth(row.department, row.also_accepted) for row in rows]
    return evaluate(truths, [decisions[number] for number in range(len(rows))], threshold)
