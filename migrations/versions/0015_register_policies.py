"""Keep the policy register with its watch and looks back, and what follows an answer: effect, proposals, evaluation.

Revision: 0015_register_policies, after 0014_answer_every_concern
"""

import sqlalchemy as sa
from alembic import op

revision = "0015_register_policies"
down_revision = "0014_answer_every_concern"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
TABLES = (
    "policy", "policy_concern", "policy_opinion", "policy_review", "policy_risk_point", "policy_version",
    "case_evaluation", "case_look", "case_proposal", "policy_link", "policy_history", "effect_watch",
)


def upgrade() -> None:
    _policy()
    _policy_concern()
    _policy_opinion()
    _policy_review()
    _policy_risk_point()
    _policy_version()
    _case_evaluation()
    _case_look()
    _case_proposal()
    _policy_link()
    _policy_history()
    _effect_watch()
    _widen_promise()


def downgrade() -> None:
    with op.batch_alter_table("promise") as batch:
        for name in ("first_due_on", "reminded"):
            batch.drop_column(name)
    for name in reversed(TABLES):
        op.drop_table(name)


def _widen_promise() -> None:
    with op.batch_alter_table("promise") as batch:
        batch.add_column(sa.Column("first_due_on", sa.Date()))
        batch.add_column(sa.Column("reminded", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE promise SET first_due_on = due_on")
    with op.batch_alter_table("promise") as batch:
        batch.alter_column("first_due_on", existing_type=sa.Date(), nullable=False)
        batch.alter_column("reminded", existing_type=sa.Integer(), existing_nullable=False, server_default=None)


def _policy_rules() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint("(state IN ('released', 'reviewed')) = (released_at IS NOT NULL)", name=op.f("ck_policy_was_released")),
        sa.CheckConstraint("(state IN ('signed', 'released', 'reviewed')) = (signed_at IS NOT NULL)", name=op.f("ck_policy_was_signed")),
        sa.CheckConstraint("conclusion IN ('', 'controllable', 'adjusted', 'uncontrollable')", name=op.f("ck_policy_conclusion")),
        sa.CheckConstraint("released_at IS NULL OR document_number <> ''", name=op.f("ck_policy_release_has_number")),
        sa.CheckConstraint("state IN ('drafting', 'consulting', 'in_review', 'signed', 'released', 'reviewed', 'dropped')", name=op.f("ck_policy_state")),
        sa.CheckConstraint("state NOT IN ('signed', 'released', 'reviewed') OR conclusion IN ('controllable', 'adjusted')", name=op.f("ck_policy_signed_is_controllable")),
        sa.CheckConstraint("(released_at IS NULL) = (watch_until IS NULL)", name=op.f("ck_policy_watch_of_release")),
        sa.CheckConstraint("(signed_by_id IS NULL) = (signed_at IS NULL)", name=op.f("ck_policy_signature_complete")),
        sa.CheckConstraint("head_count IS NULL OR head_count >= 0", name=op.f("ck_policy_head_count")),
        sa.CheckConstraint("signed_by_id IS NULL OR signed_by_id <> author_id", name=op.f("ck_policy_four_eyes")),
        sa.CheckConstraint("watch_days BETWEEN 30 AND 180", name=op.f("ck_policy_watch_days")),
        sa.CheckConstraint("watch_until IS NULL OR watch_until > released_at", name=op.f("ck_policy_watch_after_release")),
    )


def _policy() -> None:
    op.create_table(
        "policy",
        sa.Column("id", KEY, nullable=False), sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False), sa.Column("title", sa.String(200), nullable=False),
        sa.Column("edition", sa.String(60), nullable=False),
        sa.Column("document_number", sa.String(80), nullable=False), sa.Column("url", sa.String(500), nullable=False),
        sa.Column("department_id", KEY, nullable=False), sa.Column("state", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False), sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False), sa.Column("groups", sa.String(500), nullable=False),
        sa.Column("head_count", sa.Integer(), nullable=True), sa.Column("timing", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False), sa.Column("spokesperson", sa.String(120), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False), sa.Column("partners", sa.String(300), nullable=False),
        sa.Column("interpretation_plan", sa.Text(), nullable=False),
        sa.Column("interpretation_material", sa.Text(), nullable=False),
        sa.Column("is_organised", sa.Boolean(), nullable=False), sa.Column("conclusion", sa.String(16), nullable=False),
        sa.Column("conclusion_note", sa.Text(), nullable=False), sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("watch_days", sa.Integer(), nullable=False), sa.Column("edition_count", sa.Integer(), nullable=False),
        sa.Column("author_id", KEY, nullable=False), sa.Column("filed_at", AT, nullable=False),
        sa.Column("updated_at", AT, nullable=False), sa.Column("signed_by_id", KEY, nullable=True),
        sa.Column("signed_at", AT, nullable=True), sa.Column("released_at", AT, nullable=True),
        sa.Column("watch_until", AT, nullable=True), sa.Column("watched_to", AT, nullable=True),
        sa.Column("watched_item_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_policy_author_id_user_account")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_policy_department_id_department")),
        sa.ForeignKeyConstraint(["signed_by_id"], ["user_account.id"], name=op.f("fk_policy_signed_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint("year", "serial", name=op.f("uq_policy_year_serial")), *_policy_rules(),
    )
    op.create_index("ix_policy_department", "policy", ["department_id", "state", "id"], unique=False)
    op.create_index("ix_policy_updated", "policy", ["updated_at", "id"], unique=False)
    op.create_index("ix_policy_watch", "policy", ["state", "watch_until"], unique=False)


def _policy_concern() -> None:
    op.create_table(
        "policy_concern",
        sa.Column("id", KEY, nullable=False), sa.Column("policy_id", KEY, nullable=False),
        sa.Column("question", sa.String(300), nullable=False), sa.Column("answer", sa.String(1000), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.CheckConstraint("question <> ''", name=op.f("ck_policy_concern_question")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_concern_policy_id_policy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_concern")),
    )
    op.create_index("ix_policy_concern_policy_id", "policy_concern", ["policy_id"], unique=False)


def _policy_opinion() -> None:
    op.create_table(
        "policy_opinion",
        sa.Column("id", KEY, nullable=False), sa.Column("policy_id", KEY, nullable=False),
        sa.Column("department_id", KEY, nullable=True), sa.Column("about", sa.String(500), nullable=False),
        sa.Column("asked_by_id", KEY, nullable=False), sa.Column("asked_at", AT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False), sa.Column("stance", sa.String(8), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False), sa.Column("answered_by_id", KEY, nullable=True),
        sa.Column("answered_at", AT, nullable=True), sa.Column("reply", sa.String(1000), nullable=False),
        sa.CheckConstraint("(answered_at IS NULL) = (answered_by_id IS NULL) AND (answered_at IS NULL) = (stance = '')", name=op.f("ck_policy_opinion_answer_complete")),
        sa.CheckConstraint("stance = '' OR stance = 'agreed' OR text <> ''", name=op.f("ck_policy_opinion_advice_has_text")),
        sa.CheckConstraint("stance IN ('', 'agreed', 'advised', 'opposed')", name=op.f("ck_policy_opinion_stance")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["user_account.id"], name=op.f("fk_policy_opinion_answered_by_id_user_account")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user_account.id"], name=op.f("fk_policy_opinion_asked_by_id_user_account")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_policy_opinion_department_id_department")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_opinion_policy_id_policy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_opinion")),
    )
    op.create_index("ix_policy_opinion_policy_id", "policy_opinion", ["policy_id"], unique=False)
    op.create_index("ix_policy_opinion_waiting", "policy_opinion", ["department_id", "answered_at"], unique=False)


def _policy_review() -> None:
    op.create_table(
        "policy_review",
        sa.Column("id", KEY, nullable=False), sa.Column("policy_id", KEY, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False), sa.Column("due_at", AT, nullable=False),
        sa.Column("findings", sa.Text(), nullable=False), sa.Column("adjustments", sa.Text(), nullable=False),
        sa.Column("comparison", sa.JSON(), nullable=False), sa.Column("reminded_at", AT, nullable=True),
        sa.Column("done_by_id", KEY, nullable=True), sa.Column("done_at", AT, nullable=True),
        sa.CheckConstraint("done_at IS NULL OR findings <> ''", name=op.f("ck_policy_review_review_has_findings")),
        sa.CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name=op.f("ck_policy_review_review_complete")),
        sa.CheckConstraint("day IN (7, 30)", name=op.f("ck_policy_review_day")),
        sa.ForeignKeyConstraint(["done_by_id"], ["user_account.id"], name=op.f("fk_policy_review_done_by_id_user_account")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_review_policy_id_policy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_review")),
        sa.UniqueConstraint("policy_id", "day", name=op.f("uq_policy_review_policy_id_day")),
    )
    op.create_index("ix_policy_review_due", "policy_review", ["done_at", "due_at"], unique=False)


def _policy_risk_point() -> None:
    op.create_table(
        "policy_risk_point",
        sa.Column("id", KEY, nullable=False), sa.Column("policy_id", KEY, nullable=False),
        sa.Column("description", sa.String(300), nullable=False), sa.Column("trigger", sa.String(300), nullable=False),
        sa.Column("measure", sa.String(500), nullable=False), sa.Column("likelihood", sa.Integer(), nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        sa.CheckConstraint("impact BETWEEN 1 AND 5", name=op.f("ck_policy_risk_point_impact")),
        sa.CheckConstraint("likelihood BETWEEN 1 AND 5", name=op.f("ck_policy_risk_point_likelihood")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_risk_point_policy_id_policy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_risk_point")),
    )
    op.create_index("ix_policy_risk_point_policy_id", "policy_risk_point", ["policy_id"], unique=False)


def _policy_version() -> None:
    op.create_table(
        "policy_version",
        sa.Column("id", KEY, nullable=False), sa.Column("policy_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False), sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(300), nullable=False), sa.Column("author_id", KEY, nullable=False),
        sa.Column("saved_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_policy_version_author_id_user_account")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_version_policy_id_policy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("policy_id", "number", name=op.f("uq_policy_version_policy_id_number")),
    )


def _case_evaluation() -> None:
    op.create_table(
        "case_evaluation",
        sa.Column("id", KEY, nullable=False), sa.Column("case_id", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False), sa.Column("department_id", KEY, nullable=False),
        sa.Column("is_timely", sa.Boolean(), nullable=False), sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False), sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("rubric_version", sa.String(20), nullable=False), sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False), sa.Column("evaluated_by_id", KEY, nullable=False),
        sa.Column("evaluated_at", AT, nullable=False),
        sa.CheckConstraint("outcome IN ('solved', 'partly', 'explained', 'unsolved')", name=op.f("ck_case_evaluation_outcome")),
        sa.CheckConstraint("total BETWEEN 20 AND 100", name=op.f("ck_case_evaluation_total")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_evaluation_case_id_case_file")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_case_evaluation_department_id_department")),
        sa.ForeignKeyConstraint(["evaluated_by_id"], ["user_account.id"], name=op.f("fk_case_evaluation_evaluated_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_evaluation")),
        sa.UniqueConstraint("case_id", "round", name=op.f("uq_case_evaluation_case_id_round")),
    )
    op.create_index("ix_case_evaluation_department", "case_evaluation", ["department_id", "id"], unique=False)
    op.create_index("ix_case_evaluation_total", "case_evaluation", ["total", "id"], unique=False)


def _case_look() -> None:
    op.create_table(
        "case_look",
        sa.Column("case_id", KEY, nullable=False), sa.Column("looked_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_look_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_look")),
    )
    op.create_index("ix_case_look_at", "case_look", ["looked_at"], unique=False)


def _case_proposal() -> None:
    op.create_table(
        "case_proposal",
        sa.Column("id", KEY, nullable=False), sa.Column("case_id", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False), sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("value", sa.String(12), nullable=False), sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("basis", sa.JSON(), nullable=False), sa.Column("state", sa.String(10), nullable=False),
        sa.Column("proposed_at", AT, nullable=False), sa.Column("decided_at", AT, nullable=True),
        sa.Column("decided_by_id", KEY, nullable=True), sa.Column("note", sa.String(500), nullable=False),
        sa.CheckConstraint("(kind = 'round') = (value = '')", name=op.f("ck_case_proposal_value_of_kind")),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_case_proposal_decided_at")),
        sa.CheckConstraint("kind IN ('grade', 'must_answer', 'incident', 'round')", name=op.f("ck_case_proposal_kind")),
        sa.CheckConstraint("state <> 'refused' OR note <> ''", name=op.f("ck_case_proposal_refusal_has_reason")),
        sa.CheckConstraint("state IN ('open', 'accepted', 'refused', 'superseded')", name=op.f("ck_case_proposal_state")),
        sa.CheckConstraint("state NOT IN ('accepted', 'refused') OR decided_by_id IS NOT NULL", name=op.f("ck_case_proposal_decided_by")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_proposal_case_id_case_file")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user_account.id"], name=op.f("fk_case_proposal_decided_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_proposal")),
    )
    op.create_index("ix_case_proposal_case", "case_proposal", ["case_id", "id"], unique=False)
    op.create_index("ix_case_proposal_state", "case_proposal", ["state", "id"], unique=False)
    op.create_index("uq_case_proposal_open", "case_proposal", ["case_id", "kind"], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))


def _policy_link() -> None:
    op.create_table(
        "policy_link",
        sa.Column("id", KEY, nullable=False), sa.Column("policy_id", KEY, nullable=False),
        sa.Column("event_id", KEY, nullable=False), sa.Column("concern_id", KEY, nullable=True),
        sa.Column("reason", sa.String(300), nullable=False), sa.Column("found_at", AT, nullable=False),
        sa.Column("is_sorted_by_hand", sa.Boolean(), nullable=False), sa.Column("removed_at", AT, nullable=True),
        sa.Column("removed_by_id", KEY, nullable=True), sa.Column("removed_reason", sa.String(300), nullable=False),
        sa.CheckConstraint("removed_at IS NULL OR removed_reason <> ''", name=op.f("ck_policy_link_removal_has_reason")),
        sa.CheckConstraint("(removed_at IS NULL) = (removed_by_id IS NULL)", name=op.f("ck_policy_link_removal_complete")),
        sa.ForeignKeyConstraint(["concern_id"], ["policy_concern.id"], name=op.f("fk_policy_link_concern_id_policy_concern")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_policy_link_event_id_event")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_link_policy_id_policy")),
        sa.ForeignKeyConstraint(["removed_by_id"], ["user_account.id"], name=op.f("fk_policy_link_removed_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_link")),
        sa.UniqueConstraint("policy_id", "event_id", name=op.f("uq_policy_link_policy_id_event_id")),
    )
    op.create_index("ix_policy_link_event_id", "policy_link", ["event_id"], unique=False)


def _policy_history() -> None:
    op.create_table(
        "policy_history",
        sa.Column("policy_id", KEY, nullable=False), sa.Column("audit_event_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["audit_event_id"], ["audit_event.id"], name=op.f("fk_policy_history_audit_event_id_audit_event")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_history_policy_id_policy")),
        sa.PrimaryKeyConstraint("policy_id", "audit_event_id", name=op.f("pk_policy_history")),
    )


def _effect_watch() -> None:
    op.create_table(
        "effect_watch",
        sa.Column("id", KEY, nullable=False), sa.Column("case_id", KEY, nullable=False),
        sa.Column("publication_id", KEY, nullable=False), sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("published_at", AT, nullable=False), sa.Column("ends_at", AT, nullable=False),
        sa.Column("looked_at", AT, nullable=False), sa.Column("heat_before", sa.Double(), nullable=False),
        sa.Column("heat_peak", sa.Double(), nullable=False), sa.Column("items_before", sa.Integer(), nullable=False),
        sa.Column("items_after", sa.Integer(), nullable=False),
        sa.Column("complaints_after", sa.Integer(), nullable=False), sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("open_before", sa.Integer(), nullable=False), sa.Column("open_after", sa.Integer(), nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.CheckConstraint("ends_at > published_at", name=op.f("ck_effect_watch_ends_after_publication")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_effect_watch_case_id_case_file")),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"], name=op.f("fk_effect_watch_publication_id_publication")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effect_watch")),
        sa.UniqueConstraint("case_id", "round", name=op.f("uq_effect_watch_case_id_round")),
    )
    op.create_index("ix_effect_watch_ended", "effect_watch", ["ended_at", "ends_at"], unique=False)
