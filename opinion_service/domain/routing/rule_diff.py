"""What differs between two rule records, line by line, and the three-way merge of two that share an origin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opinion_service.domain.routing.ordered import OrderedRule, read_ordered

SILENT = frozenset({"version", "shipped", "last_rule", "source"})
PARTS: dict[str, str] = {
    "ordered": "顺序规则", "duties": "职责", "departments": "职责词", "topics": "热点词", "places": "地名",
    "synonyms": "同义词", "split_duties": "职责交叉", "aliases": "单位别名", "calibration": "置信度参数",
    "not_topics": "非热点词", "not_places": "非地名词", "topic_of_department": "单位热点", "names": "单位名称",
    "default": "默认单位", "title_weight": "标题分量",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One line: its part, what it is about, `kind` (added, removed, changed, moved), and both sides in words."""

    part: str
    key: str
    kind: str
    old: str = ""
    new: str = ""


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return every difference from `old` to `new`, ordered rules first; nothing when they say the same."""
    names = {**old.get("names", {}), **new.get("names", {})}
    found = list(_ordered(old, new, names))
    for part in sorted((set(old) | set(new)) - SILENT - {"ordered"}, key=_rank):
        found += _part(part, old.get(part), new.get(part), names)
    return tuple(found)


def rule_words(rule: OrderedRule, names: Mapping[str, str]) -> str:
    """Return a rule's conditions and effect as one Chinese sentence."""
    parts = ["标题" if rule.field.value == "title" else "标题或正文"]
    conditions = []
    if rule.any:
        conditions.append(f"含{_quoted(rule.any)}{'之一' if len(rule.any) > 1 else ''}")
    if rule.all:
        conditions.append(f"{'全部' if len(rule.all) > 1 else ''}含有{_quoted(rule.all)}")
    if rule.none:
        conditions.append(f"不含{_quoted(rule.none)}")
    if rule.areas:
        conditions.append(f"属地为{'、'.join(rule.areas)}")
    parts.append("，且".join(conditions))
    then = "匹配后停止" if rule.then.value == "stop" else "加分后继续"
    return f"{''.join(parts)} → {names.get(rule.target, rule.target)}，{then}{'' if rule.is_on else '（停用）'}"


def merge(base: Any, mine: Any, theirs: Any) -> Any:
    """Return `mine` and `theirs` put together: what only one side changed since `base` is taken from that side.

    Where both changed the same value, mine stays. Lists of rows with an id are merged row by row in their order.
    """
    if mine == base or theirs in (base, mine):
        return theirs if mine == base else mine
    if all(isinstance(one, dict) for one in (mine, theirs)):
        return _merge_mapping(base if isinstance(base, dict) else {}, mine, theirs)
    if _is_keyed(mine) and _is_keyed(theirs):
        rows = base if _is_keyed(base) else []
        merged = _merge_mapping(*({row["id"]: row for row in one} for one in (rows, mine, theirs)))
        return list(merged.values())
    return mine


def _merge_mapping(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key in dict.fromkeys((*mine, *theirs)):
        if key not in mine:
            # Mine took it out, unless it is new in theirs.
            if key not in base:
                merged[key] = theirs[key]
        elif key not in theirs:
            if key not in base or mine[key] != base[key]:
                merged[key] = mine[key]
        else:
            merged[key] = merge(base.get(key), mine[key], theirs[key])
    return merged


def _is_keyed(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) and "id" in row for row in value)


def _rank(part: str) -> tuple[int, str]:
    known = list(PARTS)
    return (known.index(part) if part in known else len(known), part)


def _ordered(old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Difference]:
    before = {rule.id: rule for rule in read_ordered(old)}
    after = {rule.id: rule for rule in read_ordered(new)}
    label = PARTS["ordered"]
    for key, rule in after.items():
        if key not in before:
            yield Difference(label, rule.name, "added", "", rule_words(rule, names))
        elif rule != before[key]:
            yield Difference(label, rule.name, "changed", rule_words(before[key], names), rule_words(rule, names))
    for key, rule in before.items():
        if key not in after:
            yield Difference(label, rule.name, "removed", rule_words(rule, names), "")
    stayed = [key for key in after if key in before]
    was = [key for key in before if key in after]
    for key in stayed:
        if stayed.index(key) != was.index(key):
            places = (f"第 {list(before).index(key) + 1} 位", f"第 {list(after).index(key) + 1} 位")
            yield Difference(label, after[key].name, "moved", *places)


def _part(part: str, old: Any, new: Any, names: Mapping[str, str]) -> Iterator[Difference]:
    label = PARTS.get(part, part)
    if old == new:
        return
    if not isinstance(old or {}, dict) or not isinstance(new or {}, dict):
        yield from _value(label, label, old, new)
        return
    before, after = old or {}, new or {}
    for key in dict.fromkeys((*after, *before)):
        yield from _value(label, names.get(key, key), before.get(key), after.get(key))


def _value(label: str, name: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    if _is_keyed(old or []) and _is_keyed(new or []):
        before, after = ({row["id"]: row for row in rows or []} for rows in (old, new))
        for key in dict.fromkeys((*after, *before)):
            if before.get(key) != after.get(key):
                yield _line(label, f"{name} {key}", before.get(key), after.get(key))
        return
    yield _line(label, name, old, new)


def _line(label: str, name: str, old: Any, new: Any) -> Difference:
    kind = "added" if old is None else "removed" if new is None else "changed"
    return Difference(label, name, kind, _words(old), _words(new))


def _words(value: Any) -> str:
    if value is None:
        return ""
    days = _days(value)
    if isinstance(value, dict) and set(value) <= {"name", "since", "until"} and "name" in value:
        return f"{value['name']}{days}"
    if isinstance(value, dict) and "text" in value:
        basis = f"（{value['basis']}）" if value.get("basis") else ""
        return f"{value['text']}{basis}"
    if isinstance(value, dict) and "words" in value and "weight" in value:
        company = f"（须同时有：{'、'.join(value['with'])}）" if value.get("with") else ""
        return f"{value['weight']:g}：{'、'.join(value['words'])}{company}{days}"
    if isinstance(value, list):
        return "、".join(_words(one) for one in value)
    if isinstance(value, dict):
        return "；".join(f"{key}：{_words(one)}" for key, one in value.items())
    return str(value)


def _days(value: Any) -> str:
    """Return the days that bound a duty or a name, in words; empty without any."""
    if not isinstance(value, dict):
        return ""
    parts = [f"{value[key]} {word}" for key, word in (("since", "起"), ("until", "止")) if value.get(key)]
    return f"（{'，'.join(parts)}）" if parts else ""


def _quoted(words: tuple[str, ...]) -> str:
    return "".join(f"“{word}”" for word in words)
