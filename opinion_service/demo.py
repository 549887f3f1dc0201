"""Loads the demo city: its users, two weeks of feeds replayed through the real line, and scripted cases."""

import json
import re
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from sqlalchemy import select

from opinion_service import pipeline
from opinion_service.adapters import feed_client
from opinion_service.clock import DESK_ZONE
from opinion_service.data import HERE, read_json
from opinion_service.domain.case_states import CaseAction
from opinion_service.domain.coverage import ReplyText
from opinion_service.domain.errors import DomainError
from opinion_service.domain.people import SYSTEM, Actor, Role
from opinion_service.models import Case, Concern, Department, Item, User
from opinion_service.services import (
    accounts,
    assessment,
    casework,
    drafting,
    ingest,
    maintenance,
    publication,
    triage,
)
from opinion_service.services.transaction import transaction

FOLDER = HERE / "demo"
PASSWORD = "Yiyang-desk-2019"  # noqa: S105 - the demo prints it; production never loads the demo
STEP = timedelta(hours=6)
_HOURS = re.compile(r"\{\{hours_ago:(\d+)\}\}")


def load(*, now: datetime) -> list[tuple[str, str]]:
    """Load the demo unless it is there; return (role, login) for each role, for the sign-ins to print."""
    if not maintenance.has_users():
        _load_users(now)
        _replay(now)
        _play_cases(now)
        pipeline.drain(lambda: now)
    users: list[dict[str, Any]] = read_json("demo/users.json")
    first: dict[str, str] = {}
    for user in users:
        first.setdefault(Role(user["role"]).label, user["login"])
    return list(first.items())


def _load_users(now: datetime) -> None:
    departments = maintenance.department_ids()
    for user in read_json("demo/users.json"):
        accounts.create_user(
            accounts.NewUser(
                login=user["login"],
                name=user["name"],
                role=Role(user["role"]),
                password=PASSWORD,
                email=user["email"],
                department_id=departments.get(user["department"] or ""),
                must_change_password=False,
            ),
            actor=SYSTEM,
            now=now,
        )


def _replay(now: datetime) -> None:
    arrivals: list[tuple[datetime, int, ingest.Incoming]] = []
    for path in sorted((FOLDER / "feeds").iterdir()):
        parsed = feed_client.parse(_dated(path.read_text(encoding="utf-8"), now).encode())
        name = parsed.title or "城市热搜榜"
        new = ingest.NewSource(name, kind="import", weight=1.2 if "电视" in name or "晚报" in name else 1.0)
        source_id = ingest.add_source(new, actor=SYSTEM, now=now - timedelta(days=30))
        for entry in parsed.entries:
            incoming = pipeline.incoming(entry)
            arrivals.append((entry.published_at or now - timedelta(hours=2), source_id, incoming))
    at = min(arrival[0] for arrival in arrivals)
    while at < now + STEP:
        moment = min(at + STEP, now)
        for source_id in {one[1] for one in arrivals}:
            entries = tuple(one[2] for one in arrivals if one[1] == source_id and at <= one[0] < at + STEP)
            if entries:
                ingest.store(source_id, ingest.Haul("ok", entries), token=None, now=moment)
        pipeline.analyse(now=moment)
        pipeline.open_cases(now=moment)
        at += STEP


def _dated(text: str, now: datetime) -> str:
    def date_of(match: re.Match[str]) -> str:
        at = (now - timedelta(hours=int(match[1]))).astimezone(DESK_ZONE)
        return format_datetime(at) if "<rss" in text else at.isoformat()

    return _HOURS.sub(date_of, text)


def _play_cases(now: datetime) -> None:
    if not (FOLDER / "cases.json").exists():
        return
    for story in json.loads((FOLDER / "cases.json").read_text(encoding="utf-8")):
        try:
            _Story(story, now).play()
        except DomainError:
            # A story that no longer fits the rules stays where it got to; the rest go on.
            continue


class _Story:
    """Plays one scripted case through the services, each act at its own time and by the right person."""

    def __init__(self, story: dict[str, Any], now: datetime) -> None:
        self.story, self.now = story, now
        self.started = now - timedelta(hours=float(story["hours_ago"]))
        self.case_id = 0
        self._acts = 0

    def play(self) -> None:
        """Bring the case as far as `reach_state` says."""
        number = self._number()
        if number is None:
            return
        target, story = self.story["reach_state"], self.story
        if target == "declined":
            note = story.get("reason_note") or "不属于政务舆情回应范围。"
            review_on = (self.now + timedelta(days=30)).date()
            self._act(self._desk(0), CaseAction.PROPOSE_DECLINE, note=note, review_on=review_on)
            self._act(self._desk(1), CaseAction.CONFIRM_DECLINE)
            return
        if target == "merged":
            self._act(self._desk(0), CaseAction.MERGE, note="同一事件，并案办理。", target_number=self._target())
            return
        self._grade()
        if target == "new":
            return
        self._to_department()
        for state, step in _STEPS:
            if state in _REACHED[target]:
                step(self)

    def _number(self) -> str | None:
        with transaction() as session:
            item = session.scalar(select(Item).where(Item.title == self.story["event_title"]).limit(1))
            event_id = item.event_id if item else None
            if event_id is None:
                return None
            case = session.scalar(select(Case).where(Case.event_id == event_id))
            if case is not None and case.state not in ("new", "dispatched"):
                return None
            number = case.number if case else None
        number = number or triage.open_by_hand(event_id, actor=self._desk(0), now=self._tick())
        with transaction() as session:
            case = session.scalars(select(Case).where(Case.number == number)).one()
            self.case_id, self.started = case.id, max(self.started, case.opened_at)
        return number

    def _grade(self) -> None:
        story = self.story
        hours = story.get("occurred_hours_ago")
        self._act(
            self._desk(0),
            CaseAction.REGRADE,
            note="按紧急程度、影响范围和关注度确定。",
            grade=story["grade"],
            incident_level=story["incident_level"],
            must_answer_class=int(story["must_answer_class"]),
            occurred_at=self.now - timedelta(hours=float(hours)) if hours else None,
        )

    def _to_department(self) -> None:
        departments = maintenance.department_ids()
        co = tuple(departments[code] for code in self.story["co_departments"] if code in departments)
        with transaction() as session:
            state = session.get_one(Case, self.case_id).state
        action = CaseAction.DISPATCH if state == "new" else CaseAction.REROUTE
        lead = departments[self.story["department"]]
        self._act(self._desk(0), action, note="按职责分工交办。", department_id=lead, co_department_ids=co)

    def give_back(self) -> None:
        """The department returns the case."""
        note = self.story.get("reason_note") or "经核实，该事项不属于本单位职责。"
        self._act(self._unit("handler"), CaseAction.RETURN, note=note, duty="“三定”规定职责分工")

    def accept(self) -> None:
        """The department accepts."""
        self._act(self._unit("handler"), CaseAction.ACCEPT)

    def assess(self) -> None:
        """The department files its assessment and the concerns."""
        form = self.story["assessment"]
        points = tuple(
            assessment.RiskPointText(p["description"], int(p["likelihood"]), int(p["impact"]), p.get("trigger", ""))
            for p in form["risk_points"]
        )
        text = assessment.AssessmentText(
            form["facts"], form["handling"], form["recommended_grade"], points,
            form.get("spread", ""), form.get("trend", ""), form.get("line", ""),
        )  # fmt: skip
        actor = self._unit("handler")
        assessment.file_assessment(self.case_id, self._version(), text, actor=actor, now=self._tick())

    def draft(self) -> None:
        """The handler drafts and ties every concern to the draft."""
        actor, text = self._unit("handler"), self.story["draft"]
        reply = ReplyText(**{name: text[name] for name in ReplyText.__dataclass_fields__})
        kind = self.story["response_kind"]
        drafting.save_draft(self.case_id, self._version(), reply, response_kind=kind, actor=actor, now=self._tick())
        self._cover(actor)

    def _cover(self, actor: Actor) -> None:
        with transaction() as session:
            old = list(session.scalars(select(Concern.id).where(Concern.case_id == self.case_id)))
        removed = tuple(assessment.ConcernText("", concern_id) for concern_id in old)
        listed = self.story.get("coverage") or [{"question": q, "outcome": "open"} for q in self.story["concerns"]]
        concerns = tuple(
            assessment.ConcernText(
                row["question"],
                outcome=row["outcome"],
                passage=row.get("passage", ""),
                promised_on=(self.now + timedelta(days=int(row["days"]))).date() if row.get("days") else None,
            )
            for row in listed
        )
        assessment.save_concerns(self.case_id, self._version(), removed + concerns, actor=actor, now=self._tick())

    def submit(self) -> None:
        """The handler hands the draft on."""
        drafting.submit(self.case_id, self._version(), actor=self._unit("handler"), now=self._tick())

    def countersign(self) -> None:
        """Every co-department countersigns."""
        for code in self.story["co_departments"]:
            self._decide(self._person("approver", code), CaseAction.COUNTERSIGN)

    def sign(self) -> None:
        """The approver signs."""
        self._decide(self._unit("approver"), CaseAction.SIGN)

    def publish(self) -> None:
        """The liaison publishes, and the promises are written down."""
        desk = self._desk(0)
        publication.publish(self.case_id, self._version(), is_cleared=True, actor=desk, now=self._tick())
        for promise in self.story.get("promises") or []:
            due_on = (self._tick() + timedelta(days=int(promise["days"]))).date()
            publication.add_promise(
                self.case_id, self._version(), promise["text"], due_on, actor=desk, now=self._tick()
            )

    def follow(self) -> None:
        """The case is followed."""
        self._act(self._desk(0), CaseAction.FOLLOW)

    def close(self) -> None:
        """The case is closed, with a day to look again."""
        self._act(self._desk(0), CaseAction.CLOSE, review_on=(self.now + timedelta(days=7)).date())

    def archive(self) -> None:
        """The case is archived."""
        self._act(self._desk(0), CaseAction.ARCHIVE)

    def _act(self, actor: Actor, action: CaseAction, **fields: Any) -> None:
        command = casework.CaseCommand(self.case_id, self._version(), action, **fields)
        casework.perform(command, actor=actor, now=self._tick())

    def _decide(self, actor: Actor, action: CaseAction) -> None:
        decision = drafting.Decision(self.case_id, self._version(), action)
        drafting.decide(decision, actor=actor, now=self._tick())

    def _tick(self) -> datetime:
        self._acts += 1
        after = float(self.story.get("answered_after_hours") or min(24.0, float(self.story["hours_ago"])))
        return min(self.started + timedelta(hours=after * self._acts / 18), self.now)

    def _version(self) -> int:
        with transaction() as session:
            return session.get_one(Case, self.case_id).version

    def _target(self) -> str:
        with transaction() as session:
            event = select(Item.event_id).where(Item.title == self.story["merged_into"])
            return session.scalars(select(Case.number).where(Case.event_id.in_(event))).one()

    def _desk(self, number: int) -> Actor:
        with transaction() as session:
            users = session.scalars(select(User).where(User.role == "liaison").order_by(User.id)).all()
            return Actor(users[number].id, users[number].name, Role.LIAISON)

    def _unit(self, role: str) -> Actor:
        return self._person(role, self.story["department"])

    def _person(self, role: str, code: str) -> Actor:
        with transaction() as session:
            statement = select(User).join(Department).where(Department.code == code, User.role == role)
            user = session.scalars(statement.order_by(User.id).limit(1)).one()
            return Actor(user.id, user.name, Role(role), user.department_id, code)


_ORDER = (
    "dispatched", "accepted", "assessed", "drafting", "countersigning", "in_review", "signed",
    "published", "following", "closed", "archived",
)  # fmt: skip
_REACHED = {state: frozenset(_ORDER[: number + 1]) for number, state in enumerate(_ORDER)}
_REACHED["returned"] = frozenset({"dispatched", "returned"})
_REACHED["closed"] = _REACHED["closed"] - {"following"}
_STEPS = (
    ("returned", _Story.give_back),
    ("accepted", _Story.accept),
    ("assessed", _Story.assess),
    ("drafting", _Story.draft),
    ("countersigning", _Story.submit),
    ("in_review", _Story.countersign),
    ("signed", _Story.sign),
    ("published", _Story.publish),
    ("following", _Story.follow),
    ("closed", _Story.close),
    ("archived", _Story.archive),
)
