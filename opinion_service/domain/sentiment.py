"""Bands of sentiment with a wide middle, and what kind of message a text is.

A score orders the work; it never decides the duty to answer. Source: domain rules 4.2 and 4.3.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Band(StrEnum):
    """How a text sounds; unsure when there is too little evidence."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    UNSURE = "unsure"

    @property
    def label(self) -> str:
        """Return the band's name in Chinese."""
        return {"negative": "偏负面", "neutral": "中性", "positive": "偏正面", "unsure": "证据不足"}[self.value]


class Nature(StrEnum):
    """What the writer wants. Source: domain rules 4.3."""

    INQUIRY = "inquiry"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    ADVICE = "advice"
    PRAISE = "praise"
    NEWS = "news"

    @property
    def label(self) -> str:
        """Return the nature's name in Chinese."""
        return _NATURE_LABELS[self]


_NATURE_LABELS = {
    Nature.INQUIRY: "咨询",
    Nature.HELP: "求助",
    Nature.COMPLAINT: "投诉",
    Nature.REPORT: "举报",
    Nature.ADVICE: "建议",
    Nature.PRAISE: "表扬",
    Nature.NEWS: "报道",
}
# Words that tell the kind, with their weight; the title counts twice.
_CUES: dict[Nature, tuple[tuple[str, int], ...]] = {
    Nature.PRAISE: (("表扬", 4), ("感谢", 3), ("点赞", 3), ("锦旗", 4), ("好评", 2), ("谢谢你们", 3), ("为您点赞", 3)),
    Nature.REPORT: (("举报", 5), ("违法", 2), ("无证经营", 3), ("偷排", 4), ("非法", 3), ("私自", 1), ("造假", 3), ("骗取", 3)),
    Nature.ADVICE: (("建议", 4), ("意见建议", 4), ("能否增设", 3), ("希望增设", 3), ("应当考虑", 2), ("提个建议", 5)),
    Nature.HELP: (("求助", 5), ("帮帮", 4), ("急需", 3), ("求救", 5), ("走投无路", 4), ("请帮忙", 4), ("困难", 1), ("解决一下", 2)),
    Nature.COMPLAINT: (
        ("投诉", 5), ("扰民", 4), ("拖欠", 4), ("乱收费", 4), ("不作为", 5), ("推诿", 4), ("踢皮球", 4), ("臭", 3), ("停水", 3), ("停电", 3),
        ("强制", 3), ("欺骗", 3), ("态度恶劣", 4), ("无人管", 4), ("没人管", 4), ("一直没", 3), ("至今", 2), ("严重影响", 4), ("堵塞", 2),
        ("噪音", 3), ("噪声", 3), ("烂尾", 4), ("漏水", 2), ("迟迟", 3), ("坑", 1), ("占道", 3), ("不合理", 3), ("拒绝", 2), ("污染", 3),
        ("垃圾", 2), ("破损", 2), ("安全隐患", 3), ("停运", 3),
    ),
    Nature.INQUIRY: (
        ("请问", 4), ("咨询", 5), ("如何", 3), ("怎么办理", 4), ("什么时候", 3), ("何时", 3), ("是否", 3), ("能不能", 2), ("可以吗", 3), ("多少", 2),
        ("哪里", 2), ("需要什么", 3), ("条件", 1), ("流程", 2), ("政策", 1), ("想了解", 4), ("怎样", 2),
    ),
}  # fmt: skip
_QUESTION = re.compile(r"[?？]|吗[。！!，,\s]|呢[。！!，,\s]")


def nature(title: str, body: str = "") -> Nature:
    """Return what kind of message the text is; plain news when nothing is asked or claimed."""
    scores = {
        kind: sum(weight * (2 * title.count(word) + min(body.count(word), 2)) for word, weight in cues)
        for kind, cues in _CUES.items()
    }
    if _QUESTION.search(title + "\n" + body):
        scores[Nature.INQUIRY] += 3
    best = max(scores, key=lambda kind: scores[kind])
    return best if scores[best] >= 3 else Nature.NEWS


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores up to `negative_to` are negative, from `positive_from` positive; thin evidence is unsure."""

    negative_to: float = 0.30
    positive_from: float = 0.70
    least_words: int = 3


def band(score: float | None, known_words: int, thresholds: Thresholds | None = None) -> Band:
    """Return the band of a score; unsure when it is missing or too few known words stand behind it."""
    limits = thresholds or Thresholds()
    if score is None or known_words < limits.least_words:
        return Band.UNSURE
    if score <= limits.negative_to:
        return Band.NEGATIVE
    return Band.POSITIVE if score >= limits.positive_from else Band.NEUTRAL


PLAIN_NEGATIVE_TO = 0.001


def reading(score: float | None, known_words: int, kind: Nature) -> Band:
    """Return the band shown at the desk: what is asked for weighs more than the model's tone.

    A plain enquiry or a piece of advice is not shown as anger, a complaint not as contentment: the
    model learnt its tone from shop reviews.
    """
    sound = band(score, known_words)
    if kind in (Nature.COMPLAINT, Nature.REPORT):
        return Band.NEGATIVE if sound is not Band.UNSURE or known_words else Band.UNSURE
    if kind is Nature.PRAISE:
        return Band.POSITIVE
    if kind in (Nature.INQUIRY, Nature.ADVICE):
        return Band.NEUTRAL
    # Nothing is asked and nothing claimed: only an extreme score is believed, and never a rosy one.
    is_extreme = score is not None and score <= PLAIN_NEGATIVE_TO
    return sound if sound is Band.UNSURE or (sound is Band.NEGATIVE and is_extreme) else Band.NEUTRAL


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of predicted classes against given ones (-1, 0, 1)."""

    n: int
    accuracy: float
    macro_f1: float
    confusion: dict[str, dict[str, int]]


def evaluate(truth: Sequence[int], predicted: Sequence[int]) -> Evaluation:
    """Return accuracy, macro-F1 over the classes that occur in `truth`, and the confusion table."""
    classes = sorted(set(truth))
    confusion = {str(t): {str(p): 0 for p in (-1, 0, 1)} for t in classes}
    for t, p in zip(truth, predicted, strict=True):
        confusion[str(t)][str(p)] += 1
    hits = sum(confusion[str(c)][str(c)] for c in classes)
    scores = []
    for c in classes:
        claimed = sum(row[str(c)] for row in confusion.values())
        wanted = sum(confusion[str(c)].values())
        scores.append(2 * confusion[str(c)][str(c)] / (claimed + wanted) if claimed + wanted else 0.0)
    return Evaluation(len(truth), hits / (len(truth) or 1), sum(scores) / (len(scores) or 1), confusion)
