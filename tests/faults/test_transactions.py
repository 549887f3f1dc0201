"""Writers that meet lose nothing: read, change and write through `transaction()`, many at once."""

import threading
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from opinion_service.models import Heartbeat, Setting
from opinion_service.services import maintenance
from opinion_service.services.transaction import transaction

ROUNDS, WRITERS = 25, 2
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def _keep(key: str, value: str) -> None:
    with transaction() as session:
        session.merge(Setting(key=key, value=value))


def _kept(key: str) -> str:
    with transaction() as session:
        row = session.get(Setting, key)
        return row.value if row else ""


def _count_up(app: Flask, failures: list[BaseException]) -> None:
    try:
        with app.app_context():
            for _ in range(ROUNDS):
                with transaction() as session:
                    row = session.scalars(select(Setting).where(Setting.key == "n").with_for_update()).one()
                    row.value = str(int(row.value) + 1)
    except BaseException as error:
        failures.append(error)


def test_two_writers_lose_no_update(app: Flask) -> None:
    with app.app_context():
        _keep("n", "0")
    failures: list[BaseException] = []
    writers = [threading.Thread(target=_count_up, args=(app, failures)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    with app.app_context():
        assert _kept("n") == str(ROUNDS * WRITERS)


def _write_half() -> None:
    with transaction() as session:
        session.add(Setting(key="half", value="written"))
        session.flush()
        raise ZeroDivisionError


def _write_nested() -> None:
    with transaction() as session:
        session.add(Setting(key="outer", value="1"))
        maintenance.beat("inner", "sweeper", now=NOW)


def test_a_raise_rolls_everything_back_and_frees_the_lock(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError):
            _write_half()
        assert _kept("half") == ""
        _keep("half", "whole")
        assert _kept("half") == "whole"


def test_nesting_is_refused_and_the_outer_one_is_undone(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(RuntimeError):
            _write_nested()
        assert _kept("outer") == ""
        with transaction() as session:
            assert session.get(Heartbeat, "inner") is None
