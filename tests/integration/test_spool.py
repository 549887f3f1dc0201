"""Mail laid down in a folder: whole or not at all, once a Message-ID, and readable again."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opinion_service.adapters import spool
from opinion_service.adapters.mailer import Outcome, OutgoingMail

MAIL = OutgoingMail(
    "<2019-0522-07.dispatch.v3.0f0f@desk.example>",
    "desk@desk.example",
    "wang@edu.example",
    "【交办】市教育局：校车停运 — 案号 2019-0522-07",
    "该案件已交由贵单位承办。\n\n案号：2019-0522-07\n",
    datetime(2019, 5, 22, 8, 11, tzinfo=UTC),
)


def numbered(count):
    return [replace(MAIL, message_id=f"<{n}@desk.example>", subject=f"第{n}封") for n in range(count)]


def test_what_is_written_is_read_again(tmp_path):
    delivery = spool.write(MAIL, tmp_path / "spool")

    [read] = spool.read_all(tmp_path / "spool", 10)
    assert delivery.outcome is Outcome.SENT
    assert read.name in delivery.reply
    assert spool.read_one(tmp_path / "spool", read.name) == read
    assert (read.message_id, read.sender, read.recipient) == (MAIL.message_id, MAIL.sender, MAIL.recipient)
    assert (read.subject, read.body, read.sent_at) == (MAIL.subject, MAIL.body, MAIL.sent_at)


def test_the_same_message_id_is_the_same_file(tmp_path):
    for _ in range(3):
        assert spool.write(MAIL, tmp_path).outcome is Outcome.SENT

    assert len(os.listdir(tmp_path)) == 1


def test_only_the_owner_can_read_the_mail(tmp_path):
    spool.write(MAIL, tmp_path / "spool")

    [file] = (tmp_path / "spool").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_the_newest_come_first_and_no_more_than_asked(tmp_path):
    for age, mail in enumerate(numbered(5)):
        name = spool.write(mail, tmp_path).reply.split()[-1]
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))

    assert [mail.subject for mail in spool.read_all(tmp_path, 3)] == ["第0封", "第1封", "第2封"]
    assert spool.read_all(tmp_path, 0) == []


@pytest.mark.parametrize("field", ["recipient", "message_id"])
def test_an_address_that_is_none_is_final_and_leaves_no_file(tmp_path, field):
    delivery = spool.write(replace(MAIL, **{field: "a@b\r\nBcc: x@evil.example"}), tmp_path)

    assert delivery.outcome is Outcome.FAILED
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_tried_again(tmp_path):
    (tmp_path / "spool").write_text("a file stands in the way")

    assert spool.write(MAIL, tmp_path / "spool").outcome is Outcome.RETRY


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    delivery = spool.write(MAIL, tmp_path)

    assert (delivery.outcome, delivery.reply) == (Outcome.RETRY, "OSError: No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_message_is_passed_over(tmp_path):
    spool.write(MAIL, tmp_path)
    (tmp_path / ("0" * 32 + ".eml")).write_bytes(b"\xff\x00 no message")
    (tmp_path / ("1" * 32 + ".eml")).write_bytes(b"")
    (tmp_path / ("2" * 32 + ".eml")).mkdir()
    (tmp_path / f".{'3' * 32}.77").write_bytes(b"Subject: half")
    (tmp_path / "notes.eml").write_bytes(b"Subject: notes")

    assert [mail.subject for mail in spool.read_all(tmp_path, 10)] == [MAIL.subject]


@pytest.mark.parametrize("name", ["", "..", "../secret", "0" * 31, "0" * 33, "A" * 32, "0" * 32, "0" * 31 + "\n"])
def test_only_names_of_the_spool_are_looked_for(tmp_path, name):
    (tmp_path / "secret.eml").write_bytes(b"Subject: x")

    assert spool.read_one(tmp_path / "spool", name) is None


def test_a_spool_that_is_not_there_is_empty():
    assert spool.read_all(Path("/nonexistent/spool"), 10) == []
