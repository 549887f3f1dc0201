"""Templates and snippets of replies: texts with variables, filled from the case; what is unknown stays visible."""

import re
from collections.abc import Mapping
from enum import StrEnum

from opinion_service.domain.casework.draft_checks import PARTS
from opinion_service.domain.errors import InvalidInput

VARIABLES = ("案件标题", "回应单位", "首次发现日期", "回应期限", "协办单位", "热点", "今天日期")
_VARIABLE = re.compile(r"\{([^{}\n]{1,20})\}")
LONGEST_PART = 3000


class TemplateKind(StrEnum):
    """A whole reply, or a passage to put into one."""

    TEMPLATE = "template"
    SNIPPET = "snippet"

    @property
    def label(self) -> str:
        """Return the kind's name in Chinese."""
        return {"template": "模板", "snippet": "常用语"}[self.value]


class Stage(StrEnum):
    """Which answer of a case a text is for. Source: 首次发布, 续报, 终报 (domain notes 1.4)."""

    FIRST = "first"
    FOLLOW_UP = "follow_up"
    FINAL = "final"

    @property
    def label(self) -> str:
        """Return the stage's name in Chinese."""
        return {"first": "首次回应", "follow_up": "续报", "final": "终报"}[self.value]


def fill(parts: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return the parts with their variables replaced; one without a value becomes `【请填写：名称】`."""
    return {name: _VARIABLE.sub(lambda found: _value(found[1], values), text) for name, text in parts.items()}


def put_in(parts: Mapping[str, str], texts: Mapping[str, str], kind: TemplateKind) -> dict[str, str]:
    """Return the parts of a draft with the filled texts in them: nothing that was written is overwritten.

    A template goes into the parts that are empty; a snippet becomes the last paragraph of its part.
    """
    result = dict(parts)
    for name, text in texts.items():
        old = result.get(name, "").strip()
        if not old:
            result[name] = text
        elif kind is TemplateKind.SNIPPET and text not in old:
            result[name] = f"{old}\n{text}"
    return result


def check(parts: Mapping[str, str]) -> dict[str, str]:
    """Return the parts that have a text; InvalidInput for an unknown part or variable, or when none has a text."""
    if not set(parts) <= set(PARTS):
        raise InvalidInput("模板只能包含回应稿的各栏。", "parts")
    kept = {name: text.replace("\r\n", "\n").strip() for name, text in parts.items() if text.strip()}
    if not kept:
        raise InvalidInput("请至少填写一栏文字。", "facts")
    for name, text in kept.items():
        if len(text) > LONGEST_PART:
            raise InvalidInput(f"每栏最多 {LONGEST_PART} 字。", name)
        strange = sorted({found for found in _VARIABLE.findall(text) if found not in VARIABLES})
        if strange:
            raise InvalidInput(f"没有这个变量：{'、'.join(strange)}。可用：{'、'.join(VARIABLES)}。", name)
    return kept


def _value(name: str, values: Mapping[str, str]) -> str:
    return values.get(name) or f"【请填写：{name}】"
