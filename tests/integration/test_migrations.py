"""The migrations run up, down and up again on both databases, with rows in the tables."""

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect, select, text

from opinion_service.models import AuditEvent, Base, db
from opinion_service.services import journal, maintenance
from opinion_service.services.transaction import transaction
from tests.story import NOW, Story, people_into_database


def test_upgrade_lays_every_table_and_leaves_nothing_to_do(empty_app: Flask) -> None:
    with empty_app.app_context():
        flask_migrate.upgrade()
        assert set(Base.metadata.tables) <= set(inspect(db.engine).get_table_names())
        flask_migrate.check()


def test_up_down_up_with_rows(empty_app: Flask) -> None:
    with empty_app.app_context():
        flask_migrate.upgrade()
        maintenance.load_reference(now=NOW)
        people_into_database()
        Story().reach("closed")
        flask_migrate.downgrade(revision="0001_lay_the_tables")
        flask_migrate.upgrade()
        with transaction() as session:
            assert journal.verify(session, empty_app.config["JOURNAL_KEY"]).broken_id is None
            assert session.scalars(select(AuditEvent.id)).first() == 1
        flask_migrate.downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        flask_migrate.upgrade()
        flask_migrate.check()


@pytest.mark.parametrize("count", [1, 2])
def test_upgrading_again_changes_nothing(empty_app: Flask, count: int) -> None:
    with empty_app.app_context():
        for _ in range(count):
            flask_migrate.upgrade()
        with db.engine.connect() as connection:
            heads = ScriptDirectory("migrations").get_heads()
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == heads
