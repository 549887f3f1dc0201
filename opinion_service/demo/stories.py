"""Plays the scripted cases of the demo through the services, each act at its own time and by the right person."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select

from opinion_service.data import read_json
from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.coverage import ReplyText
from opinion_service.domain.errors import DomainError
from opinion_service.domain.people import Actor, Role
from opinion_service.models import Case, Concern, Department, Draft, Item, Promise, User
from opinion_service.services import maintenance
from opinion_service.services.casework import assessment, casework, concerns, drafting, evaluations, publication, triage
from opinion_service.services.routing import disputes
from opinion_service.services.transaction import transaction

log = structlog.get_logger()


def play_all(now: datetime) -> None:
    """Bring every scripted case as far as its story says; one that no longer fits the rules stays behind."""
    for number, story in enumerate(read_json("demo/cases.json")):
        try:
            _Story(story, now).play()
        except DomainError as refusal:
            log.warning("story_stopped", number=number, reason=type(refusal).__name__)


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
        actor = self._unit("handler")
        with transaction() as session:
            duty = next(iter(disputes.duties(session)[self.story["department"]]))
        self._act(actor, CaseAction.RETURN, note=note, duty=duty, reason_code="not_our_duty")

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
        removed = tuple(concerns.ConcernText("", concern_id) for concern_id in old)
        listed = self.story.get("coverage") or [{"question": q, "outcome": "open"} for q in self.story["concerns"]]
        rows = tuple(
            concerns.ConcernText(
                row["question"],
                outcome=row["outcome"],
                passage=row.get("passage", ""),
                promised_on=self._in_days(int(row["days"])) if row.get("days") else None,
            )
            for row in listed
        )
        concerns.save_concerns(self.case_id, self._version(), removed + rows, actor=actor, now=self._tick())

    def submit(self) -> None:
        """The handler hands the draft on."""
        drafting.submit(self.case_id, self._version(), actor=self._unit("handler"), now=self._tick())

    def countersign(self) -> None:
        """Every co-department countersigns."""
        for code in self.story["co_departments"]:
            self._decide(self._person("approver", code), CaseAction.COUNTERSIGN)

    def sign(self) -> None:
        """Everybody on the draft's route clears it, and the approver signs."""
        with transaction() as session:
            newest = select(Draft.review_route).where(Draft.case_id == self.case_id).order_by(Draft.version.desc())
            route = session.scalars(newest.limit(1)).one()
        for step in route[:-1]:
            self._decide(self._desk(0) if step == "publicity" else self._unit("approver"), CaseAction.CLEAR)
        self._decide(self._unit("approver"), CaseAction.SIGN)

    def publish(self) -> None:
        """The liaison publishes, and the promises are written down."""
        desk = self._desk(0)
        publication.publish(self.case_id, self._version(), is_cleared=True, actor=desk, now=self._tick())
        for promise in self.story.get("promises") or []:
            due_on = self._in_days(int(promise["days"]))
            publication.add_promise(
                self.case_id, self._version(), promise["text"], due_on, actor=desk, now=self._tick()
            )

        self._keep_promises(desk)

    def _keep_promises(self, desk: Actor) -> None:
        notes = {one["text"]: one["kept_note"] for one in self.story.get("promises") or [] if one.get("kept_note")}
        with transaction() as session:
            rows = session.execute(select(Promise.id, Promise.text).where(Promise.case_id == self.case_id)).all()
        for row in rows:
            if row.text in notes:
                publication.keep_promise(row.id, self._version(), notes[row.text], actor=desk, now=self._tick())

    def _in_days(self, days: int) -> date:
        after = timedelta(hours=float(self.story.get("answered_after_hours") or 24))
        return (self.started + after + timedelta(days=days)).date()

    def follow(self) -> None:
        """The case is followed."""
        self._act(self._desk(0), CaseAction.FOLLOW)

    def close(self) -> None:
        """The case is closed, with a day to look again."""
        self._act(self._desk(0), CaseAction.CLOSE, review_on=(self.now + timedelta(days=7)).date())

    def archive(self) -> None:
        """The case is evaluated and archived."""
        scores = {"timely": 5, "coverage": 5, "substance": 4, "resolution": 4, "reaction": 4}
        form = evaluations.EvaluationForm(scores, "solved", "回应及时，承诺均已兑现。")
        evaluations.evaluate(self.case_id, self._version(), form, actor=self._desk(1), now=self._tick())
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
_STEPS: tuple[tuple[str, Callable[[_Story], None]], ...] = (
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
