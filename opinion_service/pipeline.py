"""Puts adapters and services together: fetch, analyse, open, escalate, deliver. Nothing here holds a
transaction while it talks to the network; every function may run twice.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from flask import current_app

from opinion_service.adapters import bounces, feed_client, mailer, snownlp_model, spool, watchdog
from opinion_service.config import Settings
from opinion_service.services import (
    analysis,
    escalation,
    ingest,
    ladder_audit,
    maintenance,
    outbox,
    reminders,
    triage,
)

BATCH = 200
MAIL_BATCH = 20
LARGEST_FILE = 4_000_000
MOST_REPAIRS = 50


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
    waiting = analysis.waiting(BATCH)
    if not waiting:
        return 0
    scored = snownlp_model.score_many([item.text for item in waiting])
    tones = {
        item.item_id: analysis.Tone(result.score, result.known_words, result.model_version)
        for item, result in zip(waiting, scored, strict=True)
    }
    return analysis.record(tones, now=now)


def open_cases(*, now: datetime) -> int:
    """Open the cases that are due; return how many."""
    return triage.open_due(now=now)


def escalate(*, now: datetime) -> int:
    """Fire the rungs that are reached, and once all have fired write their letters; return how many were taken up."""
    return escalation.raise_due(now=now) or reminders.write_due(now=now)


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
    try:
        smtp = mailer.SmtpSettings.from_url(settings.smtp_url)
    except ValueError as error:
        # A wrong setting is mended by the operator; the mails wait for that.
        return mailer.Delivery(mailer.Outcome.RETRY, str(error))
    timed = replace(smtp, timeout_s=settings.smtp_timeout_s, last_reply_timeout_s=settings.smtp_last_reply_s)
    return mailer.send(outgoing, timed, on_data=lambda: outbox.handing_over(mail.mail_id, mail.token))


def take_bounces(folder: Path, *, now: datetime) -> dict[str, int]:
    """Write down the mails that the reports in a maildir say were sent back; return how many of each were found.

    A report is set aside after what it says is written, so that one read twice changes nothing.
    """
    counts = {"reports": 0, "bounced": 0, "others": 0}
    for report in bounces.waiting(folder):
        counts["reports"] += 1
        written = [outbox.bounced(one.message_id, one.words, now=now) for one in report.bounces]
        counts["bounced" if any(written) else "others"] += 1
        bounces.set_aside(report)
    return counts


def audit(*, now: datetime) -> ladder_audit.Findings:
    """Compare what the ladders should have done with what they did, repair it, and say so to the monitor outside.

    Return what is still not as it should be after the repair. The monitor hears of clean passes only.
    """
    folder = _settings().bounce_dir
    if folder is not None:
        take_bounces(folder, now=now)
    before = ladder_audit.examine(now=now)
    repaired, after = 0, before
    if not before.is_clean:
        repaired = ladder_audit.repair(now=now)
        for step in (escalate, deliver):
            for _ in range(MOST_REPAIRS):
                count = step(now=now)
                repaired += count
                if not count:
                    break
        after = ladder_audit.examine(now=now)
    ladder_audit.keep(before, after, repaired, now=now)
    url = _settings().audit_ping_url
    pinged = f"; ping {watchdog.ping(url)}" if url and after.is_clean else ""
    maintenance.beat("auditor", "auditor", f"{after.words}{pinged}", now=now)
    return after


def cool(*, now: datetime) -> int:
    """Let the heat of quiet events fall; return how many were looked at."""
    return analysis.cool(now=now)


def drain(now: Callable[[], datetime], *, most_rounds: int = 1000) -> dict[str, int]:
    """Do everything that is due, in this process; return how much of each was done."""
    totals = {"fetched": 0, "analysed": 0, "opened": 0, "escalated": 0, "mailed": 0}
    for source_id in ingest.due_sources(100, now=now()):
        fetch_source(source_id, now=now())
        totals["fetched"] += 1
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
