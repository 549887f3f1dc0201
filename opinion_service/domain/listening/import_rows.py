"""Rows of a handed-in file: which column means what, and what one row says.

A citizen's petition is never lost for a date that cannot be read: such a row is kept without it, and said so.
"""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from opinion_service.domain.listening.feed_dates import parse_feed_date

LOWEST_RANK = 10_000


class ImportField(StrEnum):
    """What a column may mean. The first six are the columns operators script against."""

    TITLE = "title"
    CONTENT = "content"
    URL = "url"
    PUBLISHED_AT = "published_at"
    EXTERNAL_ID = "external_id"
    TERRITORY = "territory"
    RANK = "rank"
    HEAT_VALUE = "heat_value"
    SNAPSHOT = "snapshot"

    @property
    def label(self) -> str:
        """Return the field's name in Chinese."""
        return LABELS[self]


LABELS: dict[ImportField, str] = {
    ImportField.TITLE: "标题",
    ImportField.CONTENT: "内容",
    ImportField.URL: "链接",
    ImportField.PUBLISHED_AT: "发布时间",
    ImportField.EXTERNAL_ID: "原编号",
    ImportField.TERRITORY: "属地",
    ImportField.RANK: "榜单名次",
    ImportField.HEAT_VALUE: "榜单热度值",
    ImportField.SNAPSHOT: "榜单时刻",
}
# Column names as ticket systems and portals write them, most telling first.
NAMES: dict[ImportField, tuple[str, ...]] = {
    ImportField.TITLE: ("title", "标题", "主题", "信件标题", "工单标题", "诉求标题", "留言标题", "subject", "事项名称"),
    ImportField.CONTENT: (
        "content", "内容", "正文", "诉求内容", "反映内容", "留言内容", "工单内容", "信件内容", "问题描述", "详情",
        "body", "text", "description",
    ),
    ImportField.URL: ("url", "链接", "网址", "原文链接", "地址链接", "link"),
    ImportField.PUBLISHED_AT: (
        "published_at", "发布时间", "受理时间", "来信时间", "留言时间", "创建时间", "提交时间", "登记时间", "反映时间",
        "日期", "时间", "date", "time", "created_at", "submitted_at",
    ),
    ImportField.EXTERNAL_ID: (
        "external_id", "工单编号", "工单号", "信件编号", "留言编号", "受理编号", "案件编号", "编号", "流水号", "id",
    ),
    ImportField.TERRITORY: ("territory", "属地", "所属区域", "区域", "区县", "所在区县", "行政区划", "辖区", "area"),
    ImportField.RANK: ("rank", "名次", "排名", "榜单名次"),
    ImportField.HEAT_VALUE: ("heat_value", "hot", "热度值", "热度"),
    ImportField.SNAPSHOT: ("snapshot", "榜单时刻", "抓取时间", "快照时间"),
}  # fmt: skip
ColumnMap = Mapping[ImportField, int]


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says; `remarks` tell what could not be read although the row is kept."""

    number: int
    title: str
    content: str = ""
    url: str = ""
    published_at: datetime | None = None
    external_id: str = ""
    territory: str = ""
    rank: int | None = None
    heat_value: float | None = None
    seen_at: datetime | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be kept, with the reason and its beginning."""

    number: int
    reason: str
    excerpt: str


def guess(columns: Sequence[str]) -> dict[ImportField, int]:
    """Return the column (its place, from 0) of each field that a heading names; every column serves one field."""
    plain = [_plain(name) for name in columns]
    found: dict[ImportField, int] = {}
    for field, names in NAMES.items():
        places = (plain.index(name) for name in names if name in plain)
        place = next((one for one in places if one not in found.values()), None)
        if place is not None:
            found[field] = place
    return found


def read_row(number: int, cells: Sequence[str], mapping: ColumnMap, *, now: datetime) -> Row | BadRow:
    """Return what the cells of row `number` say under `mapping`; dates without a zone are Beijing's."""
    said = {field: cells[place].strip() for field, place in mapping.items() if place < len(cells)}
    title, content = said.get(ImportField.TITLE, ""), said.get(ImportField.CONTENT, "")
    if not title and not content:
        return BadRow(number, "标题和内容都是空的", " ".join(cell for cell in cells if cell)[:300])
    remarks: list[str] = []
    published = _instant(said.get(ImportField.PUBLISHED_AT, ""), "发布时间", remarks, now)
    seen = _instant(said.get(ImportField.SNAPSHOT, ""), "榜单时刻", remarks, now)
    url = said.get(ImportField.URL, "")
    if url and not url.lower().startswith(("http://", "https://")):
        remarks.append("链接不是 http:// 或 https:// 地址，未收录")
        url = ""
    rank = _number(said.get(ImportField.RANK, ""), "榜单名次", remarks)
    return Row(
        number, title, content, url, published, said.get(ImportField.EXTERNAL_ID, ""),
        said.get(ImportField.TERRITORY, ""), int(rank) if rank is not None and 1 <= rank <= LOWEST_RANK else None,
        _number(said.get(ImportField.HEAT_VALUE, ""), "榜单热度值", remarks), seen, tuple(remarks),
    )  # fmt: skip


def identities(rows: Iterable[Row]) -> list[str]:
    """Return what tells each row apart (SHA-256, hex): its number, else its address, else its text.

    An address that several rows share (a portal's front page) tells nothing apart and is passed over.
    """
    kept = list(rows)
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for row in kept:
        titles[row.url].add(row.title or row.content)
    shared = {url for url, names in titles.items() if len(names) > 1}
    return [_identity(row, shared) for row in kept]


def _identity(row: Row, shared: set[str]) -> str:
    address = "" if row.url in shared else row.url
    basis = row.external_id or address or f"{row.title}\n{row.content}"
    return hashlib.sha256(basis.encode("utf-8", "replace")).hexdigest()


def _instant(text: str, name: str, remarks: list[str], now: datetime) -> datetime | None:
    if not text:
        return None
    at = parse_feed_date(text, now=now)
    if at is None:
        remarks.append(f"{name}“{text[:40]}”无法识别，未收录")
    return at


def _number(text: str, name: str, remarks: list[str]) -> float | None:
    if not text:
        return None
    plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
    if plain.replace(".", "", 1).isascii() and plain.replace(".", "", 1).isdigit() and len(plain) <= 15:
        return float(plain)
    remarks.append(f"{name}“{text[:40]}”不是数字，未收录")
    return None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().strip("*：:").strip().lower()
