"""Who may ask for what: every endpoint stands in this table, and what does not stand here is refused."""

from flask import Flask

from opinion_service.domain.people import Role

PUBLIC = None
EVERYBODY = frozenset(Role)
CASES = EVERYBODY - {Role.ADMIN}
WORKERS = CASES - {Role.AUDITOR}
LIAISON = frozenset({Role.LIAISON})
OVERVIEW = frozenset({Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR})
UNIT = frozenset({Role.HANDLER, Role.APPROVER})
ADMIN = frozenset({Role.ADMIN})
RULE_EDITORS = frozenset({Role.LIAISON, Role.SUPERVISOR, Role.ADMIN})
RULES = RULE_EDITORS | {Role.AUDITOR}
DESK = frozenset({Role.ADMIN, Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR})
INTAKE = frozenset({Role.ADMIN, Role.LIAISON})

ACCESS: dict[str, frozenset[Role] | None] = {
    "static": PUBLIC,
    "bootstrap.static": PUBLIC,
    "public.home": PUBLIC,
    "public.responses": PUBLIC,
    "public.response": PUBLIC,
    "public.feed": PUBLIC,
    "account.sign_in": PUBLIC,
    "account.language": PUBLIC,
    "health.alive": PUBLIC,
    "health.ready": PUBLIC,
    "account.sign_out": EVERYBODY,
    "account.password": EVERYBODY,
    "desk.home": EVERYBODY,
    "search.found": CASES,
    "desk.triage": OVERVIEW,
    "desk.open_event": LIAISON,
    "desk.dismiss_event": LIAISON,
    "desk.snooze_event": LIAISON,
    "hotlists.shown": frozenset({Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR}),
    "hotlists.entry": CASES,
    "imports.listed": DESK,
    "imports.shown": DESK,
    "imports.problems": DESK,
    "imports.upload": INTAKE,
    "imports.act": INTAKE,
    "entries.typed": INTAKE,
    "entries.save": INTAKE,
    "events.listed": OVERVIEW,
    "events.shown": OVERVIEW,
    "events.merge": LIAISON,
    "events.move": LIAISON,
    "events.undo": LIAISON,
    "events.restore": LIAISON,
    "opening.shown": OVERVIEW,
    "opening.change": frozenset({Role.LIAISON, Role.SUPERVISOR}),
    "opening.restore": frozenset({Role.LIAISON, Role.SUPERVISOR}),
    "cases.listed": CASES,
    "cases.shown": CASES,
    "cases.act": WORKERS,
    "cases.assess": frozenset({Role.HANDLER}),
    "cases.concerns": frozenset({Role.LIAISON, Role.HANDLER}),
    "cases.draft": frozenset({Role.HANDLER}),
    "cases.submit": frozenset({Role.HANDLER}),
    "cases.decide": frozenset({Role.HANDLER, Role.APPROVER, Role.LIAISON}),
    "cases.publish": LIAISON,
    "cases.promise": frozenset({Role.LIAISON, Role.HANDLER}),
    "answers.review": CASES,
    "answers.drafts": CASES,
    "answers.published": CASES,
    "answers.keep_scratch": WORKERS,
    "answers.drop_scratch": WORKERS,
    "answers.withdraw": LIAISON,
    "answers.correct": LIAISON,
    "answers.decide_correction": frozenset({Role.LIAISON, Role.APPROVER, Role.SUPERVISOR}),
    "answers.add_channel": LIAISON,
    "answers.routes": frozenset({Role.ADMIN, Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR}),
    "answers.save_routes": ADMIN,
    "clocks.listed": CASES,
    "clocks.shown": CASES,
    "clocks.effect": frozenset({Role.LIAISON, Role.SUPERVISOR}),
    "clocks.pause": frozenset({Role.LIAISON, Role.SUPERVISOR}),
    "clocks.resume": frozenset({Role.LIAISON, Role.SUPERVISOR}),
    "clocks.ask": UNIT,
    "clocks.decide": frozenset({Role.LIAISON, Role.SUPERVISOR}),
    "office.sources": frozenset({Role.ADMIN, Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR}),
    "office.add_source": ADMIN,
    "office.switch_source": ADMIN,
    "mailroom.listed": frozenset({Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR}),
    "mailroom.retry": frozenset({Role.ADMIN, Role.SUPERVISOR}),
    "mailroom.retry_lost": frozenset({Role.ADMIN, Role.SUPERVISOR}),
    "ladder.shown": CASES,
    "ladder.acknowledge": WORKERS,
    "ladder.rules": EVERYBODY,
    "ladder.silences": frozenset({Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR}),
    "ladder.add_silence": frozenset({Role.SUPERVISOR}),
    "ladder.end_silence": frozenset({Role.SUPERVISOR}),
    "papers.listed": CASES,
    "papers.shown": CASES,
    "papers.downloaded": CASES,
    "papers.candidates": frozenset({Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR}),
    "papers.issue": frozenset({Role.SUPERVISOR}),
    "office.users": ADMIN,
    "office.add_user": ADMIN,
    "office.switch_user": ADMIN,
    "office.journal": frozenset({Role.AUDITOR}),
    "rules.shown": RULES,
    "rules.start": RULE_EDITORS,
    "rules.adopt": RULE_EDITORS,
    "rules.form": RULE_EDITORS,
    "rules.put": RULE_EDITORS,
    "rules.step": RULE_EDITORS,
    "rules.act": RULE_EDITORS,
    "rules.diff": RULES,
    "rules.history": RULES,
    "rules.version": RULES,
    "rules.revert": RULE_EDITORS,
    "rules.hits": RULES - {Role.ADMIN},
    "duties.listed": RULES,
    "duties.shown": RULES,
    "duties.put_duty": RULE_EDITORS,
    "duties.drop_duty": RULE_EDITORS,
    "duties.put_words": RULE_EDITORS,
    "duties.drop_words": RULE_EDITORS,
    "trial.shown": RULES,
    "simulations.listed": RULES,
    "simulations.start": RULE_EDITORS,
    "simulations.shown": RULES,
    "simulations.cases": RULES - {Role.ADMIN},
    "rulings.listed": CASES,
    "rulings.make_rule": RULE_EDITORS - {Role.ADMIN},
    "duty.shown": EVERYBODY,
    "duty.add_shift": EVERYBODY - {Role.AUDITOR, Role.HANDLER},
    "duty.end_shift": EVERYBODY - {Role.AUDITOR, Role.HANDLER},
    "duty.add_absence": EVERYBODY - {Role.AUDITOR},
    "duty.end_absence": EVERYBODY - {Role.AUDITOR},
}


def check_complete(app: Flask) -> None:
    """Raise RuntimeError, so that the desk does not start, when an endpoint is missing from the table."""
    missing = {rule.endpoint for rule in app.url_map.iter_rules()} - set(ACCESS)
    if missing:
        raise RuntimeError(f"endpoints without an access rule: {', '.join(sorted(missing))}")
