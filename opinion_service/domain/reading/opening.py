"""Which events become cases: rules as data, decided on figures that are written down with the decision.

The first rule that is switched on and whose conditions all hold opens the case. The five classes that must
be answered are those of 国办发〔2016〕61号, part 2; they are recognised by words. Heat orders the work and a rule
may ask for it, but the duty to answer never ends with it: what people ask for opens a case at any heat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.reading.nature import Nature

# A national hot list addresses nobody, nor does a newspaper whose headings are worded as questions.
SCOPES: Mapping[str, str] = {
    "all": "不限",
    "addressed": "能识别属地的，或在热搜榜以外且有职责依据的",
    "local": "限已识别属地",
}
CLASSES: Mapping[int, str] = {
    1: "政策误解误读",
    2: "公众切身利益",
    3: "民生道德底线",
    4: "突发事件和灾害",
    5: "上级要求",
}
ASKING = frozenset({Nature.COMPLAINT, Nature.REPORT})
MOST_RULES, MOST_WORDS = 30, 200
_SHOWN_WORDS = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; an empty list and a zero ask for nothing. Shares are whole percents of the event's items."""

    code: str
    name: str
    is_on: bool = True
    scope: str = "all"
    kinds: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    must_answer: tuple[int, ...] = ()
    least_heat: float = 0.0
    least_items: int = 1
    least_complaints: int = 0
    least_negative: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in their order, the words of the five classes, and when a dismissed event comes back."""

    version: int
    rules: tuple[Rule, ...]
    class_words: Mapping[int, tuple[str, ...]]
    surge_factor: float = 2.0
    surge_items: int = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at in an event; shares are percents (0-100).

    is_addressed: it was handed in, or another source than a hot list carried it and it speaks of somebody's duty.
    """

    heat: float
    item_count: int
    complaints: float
    negative: float
    kind: str
    topic: str
    territory: str
    text: str
    is_addressed: bool = True


@dataclass(frozen=True, slots=True)
class Opening:
    """Why a case is opened: the rule, the figures that met it, and the class of 61号 (0 for none)."""

    code: str
    name: str
    version: int
    figures: tuple[str, ...]
    must_answer_class: int

    @property
    def reason(self) -> str:
        """Return the ground as one sentence: the rule, its version, the figures."""
        return f"规则“{self.name}”（第 {self.version} 版）：{'；'.join(self.figures) or '无附加条件'}"


def decide(rules: Rules, facts: Facts) -> Opening | None:
    """Return the opening by the first rule that holds, or None."""
    classes = tuple(one for one in CLASSES if _found(rules.class_words.get(one, ()), facts.text))
    for rule in rules.rules:
        figures = _figures(rule, facts, classes, rules) if rule.is_on else None
        if figures is not None:
            asked = [one for one in classes if one in rule.must_answer]
            return Opening(rule.code, rule.name, rules.version, figures, next(iter(asked), 0))
    return None


def _figures(rule: Rule, facts: Facts, classes: Sequence[int], rules: Rules) -> tuple[str, ...] | None:
    """Return what met each condition in words, or None when one is not met."""
    is_local = bool(facts.territory)
    tests = (
        (rule.scope == "local", is_local, f"属地 {facts.territory}"),
        (rule.scope == "addressed" and not facts.is_addressed, is_local, f"属地 {facts.territory}"),
        (bool(rule.kinds), facts.kind in rule.kinds, f"类型 {_kind(facts.kind)}"),
        (bool(rule.topics), facts.topic in rule.topics, f"热点 {facts.topic}"),
        _words("地点", rule.places, f"{facts.territory}\n{facts.text}"),
        _words("命中", rule.words, facts.text),
        _classes(rule, classes, rules, facts),
        (rule.least_heat > 0, facts.heat >= rule.least_heat, f"热度 {facts.heat:.0f}（≥ {rule.least_heat:g}）"),
        (rule.least_items > 1, facts.item_count >= rule.least_items, f"{facts.item_count} 条（≥ {rule.least_items}）"),
        _share("投诉举报占", rule.least_complaints, facts.complaints),
        _share("负面占", rule.least_negative, facts.negative),
    )
    if any(is_asked and not is_met for is_asked, is_met, _ in tests):
        return None
    return tuple(text for is_asked, _, text in tests if is_asked)


def _share(label: str, least: int, share: float) -> tuple[bool, bool, str]:
    return least > 0, share >= least, f"{label} {share:.0f}%（≥ {least}%）"


def _words(label: str, words: Sequence[str], text: str) -> tuple[bool, bool, str]:
    found = _found(words, text)
    return bool(words), bool(found), f"{label}“{'、'.join(found[:_SHOWN_WORDS])}”"


def _classes(rule: Rule, classes: Sequence[int], rules: Rules, facts: Facts) -> tuple[bool, bool, str]:
    asked = [one for one in classes if one in rule.must_answer]
    if not asked:
        return bool(rule.must_answer), False, ""
    words = "、".join(_found(rules.class_words[asked[0]], facts.text)[:_SHOWN_WORDS])
    return True, True, f"61号第 {asked[0]} 类（{CLASSES[asked[0]]}），命中“{words}”"


def _found(words: Sequence[str], text: str) -> list[str]:
    return [word for word in words if word in text]


def _kind(kind: str) -> str:
    return Nature(kind).label if kind in set(Nature) else "不明"


def from_record(record: Mapping[str, Any], version: int) -> Rules:
    """Return the rules of a stored record; raise InvalidInput, with what is wrong, for one that cannot be used."""
    rules = tuple(_rule(row) for row in record.get("rules", ()))
    if not 1 <= len(rules) <= MOST_RULES:
        raise InvalidInput(f"立案规则须有 1–{MOST_RULES} 条。", "rules")
    if len({rule.code for rule in rules}) != len(rules):
        raise InvalidInput("两条规则用了同一个代码。", "rules")
    surge = record.get("surge", {})
    factor, items = float(surge.get("factor", 2.0)), int(surge.get("least_new_items", 3))
    if not (1.2 <= factor <= 20 and 1 <= items <= 1000):
        raise InvalidInput("复燃条件须为：热度 1.2–20 倍，新增 1–1000 条。", "surge")
    words = record.get("class_words", {})
    return Rules(version, rules, {one: _listed(words.get(str(one), ())) for one in CLASSES}, factor, items)


def _rule(row: Mapping[str, Any]) -> Rule:
    rule = Rule(
        code=str(row["code"]), name=str(row.get("name", "")).strip()[:40], is_on=bool(row.get("is_on", True)),
        scope=str(row.get("scope", "all")), kinds=_listed(row.get("kinds", ())), topics=_listed(row.get("topics", ())),
        places=_listed(row.get("places", ())), words=_listed(row.get("words", ())),
        must_answer=tuple(int(one) for one in row.get("must_answer", ())), least_heat=float(row.get("least_heat", 0)),
        least_items=int(row.get("least_items", 1)), least_complaints=int(row.get("least_complaints", 0)),
        least_negative=int(row.get("least_negative", 0)),
    )  # fmt: skip
    problem = _problem(rule)
    if problem:
        raise InvalidInput(problem, rule.code)
    return rule


def _problem(rule: Rule) -> str:
    shares = (rule.least_heat, rule.least_complaints, rule.least_negative)
    checks = (
        (not rule.name, "请填写规则名称。"),
        (rule.scope not in SCOPES, f"“{rule.name}”的范围不在可选之列。"),
        (not set(rule.kinds) <= {kind.value for kind in Nature}, f"“{rule.name}”的诉求类型不在可选之列。"),
        (not set(rule.must_answer) <= set(CLASSES), f"“{rule.name}”的 61号类别须为 1–5。"),
        (not all(0 <= share <= 100 for share in shares), f"“{rule.name}”的热度和占比须为 0–100。"),
        (not 1 <= rule.least_items <= 100_000, f"“{rule.name}”的条数须为 1–100000。"),
        (not _asks(rule), f"“{rule.name}”没有任何条件，会为所有热点立案。"),
    )
    return next((text for is_wrong, text in checks if is_wrong), "")


def _asks(rule: Rule) -> bool:
    lists = (rule.kinds, rule.topics, rule.places, rule.words, rule.must_answer)
    return any(lists) or any((rule.least_heat, rule.least_items > 1, rule.least_complaints, rule.least_negative))


def _listed(values: Sequence[Any]) -> tuple[str, ...]:
    kept = dict.fromkeys(str(one).strip() for one in values if str(one).strip())
    return tuple(kept)[:MOST_WORDS]
