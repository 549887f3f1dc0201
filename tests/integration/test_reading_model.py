"""A model learned from labelled texts: snownlp loads it, the desk reads by it, and it is worth what it says."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from opinion_service.adapters import reading_model, snownlp_model
from opinion_service.adapters.reading_model import Labelled, ReadingModel, Text, training
from opinion_service.adapters.reading_model.comparison import Figures, is_offered
from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.sentiment import Band, Thresholds
from opinion_service.services.reading import corrections
from tests.grouping import Line
from tests.shared_data import shared
from tests.story import NOW, person

GOOD = ("路灯修好了，感谢师傅{n}", "窗口服务热情，办得很快{n}", "公交准点，坐着舒服{n}", "公园干净漂亮，孩子喜欢{n}")
BAD = ("路灯又坏了，天黑害怕{n}", "窗口推来推去，气死人{n}", "公交总晚点，挤得难受{n}", "公园又脏又臭，没人打扫{n}")
PLAIN = ("路灯今日检修{n}", "窗口今日开放{n}", "公交今日调整{n}", "公园今日开园{n}")


def rows(times: int = 8) -> list[Labelled]:
    return [
        Labelled(Text.of(text.format(n=number)), sign)
        for sign, texts in ((-1, BAD), (0, PLAIN), (1, GOOD))
        for text in texts
        for number in range(times)
    ]


@pytest.fixture(scope="module")
def trained() -> reading_model.Trained:
    return training.train(rows())


def test_the_same_rows_give_the_same_model(trained: reading_model.Trained) -> None:
    assert training.train(rows()).version == trained.version


def test_it_reads_what_it_has_learned(trained: reading_model.Trained) -> None:
    model = ReadingModel.from_record(trained.record)
    texts = [Text.of(text) for text in ("路灯坏了天黑害怕", "师傅服务热情，感谢", "今日公园开园")]

    judged = model.judge_many(texts, with_words=True)

    assert model.version == trained.version == judged[0].scored.model_version
    assert [one.band for one in judged] == [Band.NEGATIVE, Band.POSITIVE, Band.NEUTRAL]
    assert judged[0].second is not None
    assert sum(judged[0].second.values()) == pytest.approx(1)
    assert judged[0].scored.words[0][1] < 0 < judged[1].scored.words[0][1]


def test_the_record_comes_back_from_database_and_file(trained: reading_model.Trained, tmp_path: Path) -> None:
    path = tmp_path / "model"
    reading_model.write_file(trained.record, path)

    kept = reading_model.from_blob(reading_model.to_blob(trained.record))

    assert kept == trained.record == reading_model.read_file(path)
    assert ReadingModel.from_record(kept).version == trained.version
    path.unlink()  # snownlp's own name is found as well
    assert ReadingModel.from_record(reading_model.read_file(path)).version == trained.version


def test_snownlp_itself_loads_the_file_and_gives_the_same_scores(
    trained: reading_model.Trained, tmp_path: Path
) -> None:
    path = tmp_path / "model"
    reading_model.write_file(trained.record, path)
    texts = [row.text.whole for row in rows(2)]
    code = (
        "import json, sys; from snownlp import SnowNLP, sentiment; sentiment.load(sys.argv[1]);"
        "print(json.dumps([SnowNLP(text).sentiments for text in json.load(sys.stdin)]))"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code, str(path)], input=json.dumps(texts), capture_output=True, text=True, check=True
    )

    ours = ReadingModel.from_record(trained.record).words.score_many(texts)
    assert [one.score for one in ours] == json.loads(ran.stdout)


def test_a_plain_snownlp_file_is_read_with_the_usual_thresholds(trained: reading_model.Trained) -> None:
    plain = {name: trained.record[name] for name in ("total", "d")}

    model = ReadingModel.from_record(plain)

    assert (model.second, model.thresholds) == (None, Thresholds())
    assert model.version != trained.version


@pytest.mark.parametrize("record", [{}, {"d": {}}, {"d": {"neg": 1, "pos": 2}, "total": 3}])
def test_what_is_no_model_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(snownlp_model.ModelUnavailable):
        ReadingModel.from_record(record)


@pytest.mark.parametrize("blob", [b"", b"abc", reading_model.to_blob({"x": 1})])
def test_what_is_no_kept_model_is_refused(blob: bytes) -> None:
    with pytest.raises(InvalidInput):
        reading_model.from_blob(blob)


@pytest.mark.parametrize("few", [[], rows(1), [one for one in rows() if one.polarity <= 0]])
def test_too_few_rows_are_refused_with_their_number(few: list[Labelled]) -> None:
    with pytest.raises(InvalidInput, match=str(len(few))):
        training.train(few)


def test_labels_are_taken_as_they_come() -> None:
    found = reading_model.labelled(
        [{"text": "好", "polarity": "1.0"}, {"text": "差", "polarity": 0}, {"text": "无"}, {"text": "", "polarity": ""}]
    )

    assert [one.polarity for one in found] == [1, -1]
    with pytest.raises(InvalidInput, match="2"):
        reading_model.labelled([{"text": "好", "polarity": 2}])


@pytest.mark.parametrize(
    ("error", "macro_f1", "expected"), [(0.30, 0.7, True), (0.31, 0.7, False), (0.1, 0.69, False), (None, 0.9, False)]
)
def test_a_second_opinion_is_offered_only_when_it_is_better(
    error: float | None, macro_f1: float, expected: bool
) -> None:
    words = Figures(9, 0.8, 0.7, None, 0.4, {})

    assert is_offered(words, Figures(9, 0.8, macro_f1, None, error, {})) is expected


def test_train_and_evaluate_by_command(sqlite_app: Flask, tmp_path: Path) -> None:
    file, model = tmp_path / "rows.jsonl", tmp_path / "model"
    lines = [{"text": one.text.whole, "polarity": one.polarity} for one in rows()]
    file.write_text("\n".join(json.dumps(line) for line in [*lines, {"text": "没有标注"}]), encoding="utf-8")
    run = sqlite_app.test_cli_runner().invoke

    learned = run(args=["sentiment", "train", str(file), "--out", str(model), "--json"])
    judged = run(args=["sentiment", "evaluate", str(file), "--model", str(model), "--json"])
    chosen = run(args=["sentiment", "thresholds", str(file), "--model", str(model), "--write", "--json"])
    scored = run(args=["sentiment", "score", str(file), "--model", str(model), "--json"])

    assert [one.exit_code for one in (learned, judged, chosen, scored)] == [0, 0, 0, 0], learned.output
    assert [json.loads(line)["opinion"] for line in learned.output.splitlines()] == ["words", "second"]
    assert json.loads(judged.output)["n"] == len(lines)
    assert json.loads(judged.output)["macro_f1"] > 0.9
    before, after = (json.loads(line)["macro_f1"] for line in chosen.output.splitlines())
    assert after >= 0.9
    assert before >= 0.9
    assert json.loads(scored.output.splitlines()[0])["model"] != json.loads(learned.output.splitlines()[0])["model"]


def test_the_desk_learns_from_corrections_and_shows_the_old_beside_the_new(sqlite_app: Flask, tmp_path: Path) -> None:
    run, file = sqlite_app.test_cli_runner().invoke, tmp_path / "rows.jsonl"
    bands = {-1: "negative", 0: "neutral", 1: "positive"}
    with sqlite_app.app_context():
        labels = {one.text.whole: one.polarity for one in rows(4)}
        ids = Line().bring(*labels)
        for item_id, sign in zip(ids, labels.values(), strict=True):
            corrections.correct(item_id, "band", bands[sign], actor=person("liaison"), now=NOW)
    more = [{"text": f"{one.text.whole}，南县", "polarity": one.polarity} for one in rows(3)]
    file.write_text("\n".join(map(json.dumps, more)), encoding="utf-8")

    first = json.loads(run(args=["sentiment", "train", "--json"]).output.splitlines()[0])["model"]
    for _ in range(2):  # the very same model is kept once
        assert run(args=["sentiment", "train", "--corrections", "--json"]).exit_code == 0
    refused = run(args=["sentiment", "switch-on", first, "--second", "--reason", "更准", "--by", "supervisor"])
    switched = run(args=["sentiment", "switch-on", first, "--second", "--reason", "更准", "--by", "liaison"])
    run(args=["sentiment", "train", str(file), "--corrections"])
    kept = [json.loads(line) for line in run(args=["sentiment", "models", "--json"]).output.splitlines()]
    reread = run(args=["sentiment", "reread", "--by", "liaison"])

    assert (refused.exit_code, switched.exit_code) == (1, 0), switched.output
    assert [(one["version"] == first, one["source"], one["row_count"]) for one in kept] == [
        (False, "both", 48 + 36), (True, "corrections", 48),
    ]  # fmt: skip
    assert [one["is_active"] for one in kept] == [False, True]
    newest = kept[0]["trial"]
    assert (newest["compared_with"], newest["in_force"]["n"], newest["new_on_unseen"]["n"]) == (first, 36, 36)
    assert newest["in_force"]["macro_f1"] > newest["shipped"]["macro_f1"]
    assert reread.output.strip() == "0 items read again."  # what was brought at NOW lies further back than 30 days
    back = run(args=["sentiment", "switch-back", "--reason", "再看", "--by", "admin"])
    assert back.output.startswith(f"{first}/2 is switched off")


@pytest.mark.slow
def test_real_letters_are_read_better_than_without_learning() -> None:
    with gzip.open(shared("sentiment/government_letters.jsonl.gz"), "rt", encoding="utf-8") as lines:
        learnt_from = reading_model.labelled(map(json.loads, lines))
    untrained = reading_model.figures(
        [one.polarity for one in learnt_from],
        ReadingModel.shipped().judge_many([one.text for one in learnt_from]),
    )

    found = training.train(learnt_from)

    assert untrained.macro_f1 >= 0.74
    assert untrained.confusion["0"]["-1"] <= 0.15 * sum(untrained.confusion["0"].values())
    assert found.offers_second
    assert found.second.macro_f1 >= max(0.78, untrained.macro_f1)
