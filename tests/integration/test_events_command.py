"""`flask events`: the figures, the plain way beside them, and where known issues stand."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from opinion_service.domain.reading.likeness import best_plain_grouping, jaccard

TITLES = [
    ("甲", "2025-03-01T08:00", "泉交河镇校车停运一周"),
    ("甲", "2025-03-01T09:00", "泉交河镇校车停运一周！"),
    ("乙", "2025-03-01T10:00", "某剧院上演民间皮影"),
    ("乙", "2025-03-01T11:00", "某剧院上演民间皮影戏"),
    ("丙", "2025-03-20T08:00", "泉交河镇校车停运一周"),
]


def file_of(folder: Path, name: str, rows: list[dict[str, Any]]) -> str:
    path = folder / name
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return str(path)


def answer(app: Flask, *arguments: str) -> list[dict[str, Any]]:
    result = app.test_cli_runner().invoke(args=["events", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_the_plain_way_is_measured_in_the_same_run(sqlite_app: Flask, tmp_path: Path) -> None:
    labelled = [{"event_id": label, "first_seen": at, "title": title} for label, at, title in TITLES]
    pair = {"title_a": TITLES[0][2], "date_a": "2025-03-01", "title_b": TITLES[2][2], "date_b": "2025-09-01"}
    path, pairs = file_of(tmp_path, "titles.jsonl", labelled), file_of(tmp_path, "pairs.jsonl", [pair])

    (found,) = answer(sqlite_app, "evaluate", path, "--pairs", pairs)

    assert (found["n"], found["precision"], found["recall"], found["f1"]) == (5, 1.0, 1.0, 1.0)
    assert (found["plain_precision"], found["plain_recall"]) == (1.0, 1.0)
    assert (found["pairs"], found["false_joins"], found["false_joins_day_apart"]) == (1, 0, 0)
    assert found["items_per_s"] > 0


def test_known_issues_stand_where_their_heat_puts_them(sqlite_app: Flask, tmp_path: Path) -> None:
    rows = [
        {"time": f"2025-03-01 {8 + number:02d}:00:00", "subject": "泉交河镇校车停运一周无人管", "body": "", "likes": 9,
         "dislikes": 0, "issue": "校车"}
        for number in range(3)
    ]  # fmt: skip
    rows.append(
        {"time": "2025-03-05 08:00:00", "subject": "某剧院上演民间皮影", "body": "", "likes": 0, "issue": "皮影"}
    )
    path = file_of(tmp_path, "stream.jsonl", rows)

    bus, play = answer(sqlite_app, "hottest", path, "--top", "1")

    assert bus == {
        "issue": "校车", "rank": 1, "messages": 3, "event_size": 3, "purity": 1.0, "recall": 1.0, "in_top_1": True,
    }  # fmt: skip
    assert (play["rank"], play["in_top_1"]) == (2, False)


@pytest.mark.parametrize(("one", "other", "share"), [("甲乙", "乙丙", 1 / 3), ("甲", "甲", 1.0), ("", "", 0.0)])
def test_likeness_is_the_share_of_common_characters(one: str, other: str, share: float) -> None:
    assert jaccard(one, other) == share


def test_nothing_to_group_is_no_error() -> None:
    assert best_plain_grouping([], [])[1].n == 0
