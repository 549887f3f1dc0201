"""Setting up, looking after and checking the desk."""

import sys
from datetime import date

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from opinion_service import clock, demo, pipeline
from opinion_service.adapters.mailer import SmtpSettings
from opinion_service.cli.output import json_option, show
from opinion_service.domain.errors import DomainError
from opinion_service.domain.people import SYSTEM, Role
from opinion_service.models import Base, CalendarDay, db
from opinion_service.queries import operations
from opinion_service.services import accounts, journal, maintenance
from opinion_service.services.transaction import transaction

demo_group = AppGroup("demo", help="The demo city.")
pipeline_group = AppGroup("pipeline", help="Do what is due.")
calendar_group = AppGroup("calendar", help="The working calendar.")
audit_group = AppGroup("audit", help="The journal.")
users_group = AppGroup("users", help="People at the desk.")
_WORDS = {
    "users": "{} active: make one with flask users add",
    "sweeper": "last round {}: start python -m workers.sweeper",
    "auditor": "last pass {}: start python -m workers.auditor",
    "calendar": "{}: run flask setup, or hand in the notice of the year",
    "sources": "{} not heard: see the sources page",
    "mail": "{} stuck, failed, held or sent back: see the mail page",
}


@click.command("setup")
@with_appcontext
def setup() -> None:
    """Load departments, rules, calendar and time limits; what is there stays."""
    maintenance.load_reference(now=clock.now())
    click.echo("Reference data is loaded.")


@demo_group.command("load")
def demo_load() -> None:
    """Load the demo city into an empty desk and print the sign-ins."""
    if current_app.config["DESK"].is_production:
        raise click.ClickException("The demo is not loaded in production.")
    logins = demo.load(now=clock.now())
    click.echo(f"  Demo sign-ins (password for all: {demo.PASSWORD})")
    for role, login in logins:
        click.echo(f"    {login:<12} {role}")


@demo_group.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
def demo_reset(yes: bool) -> None:
    """Throw everything away and load the demo city again."""
    if current_app.config["DESK"].is_production:
        raise click.ClickException("The demo is not loaded in production.")
    if not yes:
        click.confirm("This deletes every row of this desk. Go on?", abort=True)
    from flask_migrate import downgrade, upgrade

    downgrade(revision="base")
    upgrade()
    maintenance.load_reference(now=clock.now())
    demo.load(now=clock.now())
    click.echo("The demo city is back.")


@pipeline_group.command("drain")
@json_option
def drain(as_json: bool) -> None:
    """Do everything that is due now, without Redis, but for second looks at evidence and trainings."""
    show([pipeline.drain(clock.now)], as_json)


@calendar_group.command("check")
@click.option("--year", type=int)
@json_option
def calendar_check(year: int | None, as_json: bool) -> None:
    """Show the published days by year; exit 1 when the asked year is missing."""
    with transaction() as session:
        days = session.execute(select(CalendarDay.day, CalendarDay.kind, CalendarDay.notice)).all()
    years = sorted({row.day.year for row in days})
    wanted = [year] if year else years
    rows = [
        {
            "year": one,
            "holidays": sum(row.kind == "holiday" for row in days if row.day.year == one),
            "workdays": sum(row.kind == "workday" for row in days if row.day.year == one),
            "notice": "; ".join(sorted({row.notice for row in days if row.day == date(one, 10, 1)})),
            "published": one in years,
        }
        for one in wanted
    ]
    show(rows, as_json)
    if year and year not in years:
        sys.exit(1)


@audit_group.command("verify")
@json_option
def audit_verify(as_json: bool) -> None:
    """Walk the hash chain; exit 1 and name the first broken row when it does not hold."""
    with transaction() as session:
        found = journal.verify(session, current_app.config["JOURNAL_KEY"])
    show([{"rows": found.row_count, "broken": found.broken_id, "problem": found.problem, "head": found.head}], as_json)
    if found.broken_id is not None:
        sys.exit(1)


@users_group.command("add")
@click.argument("login")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--email", default="")
@click.option("--department", default="", help="Code of the department, for handlers and approvers.")
@click.password_option()
def users_add(login: str, name: str, role: str, email: str, department: str, password: str) -> None:
    """Make a user; the way to the first administrator of a new desk."""
    new = accounts.NewUser(
        login, name, Role(role), password, email, maintenance.department_ids().get(department) if department else None
    )
    try:
        accounts.create_user(new, actor=SYSTEM, now=clock.now())
    except DomainError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"User {login} is made.")


@click.command("doctor")
@json_option
@with_appcontext
def doctor(as_json: bool) -> None:
    """Say what is wrong with this desk and what to do; exit 1 when something is."""
    rows = _findings()
    show(rows, as_json)
    if any(row["state"] == "wrong" for row in rows):
        sys.exit(1)


def _findings() -> list[dict[str, str]]:
    settings = current_app.config["DESK"]
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return [_finding("database", False, f"cannot be reached ({type(error).__name__}): check DATABASE_URL")]
    missing = _missing_tables()
    if missing:
        return [_finding("migrations", False, f"{len(missing)} tables are missing: run flask db upgrade")]
    with transaction() as session:
        found = operations.checks(session, now=clock.now())
    return [
        _finding("database", True, db.engine.dialect.name),
        *(_finding(one.code, one.is_fine, _WORDS[one.code].format(one.figure or "never")) for one in found),
        _finding("queue", True, "set" if settings.redis_url else "none; the sweeper works inline"),
        _smtp(settings.smtp_url),
    ]


def _smtp(url: str) -> dict[str, str]:
    """Return whether SMTP_URL can be used; a wrong one would fail every mail, each with its own attempts."""
    if not url:
        return _finding("smtp", True, "none; mail is laid down in the spool")
    try:
        found = SmtpSettings.from_url(url)
    except ValueError as error:
        return _finding("smtp", False, str(error))
    return _finding("smtp", True, f"{found.host}:{found.port}, encryption {found.security}")


def _missing_tables() -> set[str]:
    from sqlalchemy import inspect

    return set(Base.metadata.tables) - set(inspect(db.engine).get_table_names())


def _finding(what: str, is_fine: bool, words: str) -> dict[str, str]:
    return {"check": what, "state": "fine" if is_fine else "wrong", "what": words}


COMMANDS = (setup, doctor, demo_group, pipeline_group, audit_group, users_group)
