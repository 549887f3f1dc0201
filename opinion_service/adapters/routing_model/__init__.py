"""A learned re-ranker behind the rules: a linear model a department over character n-grams of title and text, the
phrases of duty and the rules' own scores; then one curve for all departments that orders and says how sure it is.

The model is one `.npz` file of numbers and JSON, never a pickle, so that loading it runs no code. It re-orders what
the rules found and may add a department they missed; the words of the rules stay as evidence, with the model's own.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from opinion_service.adapters.routing_model.labels import Labelled, Trained, labelled, written_on

if TYPE_CHECKING:
    from opinion_service.adapters.routing_model.folds import across_folds
    from opinion_service.adapters.routing_model.model import RoutingModel
    from opinion_service.adapters.routing_model.training import judge, train

# scikit-learn takes seconds and 90 MB to load, and most processes of a desk never learn: these come at first use.
_HEAVY = {"RoutingModel": "model", "across_folds": "folds", "judge": "training", "train": "training"}

__all__ = ["Labelled", "RoutingModel", "Trained", "across_folds", "judge", "labelled", "train", "written_on"]


def __getattr__(name: str) -> Any:
    """Return a part of the learner, loading it now."""
    if name not in _HEAVY:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HEAVY[name]}"), name)
