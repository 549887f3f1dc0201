"""Loads the demo city: its users, two weeks of feeds replayed through the real line, and scripted cases."""

import csv
import hashlib
import io
import re
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from opinion_service import pipeline
from opinion_service.adapters import feed_client
from opinion_service.clock import DESK_ZONE
from opinion_service.data import HERE, read_json
from opinion_service.demo import inbox, policies, stories
from opinion_service.domain.people import SYSTEM, Role
from opinion_service.services import accounts, maintenance
from opinion_service.services.listening import ingest

FOLDER = HERE / "demo"
PASSWORD = "Yiyang-desk-2019"  # noqa: S105 - the demo prints it; production never loads the demo
STEP = timedelta(hours=6)
HOUR = timedelta(hours=1)
LAST_DAYS = timedelta(hours=48)
_HOURS = re.compile(r"\{\{hours_ago:(\d+)\}\}")


def load(*, now: datetime) -> list[tuple[str, str]]:
    """Load the demo unless it is there; return (role, login) for each role, for the sign-ins to print."""
    if not maintenance.has_users():
        _load_users(now)
        _replay(now)
        stories.play_all(now)
        inbox.settle(now)
        policies.play_all(now)
        pipeline.drain(lambda: now)
    users: list[dict[str, Any]] = read_json("demo/users.json")
    first: dict[str, str] = {}
    for user in users:
        first.setdefault(Role(user["role"]).label, user["login"])
    return list(first.items())


def _load_users(now: datetime) -> None:
    departments = maintenance.department_ids()
    for user in read_json("demo/users.json"):
        accounts.create_user(
            accounts.NewUser(
                login=user["login"],
                name=user["name"],
                role=Role(user["role"]),
                password=PASSWORD,
                email=user["email"],
                department_id=departments.get(user["department"] or ""),
                must_change_password=False,
            ),
            actor=SYSTEM,
            now=now,
        )


def _replay(now: datetime) -> None:
    arrivals = _feed_arrivals(now) + _letter_arrivals(now)
    at = min(arrival[0] for arrival in arrivals)
    while at <= now:
        # The last two days go by the hour, so that the clocks of open cases stand where the stories say.
        step = HOUR if now - at <= LAST_DAYS else STEP
        moment = min(at + step, now)
        for source_id in sorted({one[1] for one in arrivals}):
            entries = tuple(one[2] for one in arrivals if one[1] == source_id and at <= one[0] < at + step)
            if entries:
                ingest.store(source_id, ingest.Haul("ok", entries), token=None, now=moment)
        pipeline.analyse(now=moment)
        pipeline.open_cases(now=moment)
        at += step


def _letter_arrivals(now: datetime) -> list[tuple[datetime, int, ingest.Incoming]]:
    source = ingest.NewSource("12345 热线工单", kind="import")
    source_id = ingest.add_source(source, actor=SYSTEM, now=now - timedelta(days=30))
    text = _dated((FOLDER / "petitions.csv").read_text(encoding="utf-8-sig"), now)
    return [
        (
            datetime.fromisoformat(row["published_at"]),
            source_id,
            ingest.Incoming(
                hashlib.sha256(row["external_id"].encode()).hexdigest(),
                row["title"],
                row["content"],
                row["url"],
                datetime.fromisoformat(row["published_at"]),
                external_id=row["external_id"],
                territory=row["territory"],
            ),
        )
        for row in csv.DictReader(io.StringIO(text))
    ]


def _feed_arrivals(now: datetime) -> list[tuple[datetime, int, ingest.Incoming]]:
    arrivals: list[tuple[datetime, int, ingest.Incoming]] = []
    for path in sorted((FOLDER / "feeds").iterdir()):
        parsed = feed_client.parse(_dated(path.read_text(encoding="utf-8"), now).encode())
        name = parsed.title or "城市热搜榜"
        new = ingest.NewSource(name, kind="import", weight=1.2 if "电视" in name or "晚报" in name else 1.0)
        source_id = ingest.add_source(new, actor=SYSTEM, now=now - timedelta(days=30))
        for entry in parsed.entries:
            incoming = pipeline.incoming(entry)
            arrivals.append((entry.published_at or now - timedelta(hours=2), source_id, incoming))
    return arrivals


def _dated(text: str, now: datetime) -> str:
    def date_of(match: re.Match[str]) -> str:
        at = (now - timedelta(hours=int(match[1]))).astimezone(DESK_ZONE)
        return format_datetime(at) if "<rss" in text else at.isoformat()

    return _HOURS.sub(date_of, text)
