"""The macros with the attributes docs/screens.md names and no others; what every page built on them may rely on."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest
from flask import Flask, render_template, render_template_string
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect

from opinion_service.adapters import charts
from opinion_service.web import formats
from opinion_service.web.casework.history_texts import told

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2019, 5, 22, 8, 11, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>'
VOID = {"input", "img", "link", "meta", "br", "hr", "rect", "line", "polyline", "polygon"}
N = SimpleNamespace


class Page(HTMLParser):
    """The elements of a page with their attributes; `broken` tells of a tag closed out of turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.broken: list[str] = []
        self.feed(html)
        self.broken += self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.broken.append(f"/{tag}")

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag in tags]


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("x", root_path=str(ROOT / "opinion_service"), template_folder=str(ROOT / "templates"))
    made.config.update(SECRET_KEY="k" * 40, BOOTSTRAP_SERVE_LOCAL=True)
    made.jinja_env.undefined = jinja2.StrictUndefined
    Bootstrap5(made)
    Babel(made, default_locale="zh")
    CSRFProtect(made)
    formats.register(made)
    made.jinja_env.filters["told"] = told
    made.context_processor(frame)
    return made


def frame() -> dict[str, object]:
    link = N(label="案件", url="/cases", icon="folder2-open", count=64, current=True)
    return {
        "actor": N(name="陈立", role="liaison", role_label="联络员", department_name=""),
        "nav": (N(label="", links=(link,)),),
        "now": NOW,
        "product_name": "舆情回应工作台",
        "city_name": "益阳市",
    }


def render(app: Flask, source: str, **values: object) -> Page:
    with app.test_request_context("/cases?page=3&sort=due"):
        return Page(render_template_string(source, now=NOW, **values))


CLOCK = N(
    key="answer",
    name="回应",
    basis="61号",
    is_legal=True,
    state="soon",
    state_word="剩 1 小时",
    used_percent=97,
    due_at=NOW,
)
STEP = N(text=HOSTILE)
EVENT = N(at=NOW, kind="internal", actor_name="王敏", text=HOSTILE)
FILTER = N(name="q", label="关键词", kind="search", value=HOSTILE, options=())
CHOICE = N(name="dept", label="单位", kind="select", value="b", options=(("a", "甲"), ("b", HOSTILE)))
TABLE = N(columns=("日", "件"), rows=(("一", 1), (HOSTILE, 2)))
CALLS = {
    "forms": [
        "csrf()",
        "form_errors((('title', h), ('', '总错')))",
        "field('标题', 'title', h, error=h, help=h, required=true)",
        "field('日期', 'on', none, kind='date', min='2019-01-01')",
        "textarea('内容', 'body', h)",
        "checkbox('公开', 'pub', true, help=h)",
        "select('单位', 'dept', 'b', (('a', h), ('b', '乙')), empty='不限')",
        "select('多个', 'many', ('a',), (('a', h),), multiple=true)",
        "radios('性质', 'kind', 'a', (('a', h), ('b', '乙')), error=h)",
        "checks('关切', 'concern', ('a',), (('a', h),))",
        "field('单位', 'kind2', 'a', 'radios', options=(('a', h),))",
    ],
    "lists": [
        "filter_bar((filter, choice), keep=(('sort', h),))",
        "pager(page)",
        "pager(keyset)",
        "empty_state(h, h, '/x', h)",
        "tabs((tab,))",
        "crumbs((('案件', '/cases'),), h)",
        "todo((item,))",
        "stat_card(h, h, h, '/x')",
    ],
    "clocks": [
        "clock_strip((clock,))",
        "steps((step,))",
        "status_sentence(status)",
        "time(now)",
        "time(now, now)",
        "short_time(now, now)",
    ],
    "badges": [
        "grade_square('serious')",
        "grade_square(h)",
        "state_word('drafting', h)",
        "sentiment_chip('negative', h, 0.1, true)",
        "urgency('late', h)",
        "tag(h, 'info', 'x', h)",
        "heat(71.6, 'up')",
    ],
    "timeline": ["timeline((event,))"],
    "stepper": ["stepper((stage,))"],
    "figure": ["figure(h, chart, table, h)"],
    "actions": [
        "action_button('/x', 3, 'urge', h)",
        "action_button('/x', none, 'decline', h, confirm=h, needs_note=true, fields=(('id', h),))",
        "bulk_bar('/x', (('assign', h),))",
    ],
    "sheets": ["facts((('甲', h), ('乙', none)))", "notice(h, 'soon')", "job_progress(0, 0, h)"],
}
VALUES = {
    "h": HOSTILE,
    "clock": CLOCK,
    "step": STEP,
    "event": EVENT,
    "filter": FILTER,
    "choice": CHOICE,
    "table": TABLE,
    "page": N(number=3, pages=12, total=289, sort="due", descending=False),
    "keyset": N(before="a b", after=HOSTILE),
    "tab": N(label="待研判", url="#", current=True),
    "item": N(count=2, text=HOSTILE, url="/x", label="查看", urgency="late"),
    "status": N(tone="late", text=HOSTILE),
    "stage": N(label=HOSTILE, state="now"),
    "chart": charts.sparkline([1, 2], HOSTILE),
}


@pytest.mark.parametrize(("file", "call"), [(file, call) for file, calls in CALLS.items() for call in calls])
def test_a_macro_needs_only_what_is_documented_and_lets_no_markup_in(app, file, call):
    page = render(app, f'{{% import "macros/{file}.html" as m %}}{{{{ m.{call} }}}}', **VALUES)
    assert page.broken == []
    assert page.all("script") == []
    assert [
        count
        for count in Counter(a["id"] for a in page.all(*set(dict(page.elements))) if a.get("id")).values()
        if count > 1
    ] == []
    labelled = {a.get("for") for a in page.all("label")}
    for control in page.all("input", "select", "textarea"):
        assert control.get("type") == "hidden" or control["id"] in labelled
    for form in page.all("form"):
        assert form["method"] == "get" or [a for a in page.all("input") if a.get("name") == "csrf_token"]


@pytest.mark.parametrize(
    ("descending", "address", "aria"),
    [(False, "/cases?sort=due&dir=desc", "ascending"), (True, "/cases?sort=due&dir=asc", "descending")],
)
def test_a_sort_header_turns_round_and_goes_to_the_first_page(app, descending, address, aria):
    source = '{% from "macros/lists.html" import sort_header %}{{ sort_header("时限", "due", page) }}'
    page = render(app, source, page=N(sort="due", descending=descending))
    assert page.all("a")[0]["href"] == address
    assert page.all("th")[0]["aria-sort"] == aria


def test_another_column_begins_ascending(app):
    source = '{% from "macros/lists.html" import sort_header %}{{ sort_header("等级", "grade", page) }}'
    page = render(app, source, page=N(sort="due", descending=True))
    assert page.all("a")[0]["href"] == "/cases?sort=grade"
    assert "aria-sort" not in page.all("th")[0]


@pytest.mark.parametrize("code", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503])
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_error_has_a_whole_page(app, code, signed_in):
    with app.test_request_context("/x"):
        extra = {} if signed_in else {"actor": None}
        page = Page(render_template(f"errors/{code}.html", mine=HOSTILE, message=HOSTILE, **extra))
    assert page.broken == []
    assert len(page.all("h1")) == 1
    assert len(page.all("script")) == (3 if signed_in and code not in (500, 503) else 1)


def test_the_frame_has_one_heading_a_way_past_the_rail_and_a_way_out(app):
    page = render(app, '{% extends "base.html" %}{% block title %}案件{% endblock %}')
    assert page.broken == []
    assert len(page.all("h1")) == 1
    assert page.all("a")[0]["href"] == "#main"
    assert [a["action"] for a in page.all("form") if a["method"] == "post"] == ["/sign-out"]
    assert [a for a in page.all("div") if a.get("aria-live") == "polite"]


def test_sign_in_names_its_fields_for_password_keepers(app):
    with app.test_request_context("/sign-in"):
        page = Page(render_template("sign_in.html", actor=None, errors=(("email", HOSTILE),), email=HOSTILE))
    assert [a.get("autocomplete") for a in page.all("input") if a["type"] != "hidden"] == [
        "username",
        "current-password",
    ]
    assert page.broken == []


def test_a_later_instant_is_told_from_an_earlier_one(app):
    source = '{% from "macros/clocks.html" import time %}{{ time(at, now) }}'
    with app.test_request_context("/"):
        shown = render_template_string(source, at=NOW - timedelta(hours=3), now=NOW)
    assert "2019-05-22 13:11（周三）" in shown
    assert "3 小时前" in shown
