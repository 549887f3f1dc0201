"""A consistent copy of the database while the desk runs, and the way back: all of it or nothing.

SQLite is copied by its own backup interface, PostgreSQL by pg_dump and pg_restore, which must be on the PATH.
"""

import os
import subprocess
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

_PG_NAMES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}


class CopyFailed(Exception):
    """The copy could not be made or put back; the words say why, and nothing was changed."""


def engine_of(url: str) -> str:
    """Return which kind of database an SQLAlchemy address means: "sqlite" or "postgresql"."""
    return make_url(url).get_backend_name()


def take(url: str, target: Path) -> dict[str, int]:
    """Write one consistent state of the database to `target` and return the rows of each table in it."""
    return _take_sqlite(url, target) if engine_of(url) == "sqlite" else _take_postgres(url, target)


def put_back(url: str, source: Path) -> None:
    """Replace the database by a copy that `take` wrote on the same engine, or raise CopyFailed and change nothing."""
    if engine_of(url) == "sqlite":
        _put_back_sqlite(url, source)
    else:
        _put_back_postgres(url, source)


def count_rows(url: str) -> dict[str, int]:
    """Return the rows of each table as the database stands."""
    if engine_of(url) == "sqlite":
        with closing(_open_sqlite(_file_of(url))) as connection:
            return _count(connection, _sqlite_tables(connection))
    with closing(_open_postgres(url)) as connection:
        return _count(connection, _postgres_tables(connection))


def _take_sqlite(url: str, target: Path) -> dict[str, int]:
    with closing(_open_sqlite(_file_of(url))) as source, closing(_open_sqlite(target)) as copy:
        source.backup(copy)
        _check_sqlite(copy)
        return _count(copy, _sqlite_tables(copy))


def _put_back_sqlite(url: str, source: Path) -> None:
    from pysqlite3 import dbapi2

    try:
        with closing(_open_sqlite(source)) as copy, closing(_open_sqlite(_file_of(url))) as target:
            _check_sqlite(copy)
            copy.backup(target)
    except dbapi2.Error as problem:
        raise CopyFailed(f"SQLite: {problem}") from problem


def _open_sqlite(path: Path) -> Any:
    from pysqlite3 import dbapi2

    return dbapi2.connect(str(path), timeout=15)


def _check_sqlite(connection: Any) -> None:
    found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise CopyFailed(f"SQLite says: {found}")


def _file_of(url: str) -> Path:
    return Path(str(make_url(url).database))


def _sqlite_tables(connection: Any) -> list[str]:
    listed = (
        "SELECT name FROM sqlite_schema WHERE type = 'table' "
        "AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    )
    return [row[0] for row in connection.execute(listed)]


def _take_postgres(url: str, target: Path) -> dict[str, int]:
    with closing(_open_postgres(url)) as connection:
        # The dump and the counts see the same moment: pg_dump takes over this transaction's snapshot.
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()[0]
        _run("pg_dump", ["--format=custom", f"--snapshot={snapshot}", f"--file={target}"], url)
        return _count(connection, _postgres_tables(connection))


def _put_back_postgres(url: str, source: Path) -> None:
    with closing(_open_postgres(url)) as connection:
        # What is there steps aside and comes back when anything goes wrong.
        connection.execute("ALTER SCHEMA public RENAME TO before_restore")
        connection.execute("CREATE SCHEMA public")
        try:
            _run("pg_restore", ["--no-owner", "--no-acl", "--single-transaction", "--dbname=", str(source)], url)
        except BaseException:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("ALTER SCHEMA before_restore RENAME TO public")
            raise
        connection.execute("DROP SCHEMA before_restore CASCADE")


def _open_postgres(url: str) -> Any:
    import psycopg

    return psycopg.connect(_conninfo(url), autocommit=True)


def _conninfo(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _postgres_tables(connection: Any) -> list[str]:
    return [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


def _count(connection: Any, tables: Iterable[str]) -> dict[str, int]:
    # The names come from the database's own catalogue.
    counted = ((name, connection.execute(f'SELECT count(*) FROM "{name}"')) for name in sorted(tables))  # noqa: S608
    return {name: cursor.fetchone()[0] for name, cursor in counted}


def _run(program: str, arguments: list[str], url: str) -> None:
    """Run one of PostgreSQL's own programs; the address travels in the environment, where `ps` does not show it."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(_conninfo(url))
    environ = {**os.environ, **{name: str(parts[key]) for key, name in _PG_NAMES.items() if parts.get(key)}}
    arguments = [f"--dbname={environ['PGDATABASE']}" if one == "--dbname=" else one for one in arguments]
    try:
        done = subprocess.run([program, *arguments], env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError as problem:
        raise CopyFailed(f"{program} is not on the PATH: install the PostgreSQL client programs.") from problem
    if done.returncode:
        raise CopyFailed(f"{program}: {done.stderr.strip()[-400:]}")
