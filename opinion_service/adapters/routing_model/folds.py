"""Judging what training brings: learn from all parts but one, decide on that one, in turn."""

from collections.abc import Sequence

from opinion_service.adapters.routing_model.model import RoutingModel
from opinion_service.adapters.routing_model.training import Labelled, train
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing import Evaluation, Router, RoutingDecision, RuleSet, Truth, evaluate


def across_folds(rows: Sequence[Labelled], rules: RuleSet, count: int, threshold: float) -> Evaluation:
    """Return the figures over every row, each decided by a model that has not seen it.

    Row n belongs to part n modulo `count` (2 or more), so that anybody comes to the same parts.
    """
    if count < 2:
        raise InvalidInput("折数至少为 2。", "folds")
    router, decisions = Router(rules), dict[int, RoutingDecision]()
    for left in range(count):
        model = RoutingModel.from_bytes(train([row for n, row in enumerate(rows) if n % count != left], rules).content)
        for number in range(left, len(rows), count):
            row = rows[number]
            decisions[number] = model.rerank(router.decide(row.title, row.body, row.written_on), row.title, row.body)
    truths = [Truth(row.department, row.also_accepted) for row in rows]
    return evaluate(truths, [decisions[number] for number in range(len(rows))], threshold)
