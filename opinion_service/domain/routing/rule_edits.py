"""Changes to the routing rules as values: each takes a record and gives the changed record, never touching the old."""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol

from opinion_service.domain import typed_values
from opinion_service.domain.errors import InvalidInput, NotFound
from opinion_service.domain.people import Role
from opinion_service.domain.routing.dated import dated
from opinion_service.domain.routing.ordered import OrderedRule, read_ordered

EDITORS = frozenset({Role.LIAISON, Role.SUPERVISOR, Role.ADMIN})
WEIGHTS: tuple[tuple[float, str], ...] = ((4.0, "强"), (2.5, "中"), (1.0, "弱"))
HEAVIEST = 8.0  # a negative weight is evidence against the department
SHORTEST_WORD, LONGEST_WORD, MOST_WORDS = 2, 20, 300
_CITATION = re.compile(r"^(?P<text>.*)〔(?P<id>[\w-]+)〕$")

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edited:
    """The changed record, the id of the rule or duty that was changed, and the change in words."""

    record: Record
    rule_id: str
    summary: str


class Edit(Protocol):
    """A change that can be applied to a rule record."""

    def apply(self, record: Record) -> Edited:
        """Return the change; raise InvalidInput or NotFound when it cannot be made."""
        ...


@dataclass(frozen=True, slots=True)
class PutRule:
    """Add an ordered rule (empty id: on top) or replace the one with its id, in place."""

    rule: OrderedRule

    def apply(self, record: Record) -> Edited:
        """Return the record with the rule; the id of a new one is never used twice."""
        rule = _checked(self.rule, record)
        rules, changed = list(read_ordered(record)), copied(record)
        if rule.id:
            at = _place(rules, rule.id)
            rules[at] = rule
        else:
            number = int(record.get("last_rule", 0)) + 1
            rule, changed["last_rule"] = replace(rule, id=f"r{number}"), number
            rules.insert(0, rule)
        changed["ordered"] = [one.as_record() for one in rules]
        return Edited(changed, rule.id, f"{'修改' if self.rule.id else '新增'}规则“{rule.name}”")


@dataclass(frozen=True, slots=True)
class MoveRule:
    """Move an ordered rule by so many places, up (negative) or down."""

    rule_id: str
    by: int

    def apply(self, record: Record) -> Edited:
        """Return the record with the rule moved; it goes no further than either end."""
        rules, changed = list(read_ordered(record)), copied(record)
        at = _place(rules, self.rule_id)
        to = min(max(at + self.by, 0), len(rules) - 1)
        rules.insert(to, rules.pop(at))
        changed["ordered"] = [one.as_record() for one in rules]
        return Edited(changed, self.rule_id, f"规则“{rules[to].name}”移到第 {to + 1} 位")


@dataclass(frozen=True, slots=True)
class SwitchRule:
    """Switch an ordered rule on or off."""

    rule_id: str
    is_on: bool

    def apply(self, record: Record) -> Edited:
        """Return the record with the rule switched."""
        rules, changed = list(read_ordered(record)), copied(record)
        at = _place(rules, self.rule_id)
        rules[at] = replace(rules[at], is_on=self.is_on)
        changed["ordered"] = [one.as_record() for one in rules]
        return Edited(changed, self.rule_id, f"{'启用' if self.is_on else '停用'}规则“{rules[at].name}”")


@dataclass(frozen=True, slots=True)
class DropRule:
    """Remove an ordered rule."""

    rule_id: str

    def apply(self, record: Record) -> Edited:
        """Return the record without the rule."""
        rules, changed = list(read_ordered(record)), copied(record)
        gone = rules.pop(_place(rules, self.rule_id))
        changed["ordered"] = [one.as_record() for one in rules]
        return Edited(changed, self.rule_id, f"删除规则“{gone.name}”")


@dataclass(frozen=True, slots=True)
class PutDuty:
    """Add a duty to a department's list (empty id), or change its words and ground."""

    department: str
    duty_id: str
    text: str
    basis: str = ""

    def apply(self, record: Record) -> Edited:
        """Return the record with the duty."""
        text, basis = self.text.strip(), self.basis.strip()
        if not 4 <= len(text) <= 200 or len(basis) > 100:
            raise InvalidInput("职责须为 4–200 字，依据不超过 100 字。", "text")
        changed = copied(record)
        duties = list_of(changed, "duties", self.department)
        row = {"id": self.duty_id or _next_id(duties, self.department, "-"), "text": text, "basis": basis}
        _put(duties, self.duty_id, row, "这项职责已不在清单中。")
        return Edited(changed, row["id"], f"{'修改' if self.duty_id else '新增'}职责“{text[:60]}”")


@dataclass(frozen=True, slots=True)
class DropDuty:
    """Remove a duty on which no words rest any more."""

    department: str
    duty_id: str

    def apply(self, record: Record) -> Edited:
        """Return the record without the duty; raise InvalidInput while words rest on it."""
        changed = copied(record)
        if phrases_of(record, self.department, self.duty_id):
            raise InvalidInput("这项职责下还有词，请先删除或移走。", "text")
        duties = list_of(changed, "duties", self.department)
        gone = duties.pop(_at(duties, self.duty_id, "这项职责已不在清单中。"))
        return Edited(changed, self.duty_id, f"删除职责“{gone['text'][:60]}”")


@dataclass(frozen=True, slots=True)
class PutPhrases:
    """Add words to a duty (empty rule id), or replace the words, company, weight and days of a group of words.

    The words count from the day `since` to the day before `until`; None leaves it open.
    """

    department: str
    duty_id: str
    rule_id: str
    words: tuple[str, ...]
    weight: float
    company: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    def apply(self, record: Record) -> Edited:
        """Return the record with the words."""
        if not 0 < abs(self.weight) <= HEAVIEST:
            raise InvalidInput("分量须在 -8 到 8 之间，且不为 0。", "weight")
        check_words(self.words, "words", needed=True)
        check_words(self.company, "company")
        check_days(self.since, self.until)
        changed = copied(record)
        _at(list_of(changed, "duties", self.department), self.duty_id, "这项职责已不在清单中。")
        groups = list_of(changed, "departments", self.department)
        row: Record = {"id": self.rule_id or _next_id(groups, self.duty_id, "."), "weight": self.weight}
        row["words"] = list(self.words)
        if self.company:
            row["with"] = list(self.company)
        row = dated(row, self.since, self.until)
        _put(groups, self.rule_id, row, "这组词已不在清单中。")
        return Edited(changed, row["id"], f"{'修改' if self.rule_id else '新增'}职责词：{'、'.join(self.words)[:80]}")


@dataclass(frozen=True, slots=True)
class DropPhrases:
    """Remove a group of words."""

    department: str
    rule_id: str

    def apply(self, record: Record) -> Edited:
        """Return the record without the words."""
        changed = copied(record)
        groups = list_of(changed, "departments", self.department)
        gone = groups.pop(_at(groups, self.rule_id, "这组词已不在清单中。"))
        return Edited(changed, self.rule_id, f"删除职责词：{'、'.join(gone['words'])[:80]}")


def normalised(record: Mapping[str, Any], duties: Mapping[str, Sequence[str]]) -> Record:
    """Return the record in the form that is edited: every group of words has its id, every department its duties.

    duties: department code -> duties as texts (`…〔zjj-1〕`), for records written before duties stood in them.
    """
    changed = copied(record)
    for code, groups in changed.get("departments", {}).items():
        for number, group in enumerate(groups, 1):
            group["id"] = str(group.get("id") or f"{code}-{number}")
    changed.setdefault("ordered", [])
    changed.setdefault("shipped", str(record["version"]))
    listed = changed.setdefault("duties", {})
    for code, texts in duties.items():
        listed.setdefault(code, [_duty(code, number, text) for number, text in enumerate(texts, 1)])
    return changed


def phrases_of(record: Mapping[str, Any], department: str, duty_id: str) -> list[Record]:
    """Return the groups of words that rest on a duty, in order."""
    groups = record.get("departments", {}).get(department, ())
    return [one for one in groups if str(one.get("id", "")).rpartition(".")[0] == duty_id]


def check_words(words: Sequence[str], field: str, *, needed: bool = False) -> None:
    """Raise InvalidInput naming `field` unless the words are short enough, long enough and not too many."""
    if needed and not words:
        raise InvalidInput("请至少填写一个词。", field)
    if len(words) > MOST_WORDS:
        raise InvalidInput(f"一组最多 {MOST_WORDS} 个词。", field)
    wrong = [word for word in words if not SHORTEST_WORD <= len(word) <= LONGEST_WORD]
    if wrong:
        raise InvalidInput(f"词须为 {SHORTEST_WORD}–{LONGEST_WORD} 字：{wrong[0][:30]}", field)


def check_days(since: date | None, until: date | None) -> None:
    """Raise InvalidInput unless the span is open at one end or goes forward."""
    if since and until and until <= since:
        raise InvalidInput("失效日期须晚于生效日期。", "until")


def _checked(rule: OrderedRule, record: Mapping[str, Any]) -> OrderedRule:
    name = rule.name.strip()
    if not 2 <= len(name) <= 60:
        raise InvalidInput("请填写 2–60 字的规则名称。", "name")
    if rule.target not in record.get("names", {}):
        raise InvalidInput("请选择目标单位。", "target")
    for field, words in (("any", rule.any), ("all", rule.all), ("none", rule.none)):
        check_words(words, field)
    if not rule.any and not rule.all:
        raise InvalidInput("请至少填写一个“含其一”或“全部含有”的词，否则规则会匹配所有事项。", "any")
    if set(rule.areas) - set(record.get("places", {})):
        raise InvalidInput("属地不在地名表中。", "areas")
    return replace(rule, name=name)


def _duty(code: str, number: int, text: str) -> Record:
    cited = _CITATION.match(text)
    words, own = (cited["text"], cited["id"]) if cited else (text, f"{code}-{number}")
    return {"id": own, "text": words, "basis": ""}


def _place(rules: Sequence[OrderedRule], rule_id: str) -> int:
    for at, one in enumerate(rules):
        if one.id == rule_id:
            return at
    raise NotFound("这条规则已不在草稿中。")


def _at(rows: Sequence[Mapping[str, Any]], wanted: str, missing: str) -> int:
    for at, row in enumerate(rows):
        if row.get("id") == wanted:
            return at
    raise NotFound(missing)


def _put(rows: list[Record], replaced: str, row: Record, missing: str) -> None:
    """Put the row in the place of the one with the id `replaced`, or at the end when that is empty."""
    if replaced:
        rows[_at(rows, replaced, missing)] = row
    else:
        rows.append(row)


def list_of(record: Record, part: str, department: str) -> list[Any]:
    """Return a department's rows in a part of the record, to be changed in place; NotFound for an unknown one."""
    if department not in record.get("names", {}):
        raise NotFound("没有这个单位。")
    rows: list[Any] = record.setdefault(part, {}).setdefault(department, [])
    return rows


def _next_id(rows: Sequence[Mapping[str, Any]], stem: str, mark: str) -> str:
    ends = [str(row.get("id", "")).removeprefix(f"{stem}{mark}") for row in rows]
    return f"{stem}{mark}{max((typed_values.whole_number(end) or 0 for end in ends), default=0) + 1}"


def copied(record: Mapping[str, Any]) -> Record:
    """Return the record once more, so that the old one stays as it is."""
    return copy.deepcopy(dict(record))
