"""One file that holds a desk: its database and its spool, and what is needed to put them back safely."""

import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from flask_migrate import Migrate, upgrade
from sqlalchemy import inspect, text

from opinion_service.adapters import database_copy
from opinion_service.adapters.database_copy import CopyFailed
from opinion_service.models import db
from opinion_service.services import maintenance

MANIFEST, DATABASE, SPOOL = "manifest.json", "database", "spool/"
STILL_RUNNING = timedelta(minutes=1)
_FORMAT = 1


class RestoreRefused(Exception):
    """Nothing was changed; the words say why."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a backup holds: its moment (UTC), the schema, and rows by table."""

    made_at: str
    schema: str
    rows: dict[str, int]
    spooled: int


def write(path: Path, *, now: datetime) -> Report:
    """Write the desk to `path` while it runs and return what is in it; raise CopyFailed and leave no file behind.

    The secret key is not in it: keep that apart (docs/operations.md). The file appears whole or not at all.
    """
    url = _url()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".desk-") as folder:
        copy, packed = Path(folder) / DATABASE, Path(folder) / "packed"
        rows = database_copy.take(url, copy)
        letters = sorted(current_app.config["DESK"].spool_dir.glob("*.eml"))
        report = Report(now.isoformat(), _schema(), rows, len(letters))
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(MANIFEST, json.dumps(_manifest(report, url, copy), indent=1))
            file.write(copy, DATABASE)
            for letter in letters:
                file.write(letter, SPOOL + letter.name)
        packed.chmod(0o600)
        _settle(packed)
        packed.replace(path)
    return report


def restore(path: Path, *, now: datetime) -> Report:
    """Replace this desk by the one in `path` and return what it held.

    Raise RestoreRefused for a file that is damaged, of another kind of database, of a newer schema or under another
    secret key, and while a process of the desk works; CopyFailed when the database refuses. Mails that waited are held:
    they may have left after the backup was made. Everybody is signed out.
    """
    with tempfile.TemporaryDirectory(prefix="desk-") as folder:
        manifest = _unpack(path, Path(folder))
        _check(manifest, now)
        db.session.remove()
        db.engine.dispose()
        database_copy.put_back(_url(), Path(folder) / DATABASE)
        _put_spool_back(Path(folder) / SPOOL)
    db.engine.dispose()
    found = database_copy.count_rows(_url())
    if found != manifest["rows"]:
        raise CopyFailed("What was put back does not hold the rows of the backup; restore again or use an older file.")
    upgrade()
    maintenance.settle_after_restore(made_at=manifest["made_at"], now=now)
    return Report(manifest["made_at"], manifest["schema"], manifest["rows"], manifest["spooled"])


def _manifest(report: Report, url: str, copy: Path) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "made_at": report.made_at,
        "engine": database_copy.engine_of(url),
        "schema": report.schema,
        "rows": report.rows,
        "spooled": report.spooled,
        "sha256": _digest(copy),
        "key": _key_mark(),
    }


def _unpack(path: Path, folder: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as file:
            manifest: dict[str, Any] = json.loads(file.read(MANIFEST))
            file.extract(DATABASE, folder)
            (folder / SPOOL).mkdir()
            for name in file.namelist():
                # A name with a folder of its own in it does not come from this desk.
                if name.startswith(SPOOL) and "/" not in name.removeprefix(SPOOL):
                    file.extract(name, folder)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as problem:
        raise RestoreRefused(f"{path} is no backup of this desk, or is damaged ({problem}).") from problem
    if manifest.get("format") != _FORMAT or manifest.get("sha256") != _digest(folder / DATABASE):
        raise RestoreRefused(f"{path} is damaged: its content is not what its manifest says.")
    return manifest


def _check(manifest: dict[str, Any], now: datetime) -> None:
    engine = database_copy.engine_of(_url())
    if manifest["engine"] != engine:
        raise RestoreRefused(f"The backup is of {manifest['engine']}, this desk runs on {engine}: set DATABASE_URL.")
    if manifest["schema"] not in _known_schemas():
        raise RestoreRefused(f"The backup has schema {manifest['schema']}, which is newer: upgrade the checkout first.")
    if manifest["key"] != _key_mark():
        raise RestoreRefused("The backup was made under another SECRET_KEY: set that one, or the journal fails.")
    if inspect(db.engine).has_table("heartbeat"):
        working = maintenance.working_processes(since=now - STILL_RUNNING)
        if working:
            raise RestoreRefused(f"The desk is still running ({', '.join(working)}): stop it and wait a minute.")


def _schema() -> str:
    with db.engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _known_schemas() -> set[str]:
    from alembic.script import ScriptDirectory

    migrate: Migrate = current_app.extensions["migrate"].migrate
    return {one.revision for one in ScriptDirectory.from_config(migrate.get_config()).walk_revisions()}


def _put_spool_back(folder: Path) -> None:
    spool = current_app.config["DESK"].spool_dir
    for letter in sorted(folder.glob("*.eml")):
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        (spool / letter.name).write_bytes(letter.read_bytes())


def _key_mark() -> str:
    # Tells keys apart and gives nothing away: the journal's key is itself derived from the secret one.
    return hashlib.sha256(b"backup" + current_app.config["JOURNAL_KEY"]).hexdigest()[:16]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settle(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _url() -> str:
    return str(current_app.config["SQLALCHEMY_DATABASE_URI"])
