"""A learned re-ranker behind the rules: character n-grams and the rules' own scores, a linear model a department.

The model is one `.npz` file of numbers and JSON, never a pickle, so that loading it runs no code. It re-orders what
the rules found, may add a department they missed, and says how sure it is; the words of the rules stay as evidence.
"""

from opinion_service.adapters.routing_model.model import RoutingModel
from opinion_service.adapters.routing_model.training import Labelled, Trained, labelled, train

__all__ = ["Labelled", "RoutingModel", "Trained", "labelled", "train"]
