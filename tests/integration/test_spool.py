"""Mail laid down in a folder: whole or not at all, once a Message-ID, and readable again."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

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


def test_what_is_written_is_read_again(tmp_path):
    delivery = spool.write(MAIL, tmp_path / "spool")

    [path] = (tmp_path / "spool").iterdir()
    read = message_from_bytes(path.read_bytes(), policy=default)
    assert delivery.outcome is Outcome.SENT
    assert path.name in delivery.reply
    assert (read["Message-ID"], read["From"], read["To"]) == (MAIL.message_id, MAIL.sender, MAIL.recipient)
    assert (read["Subject"], read.get_content().replace("\r\n", "\n")) == (MAIL.subject, MAIL.body)
    assert read["Date"].datetime == MAIL.sent_at


def test_the_same_message_id_is_the_same_file(tmp_path):
    for _ in range(3):
        assert spool.write(MAIL, tmp_path).outcome is Outcome.SENT

    assert len(os.listdir(tmp_path)) == 1


def test_only_the_owner_can_read_the_mail(tmp_path):
    spool.write(MAIL, tmp_path / "spool")

    [file] = (tmp_path / "spool").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


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
