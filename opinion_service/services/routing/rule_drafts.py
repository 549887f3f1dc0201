"""The draft of the routing rules: made from what is in force or from a shipped version, changed step by step."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, IllegalMove, InvalidInput, NotFound, StaleCase
from opinion_service.domain.people import Actor
from opinion_service.domain.routing import OrderedRule, RuleSet, even
from opinion_service.domain.routing.rule_diff import merge
from opinion_service.domain.routing.rule_edits import EDITORS, Edit, PutRule, normalised
from opinion_service.models import Department, RuleChange, RuleDraft, RuleVersion, Ruling, RulingWord
from opinion_service.services import journal
from opinion_service.services.transaction import transaction

MOST_WORDS_OF_RULING = 3  # all of them have to stand in a text: one word alone would draw in what was never ruled on


def open_draft(*, actor: Actor, now: datetime) -> None:
    """Make a draft of the rules in force; when one is alive already, nothing happens."""
    check_editor(actor)
    with transaction() as session:
        ensure(session, actor=actor, now=now)


def open_from_shipped(version_id: int, *, actor: Actor, now: datetime) -> None:
    """Make a draft that takes over a shipped version; what the desk changed itself since its origin stays.

    Raise NotFound for another kind of version, IllegalMove while a draft is alive.
    """
    check_editor(actor)
    with transaction() as session:
        shipped = session.get(RuleVersion, version_id)
        if shipped is None or shipped.kind != "routing" or not is_shipped(shipped.record):
            raise NotFound("没有这个随产品提供的版本。")
        if alive(session) is not None:
            raise IllegalMove("已有一份草稿，请先发布或放弃后再采用新版本。")
        active = in_force(session)
        mine, theirs = _normal(session, active.record), _normal(session, shipped.record)
        origin = session.scalar(select(RuleVersion).where(RuleVersion.version == f"routing-{mine['shipped']}"))
        base = _normal(session, origin.record) if origin is not None else mine
        merged = merge(base, mine, theirs) | {"shipped": theirs["version"], "version": mine["version"]}
        draft = _make(session, active, merged, actor, now)
        note_change(session, draft, ("", f"采用随产品提供的版本 {theirs['version']}", ""), actor=actor, now=now)


def change(revision: int, edit: Edit, note: str = "", *, actor: Actor, now: datetime) -> str:
    """Apply one edit to the draft as it was shown, and return the id of the rule; a proposal is thereby withdrawn.

    Raise StaleCase when somebody else changed the draft, InvalidInput or NotFound when the edit cannot be made.
    """
    check_editor(actor)
    with transaction() as session:
        draft = load_unchanged(session, revision)
        edited = edit.apply(draft.record)
        draft.record, draft.state = edited.record, "open"
        draft.proposed_by_id = draft.proposed_at = None
        note_change(session, draft, (edited.rule_id, edited.summary, note), actor=actor, now=now)
        return edited.rule_id


def rule_from_ruling(ruling_id: int, *, actor: Actor, now: datetime) -> str:
    """Put a rule made from a precedent on top of the draft, and return its id; a ruling becomes a rule once.

    It asks for all of the case's most telling words of duty, those of the title first; the person looks over them
    before it is published.
    """
    check_editor(actor)
    with transaction() as session:
        ruling = session.get(Ruling, ruling_id, with_for_update=True)
        if ruling is None:
            raise NotFound("没有这项裁定。")
        draft = ensure(session, actor=actor, now=now)
        if ruling.rule_id and any(one["id"] == ruling.rule_id for one in draft.record.get("ordered", ())):
            return ruling.rule_id
        target = session.get_one(Department, ruling.department_id)
        statement = select(RulingWord.word).where(RulingWord.ruling_id == ruling.id).order_by(RulingWord.word)
        title = even(ruling.title)
        words = sorted(session.scalars(statement), key=lambda word: (word not in title, -len(word), word))
        rule = OrderedRule(
            id="", name=f"裁定：{ruling.title}"[:60], target=target.code,
            all=tuple(words[:MOST_WORDS_OF_RULING]) or (ruling.title[:20],), ruling_id=ruling.id,
        )  # fmt: skip
        edited = PutRule(rule).apply(draft.record)
        draft.record, draft.state, draft.proposed_by_id, draft.proposed_at = edited.record, "open", None, None
        ruling.rule_id = edited.rule_id
        note_change(session, draft, (edited.rule_id, edited.summary, f"依据裁定 {ruling.id}"), actor=actor, now=now)
        return edited.rule_id


def rebase(revision: int, *, actor: Actor, now: datetime) -> None:
    """Put the draft on the rules now in force; what both changed keeps the draft's value."""
    check_editor(actor)
    with transaction() as session:
        draft, active = load_unchanged(session, revision), in_force(session)
        if draft.base_version_id == active.id:
            return
        base = _normal(session, session.get_one(RuleVersion, draft.base_version_id).record)
        theirs = _normal(session, active.record)
        draft.record = merge(base, draft.record, theirs) | {"version": theirs["version"]}
        draft.base_version_id, draft.state, draft.proposed_by_id, draft.proposed_at = active.id, "open", None, None
        note_change(session, draft, ("", f"换到现行版本 {theirs['version']}", ""), actor=actor, now=now)


def propose(revision: int, note: str, *, actor: Actor, now: datetime) -> None:
    """Ask for the draft to be put in force; another person confirms. Raise InvalidInput without a note."""
    check_editor(actor)
    if not note.strip():
        raise InvalidInput("请写明这次修改了什么、为什么。", "note")
    with transaction() as session:
        draft = load_unchanged(session, revision)
        RuleSet.from_record(draft.record)
        draft.state, draft.note = "proposed", note.strip()[:300]
        draft.proposed_by_id, draft.proposed_at = actor.user_id, now
        note_change(session, draft, ("", "提请发布", note), actor=actor, now=now)


def discard(revision: int, *, actor: Actor, now: datetime) -> None:
    """Give the draft up; its history stays."""
    check_editor(actor)
    with transaction() as session:
        draft = load_unchanged(session, revision)
        draft.state, draft.slot, draft.updated_at = "discarded", None, now
        draft.proposed_by_id = draft.proposed_at = None
        entry = journal.Entry("rules_discarded", "放弃交办规则草稿", detail={"draft_id": draft.id})
        journal.record(session, entry, actor=actor, now=now)


def ensure(session: Session, *, actor: Actor, now: datetime) -> RuleDraft:
    """Return the living draft, made from the rules in force when there is none; inside the caller's transaction."""
    draft = alive(session)
    if draft is not None:
        return draft
    active = in_force(session)
    return _make(session, active, _normal(session, active.record), actor, now)


def alive(session: Session) -> RuleDraft | None:
    """Return the living draft, locked, or None."""
    return session.scalar(select(RuleDraft).where(RuleDraft.slot == 1).with_for_update())


def load_unchanged(session: Session, revision: int) -> RuleDraft:
    """Return the living draft, locked, as it was shown; raise NotFound or StaleCase."""
    draft = alive(session)
    if draft is None:
        raise NotFound("草稿已发布或放弃，请重新建立。")
    if draft.revision != revision:
        raise StaleCase("草稿刚被他人修改。您填写的内容已保留在下方，请核对后重新提交。")
    return draft


def in_force(session: Session) -> RuleVersion:
    """Return the version of the routing rules in force; raise NotFound before the first is loaded."""
    statement = select(RuleVersion).where(RuleVersion.kind == "routing", RuleVersion.is_active)
    found = session.scalar(statement.order_by(RuleVersion.id.desc()).limit(1))
    if found is None:
        raise NotFound("尚未载入规则（routing），请先运行 flask setup。")
    return found


def is_shipped(record: dict[str, Any]) -> bool:
    """Return whether a record came with the product as it is: one made at the desk names its origin."""
    return "shipped" not in record


def note_change(session: Session, draft: RuleDraft, what: tuple[str, str, str], *, actor: Actor, now: datetime) -> None:
    """Count the draft's revision up and write the change down: `what` is the rule's id, the change, the reason."""
    rule_id, summary, note = what
    draft.revision, draft.updated_at = draft.revision + 1, now
    session.add(
        RuleChange(
            draft_id=draft.id, rule_id=rule_id, summary=summary[:300], note=note.strip()[:300],
            actor_id=actor.user_id, at=now,
        )
    )  # fmt: skip
    session.flush()
    detail = {"draft_id": draft.id, "rule_id": rule_id, "revision": draft.revision}
    entry = journal.Entry("rules_changed", f"交办规则草稿：{summary}", reason=note.strip(), detail=detail)
    journal.record(session, entry, actor=actor, now=now)


def check_editor(actor: Actor) -> None:
    """Raise Forbidden unless the actor may work on the rules."""
    if actor.role not in EDITORS:
        raise Forbidden("只有联络员、督查或系统管理员可以修改交办规则。")


def _make(session: Session, base: RuleVersion, record: dict[str, Any], actor: Actor, now: datetime) -> RuleDraft:
    draft = RuleDraft(
        slot=1, base_version_id=base.id, record=record, created_by_id=actor.user_id, created_at=now, updated_at=now
    )
    session.add(draft)
    session.flush()
    entry = journal.Entry("rules_drafted", f"以 {base.version} 建立交办规则草稿", detail={"draft_id": draft.id})
    journal.record(session, entry, actor=actor, now=now)
    return draft


def _normal(session: Session, record: dict[str, Any]) -> dict[str, Any]:
    rows = session.execute(select(Department.code, Department.duties)).all()
    return normalised(record, {row.code: row.duties for row in rows})
