"""What routing costs as the number of phrases grows, against looking for every phrase in turn."""

import time
from collections.abc import Callable, Sequence

from opinion_service.data import routing_data
from opinion_service.domain.routing import PhraseIndex, Router, RuleSet, even

TEXTS = 200
ROUNDS = 3


def run() -> list[str]:
    """Return one line per figure: speed of routing, and ratios against the scan and against fewer phrases."""
    record = routing_data.read_rules()
    router = Router(RuleSet.from_record(record))
    words = sorted(router.rules.index.words)
    texts = _texts(words)
    small, large = PhraseIndex.of(words[::10]), PhraseIndex.of(_widened(words))
    whole = _seconds(lambda: [router.rules.index.find(text) for text in texts])
    scan = _seconds(lambda: [_by_phrase(words, text) for text in texts])
    few = _seconds(lambda: [small.find(text) for text in texts])
    many = _seconds(lambda: [large.find(text) for text in texts])
    decided = _seconds(lambda: [router.decide(text[:20], text) for text in texts])
    return [
        f"phrases: index vs scan of every phrase: {scan / whole:.1f}x faster ({len(words)} phrases)",
        f"phrases: 100x as many phrases cost {many / few:.2f}x the time",
        f"decide: {TEXTS / decided:.0f} texts/s",
    ]


def _texts(words: Sequence[str]) -> list[str]:
    filler = "本人反映以下情况希望有关部门核实处理并给予答复谢谢"
    return [even(filler.join(words[number * 7 % len(words) :][:8]) + filler) for number in range(TEXTS)]


def _widened(words: Sequence[str]) -> list[str]:
    """Return ten times the phrases; the new ones begin with characters the texts do not hold."""
    return [*words, *(f"{chr(0x3400 + number)}{word}" for number in range(9) for word in words)]


def _by_phrase(words: Sequence[str], text: str) -> list[str]:
    return [word for word in words if word in text]


def _seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    print("\n".join(run()))
