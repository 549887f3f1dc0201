"""Puts adapters and services together: fetch, analyse, open, escalate, deliver. Nothing here holds a
transaction while it talks to the network; every function may run twice.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from flask import current_app

from opinion_service.adapters import feed_client, mailer, snownlp_model, spool
from opinion_service.config import Settings
from opinion_service.services import analysis, escalation, ingest, limit_changes, outbox, triage

BATCH = 200
MAIL_BATCH = 20
LARGEST_FILE = 4_000_000


def _settings() -> Settings:
    settings: Settings = current_app.config["DESK"]
    return settings


def fetch_source(source_id: int, *, now: datetime) -> ingest.Counts:
    """Fetch one due source and keep what it brings; nothing happens when somebody else has it."""
    lease = ingest.claim(source_id, now=now)
    if lease is None:
        return ingest.Counts()
    request = feed_client.FetchRequest(lease.url, lease.etag, lease.last_modified, _settings().private_feed_hosts)
    fetched = feed_client.fetch(request)
    return ingest.store(source_id, haul_of(fetched), token=lease.token, now=now)


def haul_of(fetched: feed_client.Fetched) -> ingest.Haul:
    """Return what a fetch brought, parsed; a document that is no feed is a failure of the source."""
    if fetched.outcome is not feed_client.FetchOutcome.OK:
        return ingest.Haul(
            fetched.outcome.value, detail=fetched.detail, status=fetched.status, moved_to=fetched.permanent_url or ""
        )
    parsed = feed_client.parse_killable(fetched.body, fetched.content_type, base_url=fetched.final_url)
    return ingest.Haul(
        "no_feed" if parsed.problem else "ok",
        tuple(incoming(entry) for entry in parsed.entries),
        tuple((broken.reason, broken.excerpt) for broken in parsed.broken),
        parsed.problem or "",
        fetched.status,
        fetched.body,
        fetched.content_type,
        fetched.etag,
        fetched.last_modified,
        fetched.permanent_url or "",
    )


def ingest_file(source_id: int, path: Path, *, now: datetime) -> tuple[ingest.Counts, str]:
    """Read a feed document from a file into a source; return the counts and what was wrong, if anything."""
    body = path.read_bytes()[:LARGEST_FILE]
    haul = haul_of(feed_client.Fetched(feed_client.FetchOutcome.OK, status=None, body=body))
    return ingest.store(source_id, haul, token=None, now=now), haul.detail


def analyse(*, now: datetime) -> int:
    """Score and record one batch of waiting items; return how many."""
    batch = analysis.claim(BATCH, now=now)
    if not batch.items:
        return analysis.give_up(now=now)
    scored = snownlp_model.score_many([item.text for item in batch.items])
    tones = {
        item.item_id: analysis.Tone(result.score, result.known_words, result.model_version)
        for item, result in zip(batch.items, scored, strict=True)
    }
    return analysis.record(batch.token, tones, now=now)


def open_cases(*, now: datetime) -> int:
    """Open the cases that are due; return how many."""
    return triage.open_due(now=now)


def escalate(*, now: datetime) -> int:
    """Fire the rungs that are reached; return how many."""
    return escalation.raise_due(now=now)


def move_clocks(*, now: datetime) -> int:
    """Carry an applied calendar or profile of limits to the next open cases; return how many."""
    return limit_changes.carry_on(now=now)


def deliver(*, now: datetime) -> int:
    """Send one batch of mail, over SMTP or into the spool; return how many were tried."""
    claimed = outbox.claim(MAIL_BATCH, now=now)
    for mail in claimed:
        delivery = _send(mail, now)
        outbox.done(mail.mail_id, mail.token, delivery.outcome.value, delivery.reply, now=now)
    return len(claimed)


def _send(mail: outbox.ClaimedMail, now: datetime) -> mailer.Delivery:
    settings = _settings()
    outgoing = mailer.OutgoingMail(mail.message_id, settings.mail_from, mail.recipient, mail.subject, mail.body, now)
    if not settings.smtp_url:
        return spool.write(outgoing, settings.spool_dir)
    smtp = mailer.SmtpSettings.from_url(settings.smtp_url)
    return mailer.send(outgoing, smtp, on_data=lambda: outbox.handing_over(mail.mail_id, mail.token))


def cool(*, now: datetime) -> int:
    """Let the heat of quiet events fall; return how many were looked at."""
    return analysis.cool(now=now)


def drain(now: Callable[[], datetime], *, most_rounds: int = 1000) -> dict[str, int]:
    """Do everything that is due, in this process; return how much of each was done."""
    totals = {"fetched": 0, "analysed": 0, "opened": 0, "escalated": 0, "mailed": 0}
    for source_id in ingest.due_sources(100, now=now()):
        fetch_source(source_id, now=now())
        totals["fetched"] += 1
    for _ in range(most_rounds):
        if not move_clocks(now=now()):
            break
    steps = (("analysed", analyse), ("opened", open_cases), ("escalated", escalate), ("mailed", deliver))
    for name, step in steps:
        for _ in range(most_rounds):
            count = step(now=now())
            totals[name] += count
            if not count:
                break
    return totals


def incoming(entry: feed_client.ParsedEntry) -> ingest.Incoming:
    """Return an entry of a feed as the desk takes it in."""
    return ingest.Incoming(
        entry.identity, entry.title, entry.summary, entry.url, entry.published_at, entry.rank, entry.heat_value
    )
