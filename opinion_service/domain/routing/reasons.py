"""Why this department and not the next, in sentences that need no knowledge of scores."""

from collections.abc import Iterator, Sequence
from datetime import date

from opinion_service.domain.routing.decision import Candidate, Evidence
from opinion_service.domain.routing.rules import Phrase, RuleSet

CLOSE = 0.85  # the runner-up's part of the winner's score from which the two are called alike
SHOWN = 4  # words named for one department
_FIELDS = (("addressee", "来信写给"), ("title", "标题中有"), ("body", "正文中有"))


def duty_of(rules: RuleSet, evidence: Sequence[Evidence]) -> str:
    """Return the text of the duty that most of the evidence rests on; empty when names alone speak."""
    weights: dict[str, float] = {}
    for one in evidence:
        duty_id = one.rule.rpartition(".")[0]
        if duty_id in rules.duties:
            weights[duty_id] = weights.get(duty_id, 0.0) + one.weight
    best = max(sorted(weights), key=lambda duty_id: weights[duty_id], default="")
    return rules.duties[best] if best and weights[best] > 0 else ""


def winner_reason(rules: RuleSet, candidates: Sequence[Candidate]) -> str:
    """Return why the first candidate is proposed: where its words stand, and the duty they belong to."""
    if not candidates:
        return ""
    first = candidates[0]
    found = "，".join(f"{label}{_quoted(words)}" for label, words in _by_field(first))
    duty = f"；属于其职责“{first.duty}”" if first.duty else ""
    return f"推荐{rules.name(first.department)}：{found}{duty}。"


def runner_up_reason(rules: RuleSet, candidates: Sequence[Candidate]) -> str:
    """Return why the second candidate came second; empty when there is none."""
    if len(candidates) < 2:
        return ""
    first, second = candidates[:2]
    scores = f"（得分 {second.score:g} 比 {first.score:g}）"
    return f"次选{rules.name(second.department)}：{_lost(rules, first, second)}{scores}。"


def notes(rules: RuleSet, candidates: Sequence[Candidate], as_of: date | None) -> tuple[str, ...]:
    """Return what a reader who knows the old division should be told: former names, and duties that moved here."""
    if not candidates:
        return ()
    words = dict.fromkeys(one.word for one in candidates[0].evidence if one.weight > 0)
    told = (_note(rules, word, candidates[0].department, as_of) for word in words)
    return tuple(one for one in told if one)


def _note(rules: RuleSet, word: str, winner: str, as_of: date | None) -> str:
    name = rules.name(winner)
    phrases = rules.phrases.get(word, ())
    for phrase in phrases:
        if phrase.is_name and phrase.department == winner and phrase.has_ended(as_of):
            return f"“{word}”是{_until(phrase)}前的名称，现由{name}承担。"
    if any(phrase.department != winner and phrase.holds(as_of) for phrase in phrases):
        return ""
    for phrase in phrases:
        if phrase.department != winner and not phrase.is_name and phrase.weight > 0 and phrase.has_ended(as_of):
            return f"“{word}”原属{rules.name(phrase.department)}的职责，{_until(phrase)}起由{name}承担。"
    return ""


def _until(phrase: Phrase) -> str:
    return f"{phrase.until:%Y}年{phrase.until.month}月{phrase.until.day}日" if phrase.until else ""


def _lost(rules: RuleSet, first: Candidate, second: Candidate) -> str:
    """Return the plainest difference between two candidates, as half a sentence."""
    name, ours, theirs = rules.name(first.department), dict(_by_field(first)), dict(_by_field(second))
    shared = set(_words(first)) & set(_words(second))
    own, other = (tuple(word for word in _words(one) if word not in shared) for one in (second, first))
    words = _quoted(own or _words(second))
    if "来信写给" in ours and "来信写给" not in theirs:
        return f"也有{words}，但来信写明给{_quoted(ours['来信写给'])}"
    if against := [one.word for one in second.evidence if one.weight < 0]:
        return f"有{words}，但{_quoted(tuple(dict.fromkeys(against)))}说明不归该单位"
    if second.score >= CLOSE * first.score:
        return f"也有{words}，与{name}相当，请看内容再定"
    if not own:
        return f"{words}两个单位都管，" + (f"{name}另有{_quoted(other)}" if other else f"对{name}更直接")
    if "标题中有" in ours and "标题中有" not in theirs:
        return f"{words}只出现在正文，{name}的{_quoted(ours['标题中有'])}在标题中"
    if len(own) < len(other):
        return f"只有{len(own)}个词（{words}），{name}有{len(other)}个"
    return f"{words}不如{name}的{_quoted(other or _words(first))}明确"


def _by_field(one: Candidate) -> Iterator[tuple[str, tuple[str, ...]]]:
    told: set[str] = set()
    for field, label in _FIELDS:
        words = tuple(
            dict.fromkeys(e.word for e in one.evidence if e.field == field and e.weight > 0 and e.word not in told)
        )
        if words:
            told.update(words)
            yield label, words


def _words(one: Candidate) -> tuple[str, ...]:
    return tuple(dict.fromkeys(e.word for e in one.evidence if e.weight > 0))


def _quoted(words: Sequence[str]) -> str:
    return "、".join(f"“{word}”" for word in words[:SHOWN])
