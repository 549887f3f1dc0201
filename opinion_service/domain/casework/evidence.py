"""Evidence: what an item said when it became part of a case, and what its page says on a second look.

A frozen item has a digest over everything that was kept of it. A page is compared by its sentences: pages carry
menus, comments and other people's news around the text, so that only what the item said is looked for.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opinion_service.domain.text import normalise

# A shorter piece of text says nothing: it stands on every second page.
SHORTEST_SENTENCE = 6
# Sentences of a page between two that belong to the text: more means that the text has ended.
WIDEST_GAP = 8
LONGEST_PASSAGE = 6_000
_ENDS = re.compile(r"(?<=[。！？!?；;…])|\n|\s{2,}")
_GONE = re.compile(
    r"(?:内容|文章|帖子|主题|页面|信息|网页|您访问的\S{0,6})(?:已经?被?(?:\S{0,4})?(?:删除|下架|屏蔽)|不存在|已失效|找不到)"
    r"|(?:404|410)\s*(?:not found|gone|错误)|page not found",
    re.IGNORECASE,
)


class Outcome(StrEnum):
    """What a second look at a piece of evidence found."""

    UNCHANGED = "unchanged"
    EDITED = "edited"
    GONE = "gone"
    UNCLEAR = "unclear"
    UNREACHABLE = "unreachable"
    NO_ADDRESS = "no_address"


OUTCOME_LABELS: dict[Outcome, str] = {
    Outcome.UNCHANGED: "未变",
    Outcome.EDITED: "已修改",
    Outcome.GONE: "已消失",
    Outcome.UNCLEAR: "无法判断",
    Outcome.UNREACHABLE: "无法访问",
    Outcome.NO_ADDRESS: "没有链接",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a look found: `text` is what stands there now when it was edited, `status` the server's answer."""

    outcome: Outcome
    status: int | None = None
    detail: str = ""
    text: str = ""


def digest(parts: Sequence[object]) -> str:
    """Return the SHA-256 (hex) of some values in their order; instants and the like are given as text."""
    canonical = json.dumps(list(parts), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()


def compare(title: str, body: str, page: str) -> Found:
    """Return what a page of plain text says of an item's title and body: unchanged, edited, gone or unclear.

    Every sentence of the item on the page means unchanged; some of them, edited. None of them means gone when the
    page says so itself, and unclear otherwise: the text may be loaded by a script or stand behind a sign-in.
    """
    there = normalise(page)
    has_title = normalise(title) in there
    sentences = _sentences(body)
    kept = [one for one in sentences if one in there]
    if has_title and len(kept) == len(sentences):
        return Found(Outcome.UNCHANGED)
    if not kept and (sentences or not has_title):
        if _GONE.search(page[:20_000]):
            return Found(Outcome.GONE, detail="页面说明内容已不存在。")
        return Found(Outcome.UNCLEAR, detail="页面上找不到原文，可能由脚本加载或需要登录。")
    passage = _passage(sentences, title, page)
    return Found(Outcome.EDITED, text=f"{title}\n{passage}" if has_title else passage)


def _sentences(text: str) -> list[str]:
    """Return the sentences of a text, normalised; a text of short pieces only counts as one."""
    found = [normalise(piece) for piece in _ENDS.split(text)]
    long = [piece for piece in found if len(piece) >= SHORTEST_SENTENCE]
    whole = normalise(text)
    return long or ([whole] if whole else [])


def _passage(sentences: Sequence[str], title: str, page: str) -> str:
    """Return the part of the page that holds most of the sentences: the longest run without a wide gap.

    It is widened by as many pieces as sentences are missing before and after it, but not over the title: those are
    the sentences that were changed.
    """
    apart = page.replace(title, f"{title}\n") if title else page
    pieces = [piece for piece in _ENDS.split(apart) if piece.strip()]
    folded, name = [normalise(piece) for piece in pieces], normalise(title)
    hits = [place for place, piece in enumerate(folded) if any(one in piece for one in sentences)]
    runs: list[list[int]] = []
    for place in hits:
        if runs and place - runs[-1][-1] <= WIDEST_GAP:
            runs[-1].append(place)
        else:
            runs.append([place])
    if not runs:
        return ""
    best = max(runs, key=len)
    known = [number for number, one in enumerate(sentences) if any(one in folded[place] for place in best)]
    first, last = best[0], best[-1]
    for _ in range(min(known)):
        if first == 0 or (name and name in folded[first - 1]):
            break
        first -= 1
    last += len(sentences) - 1 - max(known)
    return "".join(pieces[first : last + 1]).strip()[:LONGEST_PASSAGE]
