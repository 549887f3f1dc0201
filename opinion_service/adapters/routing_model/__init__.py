"""A learned re-ranker behind the rules: a linear model a department over character n-grams of title and text, the
phrases of duty and the rules' own scores; then one curve for all departments that orders and says how sure it is.

The model is one `.npz` file of numbers and JSON, never a pickle, so that loading it runs no code. It re-orders what
the rules found and may add a department they missed; the words of the rules stay as evidence, with the model's own.
"""

from opinion_service.adapters.routing_model.folds import across_folds
from opinion_service.adapters.routing_model.model import RoutingModel
from opinion_service.adapters.routing_model.training import Labelled, Trained, judge, labelled, train, written_on

__all__ = ["Labelled", "RoutingModel", "Trained", "across_folds", "judge", "labelled", "train", "written_on"]
