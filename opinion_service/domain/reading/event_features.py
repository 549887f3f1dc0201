"""What grouping looks at in an item, and the numbers under which a database finds it again."""

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from opinion_service.domain.reading.common_pairs import is_common
from opinion_service.domain.reading.term_weights import DEFAULT, TermWeights
from opinion_service.domain.text import bigrams, fingerprint

MOST_KEYS = 8
_BODY_READ, _LEAST_BODY, _BODY_KEYS = 600, 16, 2
# Learned commonness lowers weights a little at first; this still counts as rare.
_RARE = 0.8
_HAN = re.compile(r"[\u4e00-\u9fff]")
# Words that frame what is said; pairs that reach into them (于道, 路问) would pass for rare ones.
_FRAME = re.compile(
    "关于|有关|反映|咨询|投诉|举报|建议|要求|请问|请求|希望|为什么|怎么|如何|什么时候|何时|能否|可否|是否|问题|事宜|情况"
    "|回应|通报|官方|警方|男子|女子|网友|曝光|曝|称|被|的"
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PLACE = re.compile(
    r"([\u4e00-\u9fff]{2})(小区|社区|花园|家园|街道|大道|镇|乡|村(?![民干支委里])|路(?![费口边面上过由程线])|县(?![委政]))"
)
# Public lines are named, not counted.
_HOTLINE = re.compile(r"12\d{3}|1[12][0-9]")
_REGIONS = {
    "省": re.compile(
        "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南"
        "|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆|香港|澳门|台湾"
    ),
    "县": re.compile("赫山|资阳|安化|桃江|南县|沅江|大通湖"),
}
# A word before such an ending that names nothing: 一小区, 的小区, 回应小区.
_NO_NAME = frozenset(
    "一二三四五六七八九十百千万亿几某的该在个条这那全各老旧新本我们所处名回应称曝于对和及请被里到上下中大小内外区市省"
    "公铁马跑道修过炸网线套要查报访农"
)


@dataclass(frozen=True, slots=True)
class Features:
    """What grouping looks at in an item: telling pairs and characters, numbers, places, the body's core.

    asks: somebody wants something (any kind but plain news), so that the matter may last longer than news does.
    """

    title: str
    at: datetime
    pairs: Mapping[str, float]
    characters: Mapping[str, float]
    numbers: frozenset[str]
    places: frozenset[tuple[str, str]]
    body: frozenset[str]
    fingerprint: str
    asks: bool = False

    @classmethod
    def of(
        cls, title: str, at: datetime, body: str = "", weights: TermWeights = DEFAULT, *, asks: bool = False
    ) -> "Features":
        """Return the features of a title (and a body, if known) first seen `at`."""
        tokens = bigrams(_FRAME.sub(" ", title)) or bigrams(title)
        words = {token for token in tokens if token.isascii()}
        pairs = {token: weights.of(token) for token in tokens}
        characters = {one: weights.of(one) for one in words.union(_HAN.findall(title))}
        return cls(
            title=title, at=at, pairs=pairs, characters=characters,
            numbers=frozenset(n for n in _NUMBER.findall(title) if not _HOTLINE.fullmatch(n)), places=_places(title),
            body=_core(body, weights), fingerprint=fingerprint(title), asks=asks,
        )  # fmt: skip

    @property
    def tells(self) -> float:
        """Return how much the title says: the weight of its pairs that are not common."""
        return sum(weight for weight in self.pairs.values() if weight >= 0.7)


def index_keys(features: Features) -> tuple[int, ...]:
    """Return at most eight signed 63-bit numbers; items that share much share at least one.

    The rarest pairs of the title are taken (two numbers of the body, if there is one), of equally rare ones first
    what may be part of a name; by weights that do not change with what came before, so that an item keeps its keys.
    """
    ranked = sorted(features.pairs, key=lambda pair: (-DEFAULT.of(pair), is_common(pair), _hash(pair)))
    of_body = sorted(features.body, key=_quick_hash)[:_BODY_KEYS]
    terms = ranked[: MOST_KEYS - len(of_body)] + [f"正文{pair}" for pair in of_body]
    return tuple(map(_hash, terms))


def _places(title: str) -> frozenset[tuple[str, str]]:
    named = ((match[2], match[0]) for match in _PLACE.finditer(title) if not _NO_NAME & set(match[1]))
    regions = ((kind, found) for kind, pattern in _REGIONS.items() for found in pattern.findall(title))
    return frozenset([*named, *regions])


def _core(body: str, weights: TermWeights) -> frozenset[str]:
    """Return the rarer pairs of the body's beginning; of short bodies nothing."""
    pairs = frozenset(pair for pair in bigrams(body[:_BODY_READ]) if weights.of(pair) >= _RARE)
    return pairs if len(pairs) >= _LEAST_BODY else frozenset()


def _quick_hash(pair: str) -> int:
    return zlib.crc32(pair.encode("utf-8", "replace"))


def _hash(pair: str) -> int:
    return int.from_bytes(hashlib.blake2b(pair.encode("utf-8", "replace"), digest_size=8).digest()) >> 1
