"""Which items tell of the same happening: index keys, the judgement of a pair, and its reason."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from opinion_service.domain.text import bigrams, fingerprint

WINDOW = timedelta(days=7)
MOST_KEYS = 8
JOINS_FROM = 0.5
# Pairs that stand in every letter to a city; sharing them says nothing.
_COMMON = frozenset(
    {
        "关于", "于我", "问题", "反映", "请问", "什么", "时候", "为什", "怎么", "如何", "咨询", "建议",
        "希望", "市民", "小区", "我们", "政府", "部门", "有关", "相关", "情况", "进行", "益阳", "阳市",
        "没有", "可以", "可否", "是否", "能否", "投诉", "求助", "严重", "多次", "一直", "解决", "处理",
        "回应", "通报", "最新", "今日", "网友", "居民", "村民",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Features:
    """What grouping looks at in an item."""

    title: str
    at: datetime
    pairs: frozenset[str]
    fingerprint: str

    @classmethod
    def of(cls, title: str, at: datetime) -> "Features":
        """Return the features of a title first seen `at`."""
        return cls(title, at, frozenset(bigrams(title)) - _COMMON, fingerprint(title))


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether two items tell of one thing, how sure (0-1), and why in words."""

    joins: bool
    score: float
    reason: str


def index_keys(features: Features) -> tuple[int, ...]:
    """Return at most eight signed 63-bit numbers; titles that share much share at least one.

    The smallest hashes of the title's pairs are taken, so that the choice does not depend on history.
    """
    hashed = sorted(_hash(pair) for pair in features.pairs)
    return tuple(hashed[:MOST_KEYS])


def judge(new: Features, old: Features) -> Judgement:
    """Return whether `new` joins `old`: same words, nearly the same, or most of the telling pairs."""
    if abs(new.at - old.at) > WINDOW:
        return Judgement(False, 0.0, "相隔超过 7 天")
    if new.fingerprint == old.fingerprint:
        return Judgement(True, 1.0, "标题相同")
    shared = new.pairs & old.pairs
    total = len(new.pairs) + len(old.pairs)
    score = 2 * len(shared) / total if total else 0.0
    words = "、".join(sorted(shared)[:4])
    if score >= 0.8:
        return Judgement(True, score, f"标题近似重复：{words}")
    if score >= JOINS_FROM and len(shared) >= 3:
        return Judgement(True, score, f"同一事件的不同说法，共有“{words}”")
    return Judgement(False, score, "共有的关键词不足")


def choose(new: Features, candidates: Iterable[tuple[int, Features]]) -> tuple[int, Judgement] | None:
    """Return the event of the best candidate that `new` joins, with the judgement; None when none does."""
    judged = [(event_id, judge(new, old)) for event_id, old in candidates]
    joining = [(event_id, result) for event_id, result in judged if result.joins]
    return max(joining, key=lambda pair: (pair[1].score, -pair[0]), default=None)


@dataclass(frozen=True, slots=True)
class Grouping:
    """B-cubed figures of a grouping against the truth."""

    n: int
    precision: float
    recall: float
    f1: float


def group(titles: Sequence[tuple[str, datetime]]) -> list[int]:
    """Return a group number for each title, grouping online in the given order."""
    index: dict[int, list[tuple[int, Features]]] = {}
    labels: list[int] = []
    for number, (title, at) in enumerate(titles):
        features = Features.of(title, at)
        keys = index_keys(features)
        near = [pair for key in keys for pair in index.get(key, ())[-50:]]
        chosen = choose(features, near)
        label = chosen[0] if chosen else number
        labels.append(label)
        for key in keys:
            index.setdefault(key, []).append((label, features))
    return labels


def evaluate(found: Sequence[int], truth: Sequence[object]) -> Grouping:
    """Return B-cubed precision, recall and F1 of `found` groups against `truth`."""
    members: dict[int, list[int]] = {}
    classes: dict[object, list[int]] = {}
    for i, (label, wanted) in enumerate(zip(found, truth, strict=True)):
        members.setdefault(label, []).append(i)
        classes.setdefault(wanted, []).append(i)
    precision = recall = 0.0
    for label, wanted in zip(found, truth, strict=True):
        same = sum(1 for i in members[label] if truth[i] == wanted)
        precision += same / len(members[label])
        recall += same / len(classes[wanted])
    n = len(found) or 1
    p, r = precision / n, recall / n
    return Grouping(len(found), p, r, 2 * p * r / (p + r) if p + r else 0.0)


def _hash(pair: str) -> int:
    return int.from_bytes(hashlib.blake2b(pair.encode("utf-8", "replace"), digest_size=8).digest()) >> 1
