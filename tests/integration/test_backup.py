"""A desk is kept in a file and put back from it: every row, nothing sent twice, nothing taken that does not fit."""

import json
import os
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from opinion_service import backup
from opinion_service.adapters import database_copy
from opinion_service.adapters.database_copy import CopyFailed
from opinion_service.models import Department, OutboxMail, SignIn, User
from opinion_service.services import journal, maintenance
from opinion_service.services.reminders import outbox
from opinion_service.services.transaction import transaction
from tests.story import NOW, Story, person

LATER = NOW + timedelta(hours=3)


@pytest.fixture(autouse=True)
def _postgres_programs(monkeypatch: pytest.MonkeyPatch, databases) -> None:
    monkeypatch.setenv("PATH", f"{databases.cluster.programs}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def desk(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app


def _waiting_mail() -> None:
    with transaction() as session:
        user = session.scalars(select(User).order_by(User.id)).first()
        session.add(OutboxMail(
            message_id="<one@desk>", kind="notice", recipient_id=user.id, recipient="a@desk.example",
            subject="题", body="文", next_try_at=NOW, created_at=NOW,
        ))  # fmt: skip


def test_a_desk_comes_back_as_it_was(story: Story, tmp_path: Path) -> None:
    story.reach("dispatched")
    _waiting_mail()
    kept = tmp_path / "desk.backup"
    report = backup.write(kept, now=NOW)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert report.rows["case_file"] == 1
    with transaction() as session:
        session.query(Department).update({"name": "改过的"})
    found = backup.restore(kept, now=LATER)
    assert found == report
    with transaction() as session:
        assert "改过的" not in session.scalars(select(Department.name)).all()
        assert journal.verify(session, session.info["journal_key"]).broken_id is None


def test_what_waited_is_held_and_goes_out_on_a_word(desk: Flask, tmp_path: Path) -> None:
    _waiting_mail()
    backup.write(tmp_path / "kept", now=NOW)
    backup.restore(tmp_path / "kept", now=LATER)
    assert outbox.claim(10, now=LATER + timedelta(days=1)) == []
    assert outbox.retry_lost(actor=person("admin"), now=LATER) == 1
    assert [mail.message_id for mail in outbox.claim(10, now=LATER)] == ["<one@desk>"]


def test_everybody_is_signed_out(desk: Flask, tmp_path: Path) -> None:
    with transaction() as session:
        user_id = session.scalars(select(User.id)).first()
        session.add(SignIn(token_hash="x" * 64, user_id=user_id, created_at=NOW, last_seen_at=NOW))
    backup.write(tmp_path / "kept", now=NOW)
    backup.restore(tmp_path / "kept", now=LATER)
    with transaction() as session:
        assert session.scalar(select(func.count(SignIn.id)).where(SignIn.ended_at.is_(None))) == 0


def test_a_running_desk_is_not_replaced(desk: Flask, tmp_path: Path) -> None:
    backup.write(tmp_path / "kept", now=NOW)
    maintenance.beat("sweeper", "sweeper", now=LATER - timedelta(seconds=59))
    with pytest.raises(backup.RestoreRefused, match="sweeper"):
        backup.restore(tmp_path / "kept", now=LATER)
    backup.restore(tmp_path / "kept", now=LATER + timedelta(seconds=2))


def test_the_spool_comes_along(desk: Flask, tmp_path: Path) -> None:
    spool = desk.config["DESK"].spool_dir
    spool.mkdir()
    (spool / f"{'a' * 32}.eml").write_text("To: a\n\n")
    assert backup.write(tmp_path / "kept", now=NOW).spooled == 1
    (spool / f"{'a' * 32}.eml").unlink()
    backup.restore(tmp_path / "kept", now=LATER)
    assert [one.name for one in spool.iterdir()] == [f"{'a' * 32}.eml"]


def _rewritten(path: Path, **changes: object) -> Path:
    target = path.with_suffix(".changed")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == backup.MANIFEST:
                content = json.dumps({**json.loads(content), **changes}).encode()
            new.writestr(name, content)
    return target


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": "9999_of_tomorrow"}, "newer"),
        ({"engine": "oracle"}, "oracle"),
        ({"key": "another"}, "SECRET_KEY"),
        ({"sha256": "0" * 64}, "damaged"),
        ({"format": 2}, "damaged"),
    ],
)
def test_what_does_not_fit_is_refused(desk: Flask, tmp_path: Path, changes: dict[str, object], words: str) -> None:
    backup.write(tmp_path / "kept", now=NOW)
    before = database_copy.count_rows(desk.config["SQLALCHEMY_DATABASE_URI"])
    with pytest.raises(backup.RestoreRefused, match=words):
        backup.restore(_rewritten(tmp_path / "kept", **changes), now=LATER)
    assert database_copy.count_rows(desk.config["SQLALCHEMY_DATABASE_URI"]) == before


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_backup_is_refused(sqlite_app: Flask, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kept").write_bytes(content)
    with sqlite_app.app_context(), pytest.raises(backup.RestoreRefused, match="no backup"):
        backup.restore(tmp_path / "kept", now=LATER)


def test_a_copy_that_cannot_be_put_back_leaves_the_desk_alone(desk: Flask, tmp_path: Path) -> None:
    url = desk.config["SQLALCHEMY_DATABASE_URI"]
    before = database_copy.count_rows(url)
    (tmp_path / "broken").write_bytes(b"nothing a database knows" * 400)
    with pytest.raises(CopyFailed):
        database_copy.put_back(url, tmp_path / "broken")
    assert database_copy.count_rows(url) == before


def test_the_commands(sqlite_app: Flask, tmp_path: Path) -> None:
    runner, kept = sqlite_app.test_cli_runner(), str(tmp_path / "kept")
    assert runner.invoke(args=["backup", kept]).exit_code == 0
    assert runner.invoke(args=["backup", kept]).exit_code == 2
    assert runner.invoke(args=["backup", str(tmp_path / "no" / "where")]).exit_code == 2
    assert runner.invoke(args=["restore", str(tmp_path / "absent")]).exit_code == 2
    assert runner.invoke(args=["restore", kept], input="n\n").exit_code == 1
    done = runner.invoke(args=["restore", kept, "--yes", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.output.splitlines()[-1])["tables"] > 60


def test_writing_while_somebody_writes(desk: Flask, tmp_path: Path) -> None:
    """The copy is one moment: a row written in an open transaction is not in it."""
    with transaction() as session:
        session.add(OutboxMail(
            message_id="<open@desk>", kind="notice", recipient_id=session.scalars(select(User.id)).first(),
            recipient="a@desk.example", subject="题", body="文", next_try_at=NOW, created_at=NOW,
        ))  # fmt: skip
        session.flush()
        assert backup.write(tmp_path / "kept", now=NOW).rows["outbox_mail"] == 0
