"""The list of cases with 100 000 of them: requests a second and the slowest twentieth; what a process weighs."""

import resource
import statistics
import time
from datetime import timedelta

from sqlalchemy import insert

from opinion_service import clock
from opinion_service.domain.people import SYSTEM, Role
from opinion_service.models import Case
from opinion_service.services import accounts, maintenance
from opinion_service.services.transaction import transaction
from tests.benchmarks.desks import empty_desk

CASES = 100_000
REQUESTS = 60


def run() -> list[str]:
    """Return the lines to print."""
    with empty_desk() as app:
        small = _pages(app, 1_000, "first")
        large = _pages(app, CASES, "second")
    weight = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        f"list of 1 000 cases: {1 / statistics.mean(small):.0f} requests/s, p95 {_p95(small) * 1000:.0f} ms",
        f"list of {CASES} cases: {1 / statistics.mean(large):.0f} requests/s, p95 {_p95(large) * 1000:.0f} ms",
        f"ratio of the means, large to small: x{statistics.mean(large) / statistics.mean(small):.2f}",
        f"largest memory of this process, language model included: {weight:.0f} MB",
    ]


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def _pages(app, count: int, login: str) -> list[float]:
    _fill(count, login)
    new = accounts.NewUser(login, login, Role.LIAISON, "benchmark-password", must_change_password=False)
    accounts.create_user(new, actor=SYSTEM, now=clock.now())
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": "benchmark-password"})
    times = []
    for number in range(REQUESTS):
        started = time.perf_counter()
        answer = client.get(("/cases", "/cases?state=open", "/cases?late=1", "/cases?grade=serious")[number % 4])
        assert answer.status_code == 200
        times.append(time.perf_counter() - started)
    return times


def _fill(count: int, prefix: str) -> None:
    now, departments = clock.now(), list(maintenance.department_ids().values())
    rows = [
        {
            "number": f"{prefix[:1]}-{n:07d}", "title": f"第{n}件：居民反映的问题", "state": "dispatched",
            "lead_department_id": departments[n % len(departments)], "detected_at": now, "opened_at": now,
            "grade": ("ordinary", "serious")[n % 9 == 0], "hot_topic": "其他",
            "next_due_at": now + timedelta(minutes=n - count // 3),
        }
        for n in range(count)
    ]  # fmt: skip
    with transaction() as session:
        for start in range(0, count, 5_000):
            session.execute(insert(Case), rows[start : start + 5_000])
