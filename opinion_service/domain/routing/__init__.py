"""Which department answers, how sure that is, and why."""

from opinion_service.domain.routing.decision import (
    BY_MODEL,
    OTHER_TOPIC,
    Candidate,
    Evidence,
    Rerank,
    RoutingDecision,
    decision_from_record,
    duty_words,
)
from opinion_service.domain.routing.ordered import OrderedRule, OrderedRules, PathStep, Settled, read_ordered, rules_in
from opinion_service.domain.routing.phrases import PhraseIndex, even
from opinion_service.domain.routing.replay import Difference, differences
from opinion_service.domain.routing.route import route
from opinion_service.domain.routing.router import Router, decide
from opinion_service.domain.routing.rules import Calibration, Phrase, RuleSet, SplitDuty
from opinion_service.domain.routing.scoring import DISPATCH_THRESHOLD, Evaluation, Truth, calibration_error, evaluate

__all__ = [
    "BY_MODEL",
    "DISPATCH_THRESHOLD",
    "OTHER_TOPIC",
    "Calibration",
    "Candidate",
    "Difference",
    "Evaluation",
    "Evidence",
    "OrderedRule",
    "OrderedRules",
    "PathStep",
    "Phrase",
    "PhraseIndex",
    "Rerank",
    "Router",
    "RoutingDecision",
    "RuleSet",
    "Settled",
    "SplitDuty",
    "Truth",
    "calibration_error",
    "decide",
    "decision_from_record",
    "differences",
    "duty_words",
    "evaluate",
    "even",
    "read_ordered",
    "route",
    "rules_in",
]
