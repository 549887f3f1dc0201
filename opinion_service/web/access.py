"""Who may ask for what: every endpoint stands in this table, and what does not stand here is refused."""

from flask import Flask

from opinion_service.domain.people import Role

PUBLIC = None
EVERYBODY = frozenset(Role)
CASES = EVERYBODY - {Role.ADMIN}
WORKERS = CASES - {Role.AUDITOR}
LIAISON = frozenset({Role.LIAISON})
UNIT = frozenset({Role.HANDLER, Role.APPROVER})
ADMIN = frozenset({Role.ADMIN})
RULERS = frozenset({Role.ADMIN, Role.SUPERVISOR})

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
    "desk.search": CASES,
    "desk.triage": frozenset({Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR}),
    "desk.open_event": LIAISON,
    "desk.dismiss_event": LIAISON,
    "desk.snooze_event": LIAISON,
    "cases.listed": CASES,
    "cases.shown": CASES,
    "cases.act": WORKERS,
    "cases.assess": frozenset({Role.HANDLER}),
    "cases.concerns": frozenset({Role.LIAISON, Role.HANDLER}),
    "cases.draft": frozenset({Role.HANDLER}),
    "cases.submit": frozenset({Role.HANDLER}),
    "cases.decide": frozenset({Role.APPROVER, Role.LIAISON}),
    "cases.publish": LIAISON,
    "cases.promise": frozenset({Role.LIAISON, Role.HANDLER}),
    "clocks.listed": CASES,
    "clocks.shown": CASES,
    "clocks.effect": frozenset({Role.LIAISON, Role.SUPERVISOR}),
    "clocks.pause": frozenset({Role.LIAISON, Role.SUPERVISOR}),
    "clocks.resume": frozenset({Role.LIAISON, Role.SUPERVISOR}),
    "clocks.ask": UNIT,
    "clocks.decide": frozenset({Role.LIAISON, Role.SUPERVISOR}),
    "limits.calendar": EVERYBODY,
    "limits.profile": EVERYBODY,
    "limits.propose_calendar": RULERS,
    "limits.edit_profile": RULERS,
    "limits.propose_profile": RULERS,
    "limits.changes": EVERYBODY,
    "limits.change": EVERYBODY,
    "limits.apply": RULERS,
    "limits.discard": RULERS,
    "office.sources": frozenset({Role.ADMIN, Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR}),
    "office.add_source": ADMIN,
    "office.switch_source": ADMIN,
    "office.outbox": frozenset({Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR}),
    "office.retry_mail": frozenset({Role.ADMIN, Role.SUPERVISOR}),
    "office.users": ADMIN,
    "office.add_user": ADMIN,
    "office.switch_user": ADMIN,
    "office.journal": frozenset({Role.AUDITOR}),
}


def check_complete(app: Flask) -> None:
    """Raise RuntimeError, so that the desk does not start, when an endpoint is missing from the table."""
    missing = {rule.endpoint for rule in app.url_map.iter_rules()} - set(ACCESS)
    if missing:
        raise RuntimeError(f"endpoints without an access rule: {', '.join(sorted(missing))}")
