"""A reading learned from labelled texts: word counts in snownlp's own form, thresholds, and a second opinion.

The file is snownlp's: `snownlp.sentiment.load` reads it and leaves the part `desk` aside. In the database the same
record is kept as JSON, so that loading it runs no code.
"""

from opinion_service.adapters.reading_model.comparison import Figures, compare, figures
from opinion_service.adapters.reading_model.labels import Labelled, Trained, labelled
from opinion_service.adapters.reading_model.model import Judgement, ReadingModel, Text
from opinion_service.adapters.reading_model.record import from_blob, read_file, to_blob, with_thresholds, write_file

__all__ = [
    "Figures", "Judgement", "Labelled", "ReadingModel", "Text", "Trained",
    "compare", "figures", "from_blob", "labelled", "read_file", "to_blob", "with_thresholds", "write_file",
]  # fmt: skip
