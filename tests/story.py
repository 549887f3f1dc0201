"""Brings a case to a state through the services, each act by the right person, at a fixed time."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import select

from opinion_service.domain.casework.case_states import CaseAction
from opinion_service.domain.casework.coverage import ReplyText
from opinion_service.domain.casework.evaluation import CRITERIA
from opinion_service.domain.people import Actor, Role
from opinion_service.models import Case, Concern, Department, Draft, Event, User
from opinion_service.services.casework import assessment, casework, concerns, drafting, evaluations, publication, triage
from opinion_service.services.transaction import transaction

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday, 10:00 at the desk
PASSWORD = "Window-seat-27"

# login: (role, code of the department)
PEOPLE: dict[str, tuple[Role, str | None]] = {
    "liaison": (Role.LIAISON, None),
    "liaison2": (Role.LIAISON, None),
    "supervisor": (Role.SUPERVISOR, None),
    "admin": (Role.ADMIN, None),
    "auditor": (Role.AUDITOR, None),
    "handler": (Role.HANDLER, "jyj"),
    "approver": (Role.APPROVER, "jyj"),
    "co_handler": (Role.HANDLER, "gaj"),
    "co_approver": (Role.APPROVER, "gaj"),
    "foreign_handler": (Role.HANDLER, "wjw"),
    "foreign_approver": (Role.APPROVER, "wjw"),
}

REPLY = ReplyText(
    title="关于校车超员问题的回应",
    facts="经现场核查，三月一日早晨该线路校车核载三十六人，实载四十一人，超员五人，情况属实。",
    basis="依据《校车安全管理条例》的规定，校车不得超过核定的载客人数。",
    measures="已责令该校停用涉事车辆，并增开一班校车。",
    result="涉事驾驶人已停岗，车辆已接受检查。",
    next_step="四月底前完成全市校车线路排查，并公布排查结果。",
    unit="市教育局",
    contact="市教育局安全科",
)
RISKS = (assessment.RiskPointText("家长聚集", 3, 4, "再次发生超员"),)
FORM = assessment.AssessmentText("校车超员五人，已核实。", "停用车辆，增开班次。", "ordinary", RISKS)
ORDER = (
    "new", "dispatched", "accepted", "assessed", "drafting", "in_review", "signed", "published", "following",
    "closed", "archived",
)  # fmt: skip


@cache
def password_hash() -> str:
    """Return the cheap hash of PASSWORD that all the test's people share."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def people_into_database() -> None:
    """Write the people of PEOPLE down; needs the departments."""
    with transaction() as session:
        ids = {row.code: row.id for row in session.execute(select(Department.code, Department.id))}
        for login, (role, code) in PEOPLE.items():
            session.add(
                User(
                    login=login,
                    name=f"{role.label}·{login}",
                    role=role.value,
                    department_id=ids[code] if code else None,
                    email=f"{login}@desk.example",
                    password_hash=password_hash(),
                    created_at=NOW,
                )
            )


def person(login: str) -> Actor:
    """Return the actor who signs in as `login`."""
    with transaction() as session:
        user = session.scalars(select(User).where(User.login == login)).one()
        return Actor(user.id, user.name, Role(user.role), user.department_id)


def department(code: str) -> int:
    """Return the id of a department."""
    with transaction() as session:
        return session.scalars(select(Department.id).where(Department.code == code)).one()


def open_case(title: str = "校车超员被拍，家长要求说明", *, now: datetime = NOW) -> int:
    """Open a case by hand for a new event and return its id."""
    with transaction() as session:
        event = Event(title=title, first_seen_at=now, last_item_at=now, item_count=1)
        session.add(event)
        session.flush()
        event_id = event.id
    number = triage.open_by_hand(event_id, actor=person("liaison"), now=now)
    with transaction() as session:
        return session.scalars(select(Case.id).where(Case.number == number)).one()


class Story:
    """The acts on one case; every act takes one minute."""

    def __init__(self) -> None:
        """A case is opened by `reach` or `open`."""
        self.case_id = 0
        self.at = NOW

    def open(self) -> int:
        """Open the case."""
        self.case_id = open_case(now=self.at)
        return self.case_id

    @property
    def case(self) -> Case:
        """Return the case as it is stored now."""
        with transaction() as session:
            return session.get_one(Case, self.case_id)

    def tick(self) -> datetime:
        """Return the time of the next act."""
        self.at += timedelta(minutes=1)
        return self.at

    def act(self, login: str, action: CaseAction, **fields: Any) -> None:
        """Take one act of `casework`; `version` in `fields` stands in for the present one."""
        version = fields.pop("version", None) or self.case.version
        command = casework.CaseCommand(self.case_id, version, action, **fields)
        casework.perform(command, actor=person(login), now=self.tick())

    def decide(self, login: str, action: CaseAction, note: str = "", actor: Actor | None = None) -> None:
        """Decide on the latest draft."""
        decision = drafting.Decision(self.case_id, self.case.version, action, note)
        drafting.decide(decision, actor=actor or person(login), now=self.tick())

    def dispatch(self, *co: str) -> None:
        """Send the case to the education bureau, and to `co` beside it."""
        others = tuple(department(code) for code in co)
        self.act("liaison", CaseAction.DISPATCH, department_id=department("jyj"), co_department_ids=others)

    def accept(self) -> None:
        """The department accepts."""
        self.act("handler", CaseAction.ACCEPT)

    def assess(self, login: str = "handler") -> None:
        """The handler files the assessment."""
        assessment.file_assessment(self.case_id, self.case.version, FORM, actor=person(login), now=self.tick())

    def draft(self, reply: ReplyText = REPLY, login: str = "handler") -> None:
        """The handler writes the reply."""
        version, actor = self.case.version, person(login)
        drafting.save_draft(self.case_id, version, reply, response_kind="hardship", actor=actor, now=self.tick())

    def cover(self) -> None:
        """The handler ties one question to the reply."""
        rows = (concerns.ConcernText("校车为什么超员？", outcome="answered", passage=REPLY.measures),)
        concerns.save_concerns(self.case_id, self.case.version, rows, actor=person("handler"), now=self.tick())

    def submit(self, login: str = "handler") -> None:
        """The handler hands the reply on."""
        drafting.submit(self.case_id, self.case.version, actor=person(login), now=self.tick())

    def publish(self, login: str = "liaison") -> int:
        """The liaison publishes; the publication's id comes back."""
        version, actor = self.case.version, person(login)
        return publication.publish(self.case_id, version, is_cleared=True, actor=actor, now=self.tick())

    def reach(self, state: str, *co: str) -> int:
        """Bring a new case as far as `state` and return its id."""
        self.open()
        for name in ORDER[1 : ORDER.index(state) + 1]:
            if name == "dispatched":
                self.dispatch(*co)
            else:
                getattr(self, f"_to_{name}")()
        return self.case_id

    def _to_accepted(self) -> None:
        self.accept()

    def _to_assessed(self) -> None:
        self.assess()

    def _to_drafting(self) -> None:
        self.draft()
        self.cover()

    def _to_in_review(self) -> None:
        self.submit()
        if self.case.state == "countersigning":
            self.decide("co_approver", CaseAction.COUNTERSIGN)

    def _to_signed(self) -> None:
        self.decide("approver", CaseAction.SIGN)

    def _to_published(self) -> None:
        self.publish()

    def _to_following(self) -> None:
        self.act("liaison", CaseAction.FOLLOW)

    def _to_closed(self) -> None:
        self.act("liaison", CaseAction.CLOSE)

    def evaluate(self) -> None:
        """The liaison evaluates the closed case."""
        form = evaluations.EvaluationForm(dict.fromkeys(CRITERIA, 4), "solved")
        evaluations.evaluate(self.case_id, self.case.version, form, actor=person("liaison"), now=self.tick())

    def _to_archived(self) -> None:
        self.evaluate()
        self.act("liaison", CaseAction.ARCHIVE)

    def latest_draft(self) -> Draft:
        """Return the newest draft."""
        with transaction() as session:
            statement = select(Draft).where(Draft.case_id == self.case_id).order_by(Draft.version.desc()).limit(1)
            return session.scalars(statement).one()

    def concerns(self) -> list[Concern]:
        """Return the questions on the case."""
        with transaction() as session:
            return list(session.scalars(select(Concern).where(Concern.case_id == self.case_id)))
