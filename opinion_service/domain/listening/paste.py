"""Reads a text somebody pasted: which line is the title, which the time, where the address stands."""

import re
from dataclasses import dataclass
from datetime import datetime

from opinion_service.domain.listening.feed_dates import parse_feed_date

LONGEST_TITLE = 200
_ADDRESS = re.compile(r"https?://[^\s<>\"'，。；、）)】]{3,1900}", re.IGNORECASE)
_LABEL = re.compile(r"^(?:发布时间|发表时间|发表于|发布于|来信时间|留言时间|受理时间|时间|日期)\s*[:：]?\s*")
_NUMBER = re.compile(r"(?:工单|信件|留言|受理|案件)?(?:编号|单号)\s*[:：]\s*([A-Za-z0-9_-]{4,60})")


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a pasted text seems to say; a person looks at it before it is kept."""

    title: str = ""
    content: str = ""
    url: str = ""
    published_at: datetime | None = None
    external_id: str = ""


def read_paste(text: str, *, now: datetime) -> Pasted:
    """Return the parts of `text`: the first line that is neither time nor address is the title.

    A time is taken from a line that holds nothing else; the rest stays in the content as it stands.
    """
    address = _ADDRESS.search(text)
    number = _NUMBER.search(text)
    published: datetime | None = None
    kept: list[str] = []
    for line in text.splitlines():
        bare = line.strip()
        if (address and bare == address[0]) or (number and bare == number[0]):
            continue
        at = parse_feed_date(_LABEL.sub("", bare), now=now) if published is None and 4 <= len(bare) <= 60 else None
        if at is not None:
            published = at
        elif bare:
            kept.append(bare)
    title, rest = (kept[0], kept[1:]) if kept else ("", [])
    if len(title) > LONGEST_TITLE:
        title, rest = title[:60], kept
    return Pasted(title, "\n".join(rest), address[0] if address else "", published, number[1] if number else "")
