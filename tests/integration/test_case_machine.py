"""All roles do anything to a case in any order: nothing is published without another's signature, nothing is lost.

A hypothesis state machine: every act is tried by everybody, allowed or not. Refusals must leave the case as it was;
what is done must be in the history.
"""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from opinion_service.domain.casework.case_states import CaseAction, CaseState
from opinion_service.domain.casework.coverage import ReplyText
from opinion_service.domain.errors import DomainError
from opinion_service.models import AuditEvent, Case, CountersignDispute, Draft, Publication
from opinion_service.services import journal
from opinion_service.services.casework import (
    assessment,
    casework,
    checks,
    co_work,
    concerns,
    drafting,
    publication,
    review_route,
)
from opinion_service.services.transaction import transaction
from tests.story import FORM, NOW, PEOPLE, REPLY, Story, department, person

EXAMPLES, STEPS = 60, 50  # 3,000 steps
WHO = st.sampled_from(sorted(PEOPLE))
ROUTES = ({"ordinary": ["leader"]}, {"ordinary": ["publicity", "leader"]}, {"ordinary": ["section", "leader"]})
PERFORMED = sorted(set(casework.EFFECTS))
DECISIONS = sorted({CaseAction.COUNTERSIGN, CaseAction.OBJECT, CaseAction.CLEAR, CaseAction.SIGN, CaseAction.REJECT,
                    CaseAction.SEND_BACK})  # fmt: skip
_A = CaseAction
LIKELY: dict[str, tuple[tuple[str, str, tuple[Any, ...]], ...]] = {
    "new": (("act", "liaison", (_A.DISPATCH,)),),
    "dispatched": (("act", "handler", (_A.ACCEPT,)), ("act", "handler", (_A.ACCEPT,)),
                   ("act", "handler", (_A.RETURN,))),
    "returned": (("act", "liaison", (_A.RULE,)),),
    "accepted": (("assess", "handler", ()),),
    "assessed": (("draft", "handler", (1,)),),
    "drafting": (("draft", "handler", (2,)), ("cover", "handler", ()), ("submit", "handler", ()),
                 ("submit", "handler", ())),
    "countersigning": (("decide", "foreign_approver", (_A.COUNTERSIGN,)), ("decide", "foreign_approver", (_A.OBJECT,)),
                       ("settle", "supervisor", ("stand",)), ("settle", "liaison", ("revise",))),
    "in_review": (("decide", "liaison", (_A.CLEAR,)), ("decide", "approver", (_A.SIGN,)),
                  ("decide", "approver", (_A.CLEAR,)), ("decide", "approver", (_A.REJECT,))),
    "signed": (("publish", "liaison", (True,)), ("publish", "liaison", (True,)), ("decide", "liaison", (_A.SEND_BACK,))),
    "published": (("act", "liaison", (_A.FOLLOW,)), ("act", "handler", (_A.FOLLOW_UP,)),
                  ("act", "liaison", (_A.CLOSE,))),
    "following": (("act", "liaison", (_A.CLOSE,)), ("act", "liaison", (_A.FOLLOW_UP,))),
    "closed": (("act", "supervisor", (_A.REOPEN,)), ("act", "supervisor", (_A.REOPEN,)),
               ("act", "liaison", (_A.ARCHIVE,)), ("act", "liaison", (_A.REVISIT,))),
    "declined": (("act", "supervisor", (_A.REOPEN,)), ("act", "liaison", (_A.REVISIT,))),
}  # fmt: skip


class Desk(RuleBasedStateMachine):
    """One case and everybody at the desk."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.at = NOW
        self.texts: list[str] = []
        self.context = self.app.app_context()
        self.context.push()
        self.people = {login: person(login) for login in PEOPLE}
        self.units = {code: department(code) for code in ("jyj", "gaj", "wjw")}

    def teardown(self) -> None:
        self.context.pop()

    @initialize(route=st.sampled_from(ROUTES), far=st.sampled_from(["new", "drafting", "in_review", "published"]))
    def open(self, route: dict[str, list[str]], far: str) -> None:
        review_route.save({"ordinary": ["leader"]}, actor=self.people["admin"], now=NOW)
        story = Story()
        self.case_id = story.reach(far)
        self.at = story.at
        review_route.save(route, actor=self.people["admin"], now=self.at)
        with transaction() as session:
            self.texts = list(session.scalars(select(Draft.facts).where(Draft.case_id == self.case_id)))
        self.seen = self.snapshot()

    @rule(
        who=WHO, action=st.sampled_from(PERFORMED), unit=st.sampled_from(["jyj", "gaj"]), co=st.booleans(),
        grade=st.sampled_from(["ordinary", "serious"]), is_stale=st.integers(0, 9),
    )  # fmt: skip
    def act(self, who: str, action: CaseAction, unit: str, co: bool, grade: str, is_stale: int) -> None:
        fields: dict[str, Any] = {
            "note": "理由充分", "department_id": self.units[unit], "duty": "职责第三条", "review_on": date(2026, 6, 1),
            "co_department_ids": (self.units["wjw"],) if co else (), "grade": grade, "incident_level": "none",
        }  # fmt: skip
        command = casework.CaseCommand(self.case_id, self.version - (is_stale == 0), action, **fields)
        self.tried(lambda: casework.perform(command, actor=self.people[who], now=self.at))

    @rule(who=WHO, decision=st.sampled_from(DECISIONS))
    def decide(self, who: str, decision: CaseAction) -> None:
        word = drafting.Decision(self.case_id, self.version, decision, "请按意见修改")
        self.tried(lambda: drafting.decide(word, actor=self.people[who], now=self.at))

    @rule(who=st.sampled_from(["handler", "co_handler", "approver", "liaison"]))
    def assess(self, who: str) -> None:
        self.tried(lambda: assessment.file_assessment(
            self.case_id, self.version, FORM, actor=self.people[who], now=self.at))  # fmt: skip

    @rule(who=st.sampled_from(["handler", "co_handler", "approver", "liaison"]), number=st.integers(0, 99))
    def draft(self, who: str, number: int) -> None:
        facts = f"{REPLY.facts}第{number}次核对无误。"
        parts = {name: getattr(REPLY, name) for name in ("title", "basis", "measures", "result", "next_step")}
        reply = ReplyText(facts=facts, unit=REPLY.unit, contact=REPLY.contact, **parts)
        if self.tried(lambda: drafting.save_draft(
            self.case_id, self.version, reply, response_kind="hardship", actor=self.people[who], now=self.at)):  # fmt: skip
            self.texts.append(facts)

    @rule(who=st.sampled_from(["handler", "co_handler", "liaison"]))
    def cover(self, who: str) -> None:
        rows = (concerns.ConcernText("校车为什么超员？", outcome="answered", passage=REPLY.measures),)
        self.tried(lambda: concerns.save_concerns(
            self.case_id, self.version, rows, actor=self.people[who], now=self.at))  # fmt: skip

    @rule(who=st.sampled_from(["supervisor", "liaison", "approver", "foreign_approver"]),
          decision=st.sampled_from(["revise", "stand", ""]))  # fmt: skip
    def settle(self, who: str, decision: str) -> None:
        with transaction() as session:
            dispute_id = session.scalar(select(func.max(CountersignDispute.id))) or 0
        word = co_work.Settlement(self.case_id, self.version, dispute_id, decision, "已协调")
        self.tried(lambda: drafting.settle(word, actor=self.people[who], now=self.at))

    @rule(who=st.sampled_from(["handler", "co_handler", "approver", "liaison"]))
    def submit(self, who: str) -> None:
        self.tried(lambda: drafting.submit(self.case_id, self.version, actor=self.people[who], now=self.at))

    @rule(who=st.sampled_from(["liaison", "liaison2", "handler", "approver", "admin"]), is_cleared=st.booleans())
    def publish(self, who: str, is_cleared: bool) -> None:
        self.tried(lambda: publication.publish(
            self.case_id, self.version, is_cleared=is_cleared, actor=self.people[who], now=self.at))  # fmt: skip

    @rule(pick=st.integers(0, 11), more=st.integers(1, 3))
    def go_forward(self, pick: int, more: int) -> None:
        """Do what the right person would do now, so that every state is reached and left in many ways."""
        for _ in range(more):
            with transaction() as session:
                state = session.get_one(Case, self.case_id).state
            choices = LIKELY.get(state, ())
            if not choices:
                return
            name, who, value = choices[pick % len(choices)]
            {"act": self._likely_act, "decide": self.decide}.get(name, getattr(self, name))(who, *value)

    def _likely_act(self, who: str, action: CaseAction) -> None:
        self.act(who, action, "jyj", action is CaseAction.REROUTE, "ordinary", 9)

    def tried(self, act: Any) -> bool:
        """Do it; a refusal must have changed nothing."""
        self.at += timedelta(minutes=1)
        before = self.snapshot()
        try:
            act()
        except DomainError:
            assert self.snapshot() == before
            return False
        except IntegrityError as error:  # pragma: no cover - a constraint stood where a rule should have
            pytest.fail(f"only the database refused: {error.orig}")
        after = self.snapshot()
        assert after["events"] > before["events"]
        self.seen = after
        return True

    @property
    def version(self) -> int:
        with transaction() as session:
            return session.get_one(Case, self.case_id).version

    def snapshot(self) -> dict[str, Any]:
        with transaction() as session:
            case = session.get_one(Case, self.case_id)
            columns = {column.key: getattr(case, column.key) for column in Case.__table__.columns}
            events = session.scalars(select(AuditEvent.id).where(AuditEvent.case_id == self.case_id)).all()
            drafts = session.scalars(select(Draft.id).where(Draft.case_id == self.case_id)).all()
            return {"case": columns, "events": len(events), "drafts": len(drafts)}

    @invariant()
    def nothing_is_published_without_another_persons_signature(self) -> None:
        with transaction() as session:
            for one in session.scalars(select(Publication).where(Publication.case_id == self.case_id)):
                draft = session.get_one(Draft, one.draft_id)
                assert draft.approved_by_id not in (None, draft.author_id)
                assert one.body == checks.text_of(draft).whole
                signed = select(AuditEvent.id).where(
                    AuditEvent.case_id == self.case_id, AuditEvent.kind == "case_sign",
                    AuditEvent.actor_id == draft.approved_by_id,
                )  # fmt: skip
                assert session.scalars(signed).first() is not None

    @invariant()
    def every_state_has_its_history_row_and_no_text_is_lost(self) -> None:
        with transaction() as session:
            case = session.get_one(Case, self.case_id)
            rows = session.scalars(
                select(AuditEvent.to_state)
                .where(AuditEvent.case_id == self.case_id, AuditEvent.to_state != "")
                .order_by(AuditEvent.id.desc())
            )
            assert rows.first() == case.state
            assert case.state in set(CaseState)
            kept = session.scalars(select(Draft.facts).where(Draft.case_id == self.case_id).order_by(Draft.id))
            assert list(kept) == self.texts


@pytest.mark.slow
def test_nobody_finds_a_way_around(sqlite_app: Flask) -> None:
    Desk.app = sqlite_app
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    with sqlite_app.app_context(), transaction() as session:
        assert journal.verify(session, sqlite_app.config["JOURNAL_KEY"]).broken_id is None
