"""The English catalogue: complete, with every placeholder, and without a Chinese character."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import Flask, render_template_string, session
from flask_babel import Babel

from opinion_service import data
from opinion_service.domain.casework.case_states import ACTION_LABELS, STATE_LABELS
from opinion_service.domain.casework.coverage import ResponseKind
from opinion_service.domain.clocks.sla import ClockKind, IncidentLevel, OpinionGrade
from opinion_service.domain.people import ROLE_LABELS
from opinion_service.domain.reading.sentiment import Band, Nature
from opinion_service.domain.reminders.escalation import Urgency
from opinion_service.web import formats, frame
from opinion_service.web.casework import case_forms

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "opinion_service" / "translations"
ENGLISH = TRANSLATIONS / "en" / "LC_MESSAGES"
CJK = re.compile(r"[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")
NAMED = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")


@cache
def extracted() -> frozenset[str]:
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: set[str] = set()
    for part in ("opinion_service", "templates"):
        # Patterns of the mapping start at the top of the project.
        here = [(pattern.removeprefix(f"{part}/"), method) for pattern, method in methods if pattern.startswith(part)]
        theirs = {pattern.removeprefix(f"{part}/"): option for pattern, option in options.items()}
        for _file, _line, message, _comments, _context in extract_from_dir(ROOT / part, here, theirs):
            found.update([message] if isinstance(message, str) else message)
    return frozenset(found - {""})


@cache
def catalogue() -> Catalog:
    with (ENGLISH / "messages.po").open("rb") as file:
        return read_po(file, locale="en")


def pairs() -> Iterable[tuple[str, str]]:
    return [(str(one.id), str(one.string)) for one in catalogue() if one.id]


def test_the_mapping_finds_both_code_and_templates():
    assert {"已新建用户。", "跳到正文", "联络员"} <= extracted()


def test_every_extracted_message_is_in_english():
    english = dict(pairs())
    assert sorted(text for text in extracted() if not english.get(text)) == []


def test_nothing_is_translated_that_is_no_longer_there():
    assert sorted({text for text, _english in pairs()} - extracted()) == []


def test_no_translation_is_marked_as_doubtful():
    assert [one.id for one in catalogue() if one.id and one.fuzzy] == []


def test_placeholders_are_the_same():
    assert [text for text, english in pairs() if sorted(NAMED.findall(text)) != sorted(NAMED.findall(english))] == []


def test_no_chinese_is_left_in_the_english():
    assert [english for _text, english in pairs() if CJK.search(english)] == []


def test_the_compiled_catalogue_is_that_of_the_source():
    with (ENGLISH / "messages.mo").open("rb") as file:
        compiled = {str(one.id): str(one.string) for one in read_mo(file) if one.id}
    assert compiled == dict(pairs())


TABLES = {
    "states": STATE_LABELS.values(),
    "acts": ACTION_LABELS.values(),
    "roles": ROLE_LABELS.values(),
    "rungs": [rung["name"] for one in data.read_json("ladder.json")["ladders"] for rung in one["rungs"]],
    "urgencies": [one.label for one in Urgency],
    "bands": [one.label for one in Band],
    "natures": [one.label for one in Nature],
    "grades": [one.label for one in OpinionGrade],
    "colours": [one.colour for one in OpinionGrade],
    "levels": [one.label for one in IncidentLevel],
    "clocks": [one.label for one in ClockKind],
    "answers": [one.label for one in ResponseKind],
    "waits": case_forms.WAITS_FOR.values(),
    "outcomes": [text for _code, text in case_forms.OUTCOMES],
    "sections": [label for label, _links in frame.LINKS if label],
    "links": [link[0] for _label, links in frame.LINKS for link in links],
}


@pytest.mark.parametrize("table", TABLES)
def test_every_label_of_a_table_is_in_english(table: str):
    english = dict(pairs())
    assert [label for label in TABLES[table] if not english.get(label)] == []


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("x", root_path=str(ROOT / "opinion_service"))
    made.config.update(SECRET_KEY="k" * 40)
    Babel(made, default_locale="zh_Hans_CN", locale_selector=lambda: session.get("language", "zh_Hans_CN"))
    formats.register(made)
    return made


@pytest.mark.parametrize(
    ("language", "text", "shown"),
    [
        ("en", "签收", "Accept"),
        ("zh_Hans_CN", "签收", "签收"),
        ("en", "", ""),  # not the header of the catalogue
        ("en", "置信度 87%", "置信度 87%"),  # a bare % is no placeholder
        ("en", "<b>", "&lt;b&gt;"),  # what people typed is never markup
    ],
)
def test_a_label_in_a_variable_is_translated_and_escaped(app: Flask, language: str, text: str, shown: str):
    with app.test_request_context():
        session["language"] = language
        assert render_template_string("{{ text | translated }}", text=text) == shown
