"""Proof on real texts that the rewritten reading is SnowNLP's own: the same words, the same score to the last bit.

`python -m tests.benchmarks.identity [FOLDER] [COUNT]` compares COUNT texts of every kind below FOLDER (the shared data
by default) and prints what differed; exit 1 when anything did. SnowNLP reads some five thousand characters a second.
"""

import csv
import gzip
import io
import json
import random
import sys
import tarfile
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from opinion_service.adapters import snownlp_model
from tests.shared_data import SHARED_DATA

COUNT = 21_000
USUAL, LONG, OVER = 60, 500, 2_600  # characters; every fortieth text is long, every thousandth beyond the cap
TEXT_FIELDS = ("text", "title", "subject", "title_a", "title_b", "body", "content", "reply", "description", "lede")
_SEED = 4


def main() -> int:
    """Compare and print; return 0 when every text agreed."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED_DATA
    count = int(sys.argv[2]) if len(sys.argv) > 2 else COUNT
    started = time.perf_counter()
    kinds = sample(folder, count)
    wrong = 0
    for kind, texts in kinds.items():
        found = differences(texts)
        wrong += len(found)
        print(f"{kind}: {len(texts)} texts, {len(found)} differ", flush=True)
        for text in found[:3]:
            print(f"  {text!r}")
    total = sum(map(len, kinds.values()))
    print(f"total: {total} texts, {wrong} differ, {time.perf_counter() - started:.0f} s")
    return 1 if wrong or not total else 0


def differences(texts: list[str]) -> list[str]:
    """Return the texts whose words or score are not SnowNLP's, bit for bit.

    A text that the desk leaves unscored must hold no word that SnowNLP's model knows, or none in Chinese.
    """
    from snownlp import normal, seg, sentiment

    model = snownlp_model.load()
    bayes = sentiment.classifier.classifier
    wrong = []
    for text, ours in zip(texts, model.score_many(texts), strict=True):
        read = text[: snownlp_model.LONGEST]
        words = seg.seg(read)
        left = normal.filter_stop(words)
        kind, share = bayes.classify(left)
        theirs = share if kind == "pos" else 1 - share  # the last line of snownlp's own Sentiment.classify
        known = any(bayes.d[one].exists(word) for one in bayes.d for word in left)
        is_same = ours.score == theirs if ours.score is not None else not known or not _has_han(read)
        if model.words(text) != words or not is_same:
            wrong.append(text)
    return wrong


def sample(folder: Path, count: int) -> dict[str, list[str]]:
    """Return about `count` different texts by the file they come from, the same ones each time."""
    chance = random.Random(_SEED)
    sources = [path for path in sorted(folder.rglob("*")) if path.name.endswith((".jsonl.gz", ".csv.gz", ".tar.xz"))]
    kinds: dict[str, list[str]] = {}
    for number, path in enumerate(sources):
        pool = sorted(set(chain.from_iterable(_texts(path))))
        wanted = -(-(count - sum(map(len, kinds.values()))) // (len(sources) - number))
        chosen = chance.sample(pool, min(wanted, len(pool)))
        kinds[str(path.relative_to(folder))] = [_cut(text, at) for at, text in enumerate(chosen)]
    kinds["made up"] = made_up(chance)
    return kinds


def made_up(chance: random.Random) -> list[str]:
    """Return texts that no collection holds: rare characters, marks, emoji, other scripts, nothing but one word."""
    marks = "。！？😡🙏 \n\t12aZ·，《》…\u3000é한か"
    return [
        "".join(
            chance.choice(marks) if chance.random() < 0.2 else chr(0x4E00 + chance.randrange(0x51A6))
            for _ in range(chance.randrange(1, 40))
        )
        for _ in range(300)
    ]


def _cut(text: str, at: int) -> str:
    return text[: OVER if at % 1000 == 999 else LONG if at % 40 == 39 else USUAL]


def _has_han(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fa5" for char in text)


def _texts(path: Path) -> Iterator[list[str]]:
    if path.name.endswith(".tar.xz"):
        yield from _feeds(path)
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        if path.name.endswith(".csv.gz"):
            yield from ([row["title"]] for row in islice(csv.DictReader(lines), 0, None, 97))
            return
        for line in lines:
            row = json.loads(line)
            # Whole texts of several fields first, so that long ones are there as well.
            parts = [str(row[name]).strip() for name in TEXT_FIELDS if row.get(name)]
            yield [part for part in [*parts, "。".join(parts)] if part]


def _feeds(path: Path) -> Iterator[list[str]]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() and member.size < 200_000 else None
            if file is not None:
                text = io.TextIOWrapper(file, encoding="utf-8", errors="ignore").read()
                yield [part for part in text[200:3_000].split(">") if len(part) > 8]


if __name__ == "__main__":
    sys.exit(main())
