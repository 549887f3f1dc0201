"""What the desk wrote into the history reads in English on English pages, and in Chinese as it was written."""

import pytest
from flask import Flask
from flask_babel import Babel

from opinion_service.web.casework.history_texts import told

ROWS = [
    ("固定证据 3 条", "3 pieces of evidence frozen"),
    ("新增 1 条来源，共 4 条", "1 more entries, 4 in all"),
    ("到期催办：公开回应，告知 3 人", "Reminder at time: Public response, 3 people told"),
    ("等级调整为重大，法定时限提前 24 小时", "Grade set to Level II; legal limits: 24 hours earlier"),
    ("等级调整为一般，法定时限不变", "Grade set to Level IV; legal limits: Unchanged"),
    (
        "立案：规则“群众提出诉求”（第 1 版）：类型 求助",
        "Case opened: rule “群众提出诉求” (version 1): kind Request for help",
    ),
    ("并入 2026-1125-01", "Merged into 2026-1125-01"),
    ("签收", "Accept"),
    ("联络员自己写的话：不改", "联络员自己写的话：不改"),
    ("交办至%(evil)s{0}<b>", "Dispatched to %(evil)s{0}<b>"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "english"), ROWS)
def test_a_sentence_in_both_languages(written: str, english: str) -> None:
    app = Flask("opinion_service")
    for locale, shown in (("en", english), ("zh_Hans_CN", written)):
        app.extensions.pop("babel", None)
        Babel(app, locale_selector=lambda locale=locale: locale)
        with app.test_request_context():
            assert told(written) == shown
