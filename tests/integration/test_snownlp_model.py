"""The exact rewrite of SnowNLP's reading gives SnowNLP's own scores, bit for bit."""

import random
import threading
from array import array
from pathlib import Path

import pytest
from snownlp import SnowNLP, seg

from opinion_service.adapters import snownlp_model
from opinion_service.adapters.snownlp_model import cache, tables
from tests.benchmarks.identity import differences, made_up, sample
from tests.shared_data import shared

SENTENCES = (
    "这个学校食堂饭菜很差，老师不管",
    "感谢工作人员热情服务，问题当天就解决了",
    "请问办理居住证需要什么材料？",
    "小区停水三天了，打了五次电话没人管！",
    "路灯坏了",
    "非常好非常好非常好",
    "不是没有可能，能不能快一点",
    "楼上装修吵死人😡 从早到晚",
    "2026年11月1日A栋wifi坏了",
    "麗江古城的環境很好",
)


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_scores_what_snownlp_says(text: str) -> None:
    assert snownlp_model.score_many([text])[0].score == SnowNLP(text).sentiments


@pytest.mark.parametrize("text", ["", "   ", "！！！", "12345", "\x00"])
def test_what_cannot_be_read_has_no_score(text: str) -> None:
    scored = snownlp_model.score_many([text])[0]

    assert scored.score is None
    assert scored.known_words == 0


@pytest.mark.parametrize("text", ["very bad product", "I like this", "🙏🙏", "é한か"])
def test_a_text_without_chinese_has_no_score_though_snownlp_gives_one(text: str) -> None:
    scored = snownlp_model.score_many([text])[0]

    assert (scored.score, scored.not_scored_reason) == (None, snownlp_model.NotScored.NO_CHINESE)


def test_a_text_over_the_cap_is_read_as_far_as_the_cap() -> None:
    text = "这个小区的物业很差，没有人管。" * 200

    scored, capped = snownlp_model.score_many([text, text[: snownlp_model.LONGEST]])

    assert len(text) > snownlp_model.LONGEST
    assert scored == capped


def test_the_words_that_moved_the_score_come_strongest_first() -> None:
    found = snownlp_model.score_many(["服务很差，态度恶劣，太糟糕了"], with_words=True)[0].words

    assert 1 <= len(found) <= 8
    assert [abs(weight) for _, weight in found] == sorted((abs(weight) for _, weight in found), reverse=True)
    assert snownlp_model.score_many(["服务很差"])[0].words == ()


def test_words_are_cut_as_snownlp_cuts_them() -> None:
    model = snownlp_model.load()

    assert [model.words(text) for text in SENTENCES] == [seg.seg(text) for text in SENTENCES]


def test_made_up_texts_agree_word_for_word_and_bit_for_bit() -> None:
    assert differences(made_up(random.Random(7))) == []


def test_real_texts_of_every_kind_agree_word_for_word_and_bit_for_bit() -> None:
    kinds = sample(shared("README.md").parent, 400)

    assert len(kinds) > 10
    assert {kind: differences(texts) for kind, texts in kinds.items()} == {kind: [] for kind in kinds}


def _small(value: float) -> tables.SegTables:
    four = (value, value, value, value)
    none = array("I")
    return tables.SegTables({"好": four}, {"好": four}, "", "", none, none, none, b"", array("d"))


def test_a_reader_never_sees_half_of_what_several_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.tables"
    tables.write(_small(0.0), path)
    seen: list[tables.SegTables] = []

    def write(number: int) -> None:
        for _ in range(20):
            tables.write(_small(float(number)), path)
            seen.append(tables.read(path))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 80
    assert {one.chars["好"][0] for one in seen} <= {0.0, 1.0, 2.0, 3.0}
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_tables_are_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cache.tables_path(tmp_path)
    tables.write(_small(1.0), path)
    path.write_bytes(path.read_bytes()[:-1])
    built = []
    monkeypatch.setattr(cache, "_build", lambda where: (built.append(where), tables.write(_small(2.0), where)))

    assert cache.load_tables(tmp_path).chars["好"][0] == 2.0
    assert cache.load_tables(tmp_path).chars["好"][0] == 2.0
    assert built == [path]


def test_another_version_of_the_package_has_tables_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.tables_path(tmp_path)
    monkeypatch.setattr(cache.source, "package_version", lambda: "99.0")

    assert cache.tables_path(tmp_path) != before
