"""Keep the policy register, what is seen after a release, and the looks back.

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
    "policy_link", "policy_history",
)


def upgrade() -> None:
    _policy()
    _policy_concern()
    _policy_opinion()
    _policy_review()
    _policy_risk_point()
    _policy_version()
    _policy_link()
    _policy_history()


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)


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
