"""What passes between a check and the tables: the lease, the entries as they came, the outcome, the counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from opinion_service.domain.listening.hearing import HEARD
from opinion_service.domain.listening.polling import Asked

NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class RobotsCopy:
    """The robots.txt of a host as it was last read; `state` is unknown, read, none or unreachable."""

    state: str = "unknown"
    text: str = ""
    read_at: datetime | None = None
    failed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceLease:
    """The right to fetch one source once; `token` fences it.

    authorization: the header for `authorization_origin` alone; body_sha256: of the document last read.
    """

    source_id: int
    token: str
    url: str
    etag: str
    last_modified: str
    zone: str = "Asia/Shanghai"
    body_sha256: str = ""
    authorization: str = field(default="", repr=False)
    authorization_origin: str = ""
    robots: RobotsCopy = RobotsCopy()


@dataclass(frozen=True, slots=True)
class Incoming:
    """One entry as it arrived; markup and personal data are still in it.

    seen_at: when a snapshot of the past was taken, for hot lists imported from files; None means now.
    """

    identity: str
    title: str
    body: str = ""
    url: str = ""
    published_at: datetime | None = None
    rank: int | None = None
    heat_value: float | None = None
    external_id: str = ""
    territory: str = ""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Haul:
    """What one check of a source brought home.

    asked: what the server said about the next time; robots: a copy that was read on the way, None when the old
    one is still good; host_delay: the pause the host is owed after this request; took_ms: time for everything;
    headers: of the answer; ttl_minutes: the pause the document itself asks for.
    """

    outcome: str
    entries: tuple[Incoming, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    detail: str = ""
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    moved_to: str = ""
    asked: Asked = NOTHING_ASKED
    robots: RobotsCopy | None = None
    host_delay: timedelta = timedelta(0)
    took_ms: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    ttl_minutes: int | None = None

    @property
    def is_success(self) -> bool:
        """Return whether the source was heard."""
        return self.outcome in HEARD


@dataclass(slots=True)
class Counts:
    """Exact numbers of one store: every entry is counted in one of them.

    overflow: those beyond what a source may bring in a day; the document they stand in is kept.
    """

    new: int = 0
    revised: int = 0
    repeated: int = 0
    broken: int = 0
    unmatched: int = 0
    overflow: int = 0
