"""The papers of a case from its rows: 交办单, 风险评估报告, 处置反馈表; None while the case has not come so far."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service import data
from opinion_service.domain.casework import papers as rule
from opinion_service.domain.casework.coverage import KIND_LABELS, ResponseKind
from opinion_service.domain.casework.official import minute
from opinion_service.domain.casework.papers import CasePaper
from opinion_service.domain.casework.risk import rubrics
from opinion_service.domain.clocks.sla import ClockKind, IncidentLevel, OpinionGrade
from opinion_service.domain.reading.opening import CLASSES
from opinion_service.models import (
    Assessment,
    AuditEvent,
    Consultation,
    PublicationChannel,
    Review,
    User,
)
from opinion_service.queries.casework.case_page import CaseView

HANDED = ("case_dispatch", "case_reroute", "case_rule", "case_reopen")
MOST_LINKS = 5
# The slip names what the department owes, not what the desk owes it.
OWED_BY_UNIT = frozenset(
    kind.label
    for kind in (
        ClockKind.SIGN_RECEIPT, ClockKind.ASSESSMENT, ClockKind.FIRST_RELEASE, ClockKind.RESPONSE,
        ClockKind.VERIFICATION, ClockKind.CO_OPINION, ClockKind.CLOSURE,
    )
)  # fmt: skip
STAGES = {"first": "首次回应", "follow_up": "续报", "final": "终报"}


def available(view: CaseView) -> tuple[CasePaper, ...]:
    """Return the papers that the case can be printed as now."""
    has = {
        CasePaper.SLIP: view.case.dispatched_at is not None,
        CasePaper.RISK: view.assessment is not None,
        CasePaper.FEEDBACK: view.draft is not None,
    }
    return tuple(kind for kind in CasePaper if has[kind])


def paper(session: Session, view: CaseView, kind: CasePaper, *, now: datetime) -> dict[str, Any] | None:
    """Return one paper of the case as plain JSON, or None when there is nothing to print yet."""
    if kind not in available(view):
        return None
    if kind is CasePaper.SLIP:
        return rule.slip(_head(view), _spread(view), _handing(session, view), now=now)
    if kind is CasePaper.RISK and view.assessment is not None:
        return rule.risk_report(_head(view), _spread(view), _risk(session, view, view.assessment))
    return rule.feedback(_head(view), _feedback(session, view), now=now)


def meetings(session: Session, case_id: int) -> tuple[Consultation, ...]:
    """Return the joint meetings on a case in the order of time."""
    statement = select(Consultation).where(Consultation.case_id == case_id)
    return tuple(session.scalars(statement.order_by(Consultation.held_at, Consultation.id)))


def _head(view: CaseView) -> rule.CaseHead:
    case = view.case
    return rule.CaseHead(
        number=case.number,
        title=case.title,
        grade=case.grade,
        grade_label=f"{OpinionGrade(case.grade).label}（{OpinionGrade(case.grade).colour}）",
        level_label=IncidentLevel(case.incident_level).label,
        topic=case.hot_topic,
        must_answer=CLASSES.get(case.must_answer_class, ""),
        lead=view.department,
        co=tuple(link.department.name for link in case.co_departments),
        detected_at=case.detected_at,
        clocks=tuple((clock.name, clock.due_at) for clock in view.clocks if clock.name in OWED_BY_UNIT),
    )


def _spread(view: CaseView) -> rule.Spread:
    heard = Counter(item.source for item in view.items)
    return rule.Spread(
        first_at=min((item.at for item in view.items), default=None),
        items=len(view.items),
        sources=tuple(heard.most_common()),
        links=tuple(item.url for item in view.items if item.url)[:MOST_LINKS],
        summary=view.case.summary,
    )


def _handing(session: Session, view: CaseView) -> rule.Handing:
    rows = list(
        session.scalars(
            select(AuditEvent)
            .where(AuditEvent.case_id == view.case.id, AuditEvent.kind.in_((*HANDED, "case_accept")))
            .order_by(AuditEvent.id)
        )
    )
    handed = next((row for row in reversed(rows) if row.kind in HANDED), None)
    received = next((row for row in reversed(rows) if row.kind == "case_accept"), None)
    if received is not None and handed is not None and received.id < handed.id:
        received = None
    return rule.Handing(
        by=handed.actor_name if handed else "",
        at=handed.at if handed else None,
        note=(handed.reason or handed.summary) if handed else "",
        received_by=received.actor_name if received else "",
        received_at=received.at if received else None,
    )


def _risk(session: Session, view: CaseView, filed: Assessment) -> rule.RiskFacts:
    rubric = rubrics(data.read_json("risk_rubric.json")).get(filed.rubric_version)
    author = session.get_one(User, filed.author_id)
    names = ("facts", "spread", "trend", "affected", "handling", "line")
    return rule.RiskFacts(
        version=filed.version,
        parts={name: getattr(filed, name) for name in names},
        points=tuple(
            (
                point.description, point.trigger, str(point.likelihood), str(point.impact),
                f"{point.likelihood * point.impact}{_level(rubric, point.likelihood * point.impact)}",
            )
            for point in filed.risk_points
        ),
        grade_label=OpinionGrade(filed.recommended_grade).label,
        rubric=f"{rubric.version}版，{rubric.basis}" if rubric else "",
        author=author.name,
        filed_at=filed.filed_at,
        meetings=tuple((one.held_at, one.attendees, one.conclusion) for one in meetings(session, view.case.id)),
    )  # fmt: skip


def _level(rubric: Any, score: int) -> str:
    return f"（{rubric.level(score)}）" if rubric else ""


def _feedback(session: Session, view: CaseView) -> rule.FeedbackFacts:
    draft = view.draft
    if draft is None:
        raise LookupError("no draft")
    reviewers = session.scalars(
        select(User.name)
        .join(Review, Review.actor_id == User.id)
        .where(Review.draft_id == draft.id, Review.decision == "clear")
        .order_by(Review.id)
    )
    return rule.FeedbackFacts(
        kind_label=KIND_LABELS[ResponseKind(view.case.response_kind)] if view.case.response_kind else "",
        reply={name: getattr(draft, name) for name in ("facts", "basis", "measures", "result", "next_step")},
        concerns=tuple(
            (one.question, rule.OUTCOMES[one.outcome], one.passage or (str(one.promised_on) if one.promised_on else ""))
            for one in view.concerns
        ),
        promises=tuple(
            (one.text, str(one.due_on), f"已兑现：{one.kept_note}" if one.kept_at else "未兑现")
            for one in view.promises
        ),
        published=_published(session, view),
        countersigned=tuple(
            (f"会签：{link.department.name}", _signed(link.countersigned_version, draft.version, link.countersigned_at))
            for link in view.case.co_departments
        ),
        author=view.names.get(draft.author_id, ""),
        reviewers=tuple(dict.fromkeys(reviewers)),
        approver=view.names.get(draft.approved_by_id or 0, ""),
        approved_at=draft.approved_at,
    )


def _signed(version: int, latest: int, at: datetime | None) -> str:
    return f"已会签第{version}版　{minute(at)}" if version == latest else "未会签本版"


def _published(session: Session, view: CaseView) -> tuple[tuple[str, str, str], ...]:
    ids = [one.id for one in view.publications]
    channels = session.scalars(
        select(PublicationChannel).where(PublicationChannel.publication_id.in_(ids)).order_by(PublicationChannel.at)
    ).all()
    rows = []
    for one in view.publications:
        rows.append((STAGES[one.stage], "本平台公开页", f"{minute(one.published_at)}　/responses/{one.id}"))
        rows += [
            (STAGES[one.stage], rule.CHANNELS[channel.channel], f"{minute(channel.at)}　{channel.url}")
            for channel in channels
            if channel.publication_id == one.id
        ]
    return tuple(rows)
