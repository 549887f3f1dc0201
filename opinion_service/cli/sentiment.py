"""How texts sound, by hand: scored, learned, judged on labelled files, one text a line or one JSON object a line."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from opinion_service.adapters import reading_model, snownlp_model
from opinion_service.adapters.reading_model import ReadingModel, Text
from opinion_service.cli.output import json_option, show
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.thresholds import Example, choose

sentiment_group = AppGroup("sentiment", help="How texts sound.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MODEL = click.Path(dir_okay=False, path_type=Path)
text_option = click.option("--text", "field", default="text", help="Field of the text; several with commas.")
label_option = click.option("--label", default="polarity", help="Field of the label -1/0/1, or 0/1.")
model_option = click.option("--model", "model_path", type=MODEL, help="A model file; the shipped model without it.")


@sentiment_group.command("score")
@click.argument("path", type=FILE, required=False)
@model_option
@json_option
def score(path: Path | None, model_path: Path | None, as_json: bool) -> None:
    """Score one text a line, from a file or standard input."""
    lines = [line.rstrip("\n") for line in (path.open(encoding="utf-8") if path else sys.stdin)]
    model = _model(model_path)
    rows = [
        {
            "score": one.scored.score, "band": one.band.value, "kind": one.kind.value, "model": model.version,
            "words": " ".join(f"{word}({weight:+.1f})" for word, weight in one.scored.words),
            "not_scored": one.scored.not_scored_reason.value if one.scored.not_scored_reason else "",
        }
        for one in model.judge_many([Text.of(line) for line in lines], with_words=True)
    ]  # fmt: skip
    show(rows, as_json)


@sentiment_group.command("evaluate")
@click.argument("path", type=FILE)
@text_option
@label_option
@model_option
@json_option
def evaluate(path: Path, field: str, label: str, model_path: Path | None, as_json: bool) -> None:
    """Compare the bands with labels -1/0/1 or 0/1; rows without a label are left out."""
    rows = labelled_rows(path, field, label)
    judged = _model(model_path).judge_many([row.text for row in rows])
    show([reading_model.figures([row.polarity for row in rows], judged).as_record()], as_json)


@sentiment_group.command("thresholds")
@click.argument("path", type=FILE)
@text_option
@label_option
@model_option
@click.option("--write", is_flag=True, help="Keep them in the model file; it becomes a new version.")
@json_option
def thresholds(path: Path, field: str, label: str, model_path: Path | None, write: bool, as_json: bool) -> None:
    """Choose a model's thresholds on labelled rows and print them with the figures before and after."""
    rows, model = labelled_rows(path, field, label), _model(model_path)
    if write and model_path is None:
        raise click.UsageError("--write needs --model: the shipped model is not changed.")
    if not rows:
        raise click.ClickException("No row of the file has a label.")
    truth, texts = [row.polarity for row in rows], [row.text for row in rows]
    judged = model.judge_many(texts)
    examples = [
        Example(given, one.scored.score, one.scored.known_words, one.kind)
        for given, one in zip(truth, judged, strict=True)
    ]
    chosen = choose(examples, model.thresholds)
    after = ReadingModel(model.words, chosen)
    again = [after.judge(text, one.scored) for text, one in zip(texts, judged, strict=True)]
    show(
        [
            {**name, **limits.as_record(), **reading_model.figures(truth, found).as_record()}
            for name, limits, found in (
                ({"thresholds": "before"}, model.thresholds, judged),
                ({"thresholds": "chosen"}, chosen, again),
            )
        ],
        as_json,
    )
    if write and model_path is not None:
        reading_model.write_file(reading_model.with_thresholds(reading_model.read_file(model_path), chosen), model_path)


def _model(path: Path | None) -> ReadingModel:
    if path is None:
        return ReadingModel.shipped()
    try:
        return ReadingModel.from_record(reading_model.read_file(path))
    except (InvalidInput, snownlp_model.ModelUnavailable) as problem:
        raise click.ClickException(str(problem)) from problem


def labelled_rows(path: Path, field: str, label: str) -> list[reading_model.Labelled]:
    """Return the rows of a JSON-lines file that carry a label; raise ClickException, naming the file, for another."""
    try:
        return reading_model.labelled(_lines(path), field, label)
    except (InvalidInput, ValueError) as problem:
        raise click.ClickException(f"{path.name}: {problem}") from problem


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())
