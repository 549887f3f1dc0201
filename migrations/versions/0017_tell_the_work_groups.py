"""Keep the chat groups that the ladder tells, tie messages to them, and keep the trainings asked for on the page.

Revision: 0017_tell_the_work_groups, after 0016_learn_from_corrections
"""

import sqlalchemy as sa
from alembic import op

revision = "0017_tell_the_work_groups"
down_revision = "0016_learn_from_corrections"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROBOT = "(channel = 'robot') = (group_id IS NOT NULL)"


def upgrade() -> None:
    """Make the table and tie messages to it; no message to a robot was ever written before."""
    op.create_table(
        "work_group",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("host", sa.String(253), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("department_id", KEY, nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('dingtalk', 'wecom', 'feishu', 'webhook')", name=op.f("ck_work_group_kind")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_work_group_has_name")),
        sa.CheckConstraint("sealed <> '' AND host <> ''", name=op.f("ck_work_group_has_address")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_work_group_department_id_department"),
        sa.PrimaryKeyConstraint("id", name="pk_work_group"),
        sa.UniqueConstraint("name", name="uq_work_group_name"),
    )
    op.create_index("ix_work_group_department_id", "work_group", ["department_id"])
    for table in ("rung_notice", "outbox_mail"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("group_id", KEY))
            batch.create_foreign_key(f"fk_{table}_group_id_work_group", "work_group", ["group_id"], ["id"])
            batch.create_check_constraint(op.f(f"ck_{table}_robot_has_group"), ROBOT)
    op.create_index("ix_outbox_mail_group_id", "outbox_mail", ["group_id"])
    _trainings()


def _trainings() -> None:
    at = sa.DateTime(timezone=True)
    op.create_table(
        "routing_training",
        sa.Column("id", KEY, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", KEY, nullable=False),
        sa.Column("asked_at", at, nullable=False),
        sa.Column("finished_at", at, nullable=True),
        sa.Column("lease_token", sa.String(36), nullable=True),
        sa.Column("lease_until", at, nullable=True),
        sa.Column("model_version", sa.String(40), nullable=False),
        sa.Column("problem", sa.String(300), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_routing_training_state")),
        sa.CheckConstraint("slot IS NULL OR slot = 1", name=op.f("ck_routing_training_one_slot")),
        sa.CheckConstraint(
            "(state IN ('waiting', 'running')) = (slot IS NOT NULL)", name=op.f("ck_routing_training_open_has_slot")
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name=op.f("ck_routing_training_ended_has_time")
        ),
        sa.CheckConstraint("state <> 'failed' OR problem <> ''", name=op.f("ck_routing_training_failed_has_reason")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user_account.id"], name="fk_routing_training_asked_by_id_user_account"),
        sa.PrimaryKeyConstraint("id", name="pk_routing_training"),
        sa.UniqueConstraint("slot", name="uq_routing_training_slot"),
    )


def downgrade() -> None:
    """Take the groups away, with what was sent to them: without its group a message says nothing."""
    op.drop_table("routing_training")
    op.execute("DELETE FROM rung_notice WHERE channel = 'robot'")
    op.execute("DELETE FROM outbox_mail WHERE channel = 'robot'")
    op.drop_index("ix_outbox_mail_group_id", "outbox_mail")
    for table in ("outbox_mail", "rung_notice"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_robot_has_group"), type_="check")
            batch.drop_constraint(f"fk_{table}_group_id_work_group", type_="foreignkey")
            batch.drop_column("group_id")
    op.drop_table("work_group")
