"""Puts adapters and services together: fetch, analyse, open, escalate, deliver. Nothing here holds a
transaction while it talks to the network; every function may run twice.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from flask import current_app

from opinion_service import intake, reading_line, routing_line
from opinion_service.adapters import bounces, group_robot, mailer, spool, watchdog
from opinion_service.config import Settings
from opinion_service.domain.errors import DomainError
from opinion_service.listening import fetch_due, fetch_source, haul_of, incoming, ingest_file
from opinion_service.rechecking import recheck
from opinion_service.services import maintenance
from opinion_service.services.casework import aftercare, triage, weighing
from opinion_service.services.clocks import limit_changes
from opinion_service.services.policies import watching
from opinion_service.services.reading import analysis, reading_queue, rereading
from opinion_service.services.reminders import escalation, groups, ladder_audit, outbox, reminders
from opinion_service.services.routing import simulation

__all__ = [
    "analyse",
    "audit",
    "cool",
    "deliver",
    "drain",
    "escalate",
    "fetch_due",
    "fetch_source",
    "haul_of",
    "incoming",
    "ingest_file",
    "look_after",
    "move_clocks",
    "open_cases",
    "recheck",
    "reread",
    "watch_policies",
]

BATCH = 200
MAIL_BATCH = 20
MOST_REPAIRS = 50


def _settings() -> Settings:
    settings: Settings = current_app.config["DESK"]
    return settings


def analyse(*, now: datetime) -> int:
    """Score and record one batch of waiting items; return how many."""
    batch = reading_queue.claim(BATCH, now=now)
    if not batch.items:
        return analysis.give_up(now=now)
    return analysis.record(batch.token, reading_line.read(batch.items), now=now, rerank=routing_line.reranker())


def reread(*, now: datetime) -> int:
    """Read one batch of stored items again, where somebody asked for it; return how many."""
    batch = rereading.claim(now=now)
    return rereading.record(batch, reading_line.read(batch.items), now=now) if batch else 0


def open_cases(*, now: datetime) -> int:
    """Open the cases that are due; return how many."""
    return triage.open_due(now=now, rerank=routing_line.reranker())


def escalate(*, now: datetime) -> int:
    """Fire the rungs that are reached, and once all have fired write their letters; return how many were taken up."""
    return escalation.raise_due(now=now) or reminders.write_due(now=now)


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
    if mail.group_id is not None:
        return _tell_group(mail, mail.group_id, now)
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


def _tell_group(mail: outbox.ClaimedMail, group_id: int, now: datetime) -> mailer.Delivery:
    where = groups.destination(group_id)
    if where is None:
        return mailer.Delivery(mailer.Outcome.FAILED, "工作群已停用，或其地址无法解密。")
    robot = group_robot.Robot(where.kind, where.url, where.secret, _settings().private_robot_hosts)
    message = group_robot.Message(mail.message_id, mail.subject, mail.body, now)
    return group_robot.send(message, robot, on_data=lambda: outbox.handing_over(mail.mail_id, mail.token))


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


def look_after(*, now: datetime) -> int:
    """Weigh open cases, watch what follows the answers, remind of promises; return how many were taken up."""
    return weighing.weigh_due(now=now) + aftercare.watch_due(now=now) + aftercare.remind_of_promises(now=now)


def watch_policies(*, now: datetime) -> int:
    """Link what came in to the policies under watch and remind of looks back; return how many of both."""
    return watching.look(now=now) + watching.remind(now=now)


def simulate(*, now: datetime) -> int:
    """Work out one batch of a rule simulation; return how many cases."""
    batch = simulation.claim(now=now)
    if batch is None:
        return 0
    try:
        outcomes = simulation.work_out(batch, routing_line.reranker())
    except DomainError as problem:
        simulation.fail(batch, problem, now=now)
        return 0
    return simulation.record(batch, outcomes, now=now)


def drain(now: Callable[[], datetime], *, most_rounds: int = 1000) -> dict[str, int]:
    """Do everything that is due, in this process; return how much of each was done.

    Second looks at evidence ask the pages of others and are left to their own job (`recheck`), trainings to a worker.
    """
    totals = {
        "fetched": 0,
        "imported": intake.import_waiting(now=now),
        "analysed": 0,
        "opened": 0,
        "escalated": 0,
        "mailed": 0,
        "simulated": 0,
        "reread": 0,
        "watched": 0,
        "looked_after": 0,
    }
    totals["fetched"] = len(fetch_due(100, now=now))
    for _ in range(most_rounds):
        if not move_clocks(now=now()):
            break
    steps = (
        ("analysed", analyse),
        ("opened", open_cases),
        ("watched", watch_policies),
        ("looked_after", look_after),
        ("escalated", escalate),
        ("mailed", deliver),
        ("simulated", simulate),
        ("reread", reread),
    )
    for name, step in steps:
        for _ in range(most_rounds):
            count = step(now=now())
            totals[name] += count
            if not count:
                break
    return totals
