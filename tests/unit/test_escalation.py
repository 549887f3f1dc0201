"""How pressing a clock is, at each bound."""

from datetime import datetime, timedelta, timezone

import pytest

from opinion_service.domain.reminders.escalation import Urgency, urgency

BEIJING = timezone(timedelta(hours=8))
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


START, DUE = at("2026-03-02 08:00"), at("2026-03-04 08:00")


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (START, Urgency.CALM),
        (at("2026-03-03 20:00") - SECOND, Urgency.CALM),
        (at("2026-03-03 20:00"), Urgency.SOON),
        (DUE - SECOND, Urgency.SOON),
        (DUE, Urgency.LATE),
        (at("2026-03-05 08:00") - SECOND, Urgency.LATE),
        (at("2026-03-05 08:00"), Urgency.VERY_LATE),
    ],
)
def test_each_bound_belongs_to_the_graver_side(now: datetime, state: Urgency) -> None:
    assert urgency(START, DUE, now) is state


def test_every_urgency_has_a_word() -> None:
    assert [one.label for one in Urgency] == ["正常", "临期", "已超期", "严重超期"]
