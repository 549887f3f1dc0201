"""How Alembic meets the application: its engine, its tables, batch mode for SQLite."""

from alembic import context
from sqlalchemy import text

from opinion_service.models import Base, db
from opinion_service.models.base import UTCDateTime


def render_item(kind, value, _autogen_context):
    """Write instants as plain column types, so that old migrations never import the application."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(value, UTCDateTime) else False


def compare_type(_context, _inspected, _metadata, _inspected_type, metadata_type):
    """Treat an instant as the timestamp it is stored as."""
    return False if isinstance(metadata_type, UTCDateTime) else None


def include_object(_object, name, _type, is_reflected, compare_to):
    """Leave out the full-text index: each database has its own kind, which no model can describe."""
    return not (is_reflected and compare_to is None and str(name).startswith("search_index"))


def run() -> None:
    """Bring the database to the wanted revision, each migration in one transaction."""
    engine = db.engine.execution_options(write=True)
    with engine.connect() as connection:
        is_sqlite = engine.dialect.name == "sqlite"
        if is_sqlite:
            # A rebuilt table must not cascade its deletion into the tables that point at it.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=is_sqlite,
            render_item=render_item,
            compare_type=compare_type,
            include_object=include_object,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            if not is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(7201915)"))
            context.run_migrations()
        if is_sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = ON")


if context.is_offline_mode():
    raise SystemExit("Migrations need a database; offline mode is not supported.")
run()
