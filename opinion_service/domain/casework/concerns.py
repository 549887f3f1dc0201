"""What the public asks of a case, and which passage of a reply answers it: proposals for a person to decide on.

Questions and demands are taken from the sentences of the event's items; a passage is proposed by the character
pairs it shares with the question. Neither is ever taken for settled without a person.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from opinion_service.domain.casework.sentences import likeness, overlap, sentences

SHORTEST, LONGEST = 6, 80
# Two sentences this alike ask the same thing; the first one heard stands for both.
SAME_QUESTION = 0.5
# A passage that shares less with the question is not proposed. Fitted to the table in tests/unit/test_concerns.py.
ENOUGH_IN_COMMON = 0.3
# What a question of this kind wants counts as much as a fifth of its words.
FITS_THE_QUESTION = 0.2
# Two sentences have to share this much more than one before they are preferred.
LONGER_PASSAGE = 0.15

_QUESTION = re.compile(
    r"[？?]$|[吗呢]$|什么时候|何时|为什么|为何|凭什么|怎么(?!样都)|如何|是否|能否|可否|有没有|多久|多少|哪里|哪些|谁来"
)
_DEMAND = re.compile(
    r"(?:请|望|求|盼|希望|要求|建议|呼吁|恳请|请求|应当|应该).{0,24}?"
    r"(?:解决|处理|公布|公开|说明|答复|解释|整改|查处|治理|恢复|修复|维修|增设|增开|加强|取消|退还|补偿|落实|调查|给个说法|尽快|协调)"
)
_POLITE = re.compile(r"^(?:请问|想问一下|想问|问一下|请教|咨询一下|咨询|另外|还有|而且|那么|到底|究竟|，|,|：|:|、)+")
_ASKING = re.compile(
    r"请问|什么时候|什么|何时|时候|为什么|为何|怎么|如何|是否|能否|可否|有没有|多久|多少|哪里|哪些|谁来|希望|要求|建议|恳请|尽快|[吗呢？?]"
)
_WANTS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (re.compile(r"什么时候|何时|多久|多长时间|哪天|几号"),
     re.compile(r"[\d一二三四五六七八九十]+ ?(?:月|日|号|年|天|小时|个?工作日)|下?周[一二三四五六日]|即日|月底|年底")),
    (re.compile(r"多少|几(?:个|人|元|辆|次)"),
     re.compile(r"[\d一二三四五六七八九十百千万]+ ?[元人户个辆次件名%％吨条台]")),
    (re.compile(r"为什么|为何|原因|凭什么"), re.compile(r"因|由于|原因|系|依据|按照|根据|规定")),
    (re.compile(r"是否|是不是|真的|属实"), re.compile(r"属实|不实|经核查|经查|情况|并非|没有|未")),
    (re.compile(r"谁来|哪个部门|责任"), re.compile(r"[局委办院]|街道|责令|责任|负责")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question or demand as people put it, and the ids of the items in which it stands."""

    question: str
    item_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or two of the reply, and which share (0-1) of the question they take up."""

    text: str
    share: float


def suggest(texts: Iterable[tuple[int, str]], known: Sequence[str] = (), most: int = 6) -> tuple[Suggestion, ...]:
    """Return what is asked in the texts, what most of them ask first; at most `most`.

    texts: pairs of item id and text, oldest first. known: questions already on the list, which are not repeated.
    """
    found: list[tuple[str, list[int]]] = []
    for item_id, text in texts:
        for sentence in sentences(text):
            question = _as_question(sentence)
            if not question or any(_same(question, one) for one in known):
                continue
            same = next((ids for kept, ids in found if _same(question, kept)), None)
            if same is None:
                found.append((question, [item_id]))
            elif item_id not in same:
                same.append(item_id)
    found.sort(key=lambda pair: -len(pair[1]))
    return tuple(Suggestion(question, tuple(ids)) for question, ids in found[:most])


def propose_passage(question: str, reply: str) -> Passage | None:
    """Return the passage of the reply that most likely answers the question, or None when none comes near.

    One sentence, or two that follow each other when the second adds to what they share with the question.
    """
    best, highest = None, ENOUGH_IN_COMMON
    for passage, handicap in _candidates(reply):
        share = _share(question, passage)
        if share - handicap >= highest and (best is None or share - handicap > highest):
            best, highest = Passage(passage, round(min(share, 1.0), 2)), share - handicap
    return best


def _candidates(reply: str) -> Iterator[tuple[str, float]]:
    """Yield each sentence, then each two that follow each other in a paragraph, with what the length costs them."""
    for paragraph in reply.split("\n"):
        parts = sentences(paragraph)
        yield from ((one, 0.0) for one in parts)
        begin = 0
        for one, two in pairwise(parts):
            begin = paragraph.index(one, begin)
            end = paragraph.index(two, begin + len(one)) + len(two)
            yield paragraph[begin:end], LONGER_PASSAGE


def _as_question(sentence: str) -> str:
    plain = _POLITE.sub("", sentence.strip()).rstrip("。；;！!")
    if not SHORTEST <= len(plain) <= LONGEST:
        return ""
    if _QUESTION.search(plain):
        return plain.rstrip("？?") + "？"
    return plain if _DEMAND.search(plain) else ""


def _same(one: str, other: str) -> bool:
    return one == other or likeness(one, other) >= SAME_QUESTION


def _share(question: str, passage: str) -> float:
    core = _ASKING.sub("，", question)
    fits = any(wanted.search(question) and given.search(passage) for wanted, given in _WANTS)
    return overlap(core, passage) + (FITS_THE_QUESTION if fits else 0.0)
