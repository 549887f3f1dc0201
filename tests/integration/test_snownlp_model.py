"""The exact rewrite of SnowNLP's reading gives SnowNLP's own scores, bit for bit."""

import gzip
import json

import pytest
from snownlp import SnowNLP

from opinion_service.adapters import snownlp_model
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


@pytest.mark.parametrize("name", ["sentiment/weibo_emotion", "sentiment/news_titles", "sentiment/government_letters"])
def test_real_texts_score_what_snownlp_says(name: str) -> None:
    with gzip.open(shared(f"{name}.jsonl.gz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][::97][:40]
    texts = [str(row.get("text") or row.get("title")).strip()[:150] for row in rows]

    scored = snownlp_model.score_many(texts)

    different = [
        text
        for text, one in zip(texts, scored, strict=True)
        if one.score is not None and one.score != SnowNLP(text).sentiments
    ]
    assert different == []
