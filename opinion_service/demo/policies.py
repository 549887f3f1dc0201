"""Plays the scripted policies of the demo through the services, each act at its own time and by the right person."""

from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select

from opinion_service.clock import DESK_ZONE
from opinion_service.data import read_json
from opinion_service.domain.errors import DomainError
from opinion_service.domain.people import Actor, Role
from opinion_service.domain.policies.assessment import ForeseenConcern, PolicyRisk, PolicyText
from opinion_service.domain.policies.watch import review_due
from opinion_service.models import Policy, PolicyOpinion, User
from opinion_service.services import maintenance
from opinion_service.services.policies import consulting, filing, reviewing, signing, watching
from opinion_service.services.policies.policy_book import Seen
from opinion_service.services.transaction import transaction

log = structlog.get_logger()
ORDER = ("drafting", "consulting", "in_review", "signed", "released", "reviewed")
_LISTS = ("channels", "keywords")


def play_all(now: datetime) -> None:
    """Bring every scripted policy as far as its story says; one that no longer fits the rules stays behind."""
    for number, story in enumerate(read_json("demo/policies.json")):
        try:
            _PolicyStory(story, now).play()
        except DomainError as refusal:
            log.warning("policy_story_stopped", number=number, reason=type(refusal).__name__)


class _PolicyStory:
    def __init__(self, story: dict[str, Any], now: datetime) -> None:
        self.story, self.now = story, now
        self.at = now - timedelta(days=story["filed_days_ago"])
        self.policy_id = 0

    def play(self) -> None:
        """Go through the steps up to the one that the story reaches."""
        self._file()
        steps = (self._consult, self._submit, self._sign, self._release, self._review)
        for step in steps[: ORDER.index(self.story["reach"])]:
            step()
        if self.story["reach"] == "released":
            self._review()

    def _file(self) -> None:
        self.policy_id = filing.file(self._text(), actor=self._unit(Role.HANDLER), now=self.at)

    def _consult(self) -> None:
        departments, opinions = maintenance.department_ids(), self.story["opinions"]
        ids = tuple(departments[one["department"]] for one in opinions if one["department"])
        due_on = self._day(5)
        asking = consulting.Asking(
            ids,
            any(not one["department"] for one in opinions),
            "请就全文提出意见，重点看涉及贵单位职责的条款。",
            due_on,
        )
        consulting.ask(self._seen(), asking, actor=self._unit(Role.HANDLER), now=self._tick())
        for one in opinions:
            if one["stance"]:
                self._answer(one, departments.get(one["department"]))

    def _answer(self, one: dict[str, Any], department_id: int | None) -> None:
        role = Role.APPROVER if department_id else Role.LIAISON
        actor = self._person(role, department_id)
        with transaction() as session:
            asked = (
                PolicyOpinion.department_id == department_id if department_id else PolicyOpinion.department_id.is_(None)
            )
            statement = select(PolicyOpinion.id).where(PolicyOpinion.policy_id == self.policy_id, asked)
            opinion_id = session.scalars(statement).one()
        consulting.answer(opinion_id, self._seen(), one["stance"], one["text"], actor=actor, now=self._tick())
        if one.get("reply"):
            handler = self._unit(Role.HANDLER)
            consulting.reply(opinion_id, self._seen(), one["reply"], actor=handler, now=self._tick())

    def _submit(self) -> None:
        signing.submit(self._seen(), actor=self._unit(Role.HANDLER), now=self._tick())

    def _sign(self) -> None:
        actor = self._unit(Role.APPROVER)
        signing.sign(self._seen(), is_cosigned=True, note="同意。", actor=actor, now=self._tick())

    def _release(self) -> None:
        at = self.now - timedelta(days=self.story["released_days_ago"])
        self.at = max(self.at, at)
        form = signing.Release(self.story["number"], is_rolled_out=True)
        signing.release(self._seen(), form, actor=self._unit(Role.HANDLER), now=self.at)

    def _review(self) -> None:
        released = self.at
        for one in self.story["reviews"]:
            at = min(review_due(released, one["day"]) - timedelta(hours=9), self.now)
            watching.look(now=at)
            actor = self._unit(Role.APPROVER)
            reviewing.review(
                self._seen(), one["day"], one["findings"], one["adjustments"], actor=actor, now=at
            )  # fmt: skip

    def _text(self) -> PolicyText:
        values = dict(self.story["text"])
        days = values.pop("planned_in_days", None)
        values |= {name: tuple(values[name]) for name in _LISTS}
        values["concerns"] = tuple(
            ForeseenConcern(one["question"], one["answer"], tuple(one["words"])) for one in values["concerns"]
        )
        values["risks"] = tuple(PolicyRisk(**one) for one in values["risks"])
        is_organised = bool(values["interpretation_material"])
        return PolicyText(**values, is_organised=is_organised, planned_on=self._day(days) if days else None)

    def _day(self, days: int) -> date:
        return (self.at + timedelta(days=days)).astimezone(DESK_ZONE).date()

    def _tick(self) -> datetime:
        self.at = min(self.at + timedelta(hours=9), self.now)
        return self.at

    def _seen(self) -> Seen:
        with transaction() as session:
            return Seen(self.policy_id, session.get_one(Policy, self.policy_id).version)

    def _unit(self, role: Role) -> Actor:
        return self._person(role, maintenance.department_ids()[self.story["department"]])

    @staticmethod
    def _person(role: Role, department_id: int | None) -> Actor:
        with transaction() as session:
            of = User.department_id == department_id if department_id else User.department_id.is_(None)
            user = session.scalars(select(User).where(User.role == role.value, of).order_by(User.id).limit(1)).one()
            return Actor(user.id, user.name, role, user.department_id)
