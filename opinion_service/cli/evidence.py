"""The proof of the evidence."""

import sys

from flask import current_app
from flask.cli import AppGroup

from opinion_service import clock, pipeline
from opinion_service.cli.output import json_option, show
from opinion_service.services import journal
from opinion_service.services.casework import evidence
from opinion_service.services.transaction import transaction

evidence_group = AppGroup("evidence", help="What was frozen for the cases.")


@evidence_group.command("verify")
@json_option
def evidence_verify(as_json: bool) -> None:
    """Prove journal and evidence; exit 1 and name the first row that does not hold."""
    with transaction() as session:
        chain = journal.verify(session, current_app.config["JOURNAL_KEY"])
        proof = evidence.verify(session)
    problem = proof.problem or (f"journal: {chain.problem}" if chain.problem else "")
    broken = proof.broken_id if proof.problem else chain.broken_id
    show([{"evidence": proof.count, "checks": proof.check_count, "broken": broken, "problem": problem}], as_json)
    if problem:
        sys.exit(1)


@evidence_group.command("recheck")
@json_option
def evidence_recheck(as_json: bool) -> None:
    """Look again at what is due; hosts that are owed a pause are left to the next call."""
    looks = 0
    while written := pipeline.recheck(now=clock.now()):
        looks += written
    show([{"written": looks}], as_json)


COMMANDS = (evidence_group,)
