"""What a routing decision costs as the number of rules grows, against looking for every phrase in turn."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from opinion_service.data import routing_data
from opinion_service.domain.routing import Router, RuleSet, even

TEXTS = 300
ROUNDS = 3
MANY = 5000  # rules
WORDS = 4  # phrases of each
FIRST = 0x3400  # characters that no letter holds


def run() -> list[str]:
    """Return one line per figure: decisions a second with few and many rules, the growth, and the naive scan."""
    record = routing_data.read_rules()
    few, many = Router(RuleSet.from_record(record)), Router(RuleSet.from_record(_widened(record)))
    words = sorted(few.rules.index.words)
    all_words = sorted(many.rules.index.words)
    texts = _texts(words)
    fast = _seconds(lambda: [few.decide(text[:20], text) for text in texts])
    wide = _seconds(lambda: [many.decide(text[:20], text) for text in texts])
    found = _seconds(lambda: [many.rules.index.find(text) for text in texts])
    scanned = _seconds(lambda: [[word for word in all_words if word in text] for text in texts])
    return [
        f"decisions: {TEXTS / fast:.0f}/s with {len(words)} phrases",
        f"decisions: {TEXTS / wide:.0f}/s with {len(all_words)} ({MANY} rules more)",
        f"growth: {len(all_words) / len(words):.1f}x the phrases cost {wide / fast:.2f}x the time",
        f"phrases: index vs scan of every phrase: {scanned / found:.1f}x faster",
    ]


def _texts(words: Sequence[str]) -> list[str]:
    filler = "本人反映以下情况希望有关部门核实处理并给予答复谢谢"
    return [even(filler.join(words[number * 7 % len(words) :][:8]) + filler) for number in range(TEXTS)]


def _widened(record: dict[str, Any]) -> dict[str, Any]:
    """Return the rules with MANY more; half of their phrases begin like phrases of the letters, none occurs in one."""
    departments = {code: list(rules) for code, rules in record["departments"].items()}
    codes = sorted(departments)
    known = [word for rules in departments.values() for rule in rules for word in rule["words"]]
    for number in range(MANY):
        tail = chr(FIRST + number)
        words = [f"{known[(number * WORDS + n) % len(known)]}{tail}" for n in range(WORDS // 2)]
        words += [f"{tail}{known[(number * WORDS + n) % len(known)]}" for n in range(WORDS // 2)]
        departments[codes[number % len(codes)]].append({"weight": 2.5, "words": words})
    return {**record, "departments": departments}


def _seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    print("\n".join(run()))
