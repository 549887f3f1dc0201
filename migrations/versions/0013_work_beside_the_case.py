"""Lay tables for tasks, files, saved views and presence, and keep why an event was put off.

Revision: 0013_work_beside_the_case, after 0012_watch_and_hold
"""

import sqlalchemy as sa
from alembic import op

revision = "0013_work_beside_the_case"
down_revision = "0012_watch_and_hold"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("event", sa.Column("snooze_reason", sa.String(300), nullable=False, server_default=""))
    op.execute("UPDATE event SET snooze_reason = '稍后提醒' WHERE snoozed_until IS NOT NULL")
    with op.batch_alter_table("event") as batch:
        batch.alter_column("snooze_reason", existing_type=sa.String(300), existing_nullable=False, server_default=None)
        batch.create_check_constraint(op.f("ck_event_snooze_reason"), "snoozed_until IS NULL OR snooze_reason <> ''")
    op.create_index("ix_event_snoozed", "event", ["snoozed_until"])
    _tasks()
    _files()
    _views()
    op.create_table(
        "presence",
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("is_writing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_presence_case_id_case_file")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_presence_user_id_user_account")),
        sa.PrimaryKeyConstraint("case_id", "user_id", name=op.f("pk_presence")),
    )
    op.create_index("ix_presence_at", "presence", ["at"])


def _tasks() -> None:
    op.create_table(
        "case_task",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("made_by_id", KEY, nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("done_at", AT, nullable=True),
        sa.Column("done_by_id", KEY, nullable=True),
        sa.Column("done_note", sa.String(300), nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_case_task_text")),
        sa.CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name=op.f("ck_case_task_done_complete")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_task_case_id_case_file")),
        sa.ForeignKeyConstraint(["done_by_id"], ["user_account.id"], name=op.f("fk_case_task_done_by_id_user_account")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_case_task_made_by_id_user_account")),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_case_task_owner_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_task")),
    )
    op.create_index(op.f("ix_case_task_case_id"), "case_task", ["case_id"])
    op.create_index("ix_case_task_owner_due", "case_task", ["owner_id", "done_at", "due_on"])


def _files() -> None:
    op.create_table(
        "attachment_body",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_attachment_body")),
    )
    op.create_table(
        "attachment",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=True),
        sa.Column("added_by_id", KEY, nullable=False),
        sa.Column("added_at", AT, nullable=False),
        sa.Column("removed_at", AT, nullable=True),
        sa.Column("removed_reason", sa.String(300), nullable=False),
        sa.CheckConstraint("(removed_at IS NULL) = (removed_reason = '')", name=op.f("ck_attachment_removed_reason")),
        sa.CheckConstraint("removed_at IS NOT NULL OR body_sha256 IS NOT NULL", name=op.f("ck_attachment_has_body")),
        sa.CheckConstraint("body_sha256 IS NULL OR body_sha256 = sha256", name=op.f("ck_attachment_own_body")),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachment_size")),
        sa.ForeignKeyConstraint(["added_by_id"], ["user_account.id"], name=op.f("fk_attachment_added_by_id_user_account")),
        sa.ForeignKeyConstraint(
            ["body_sha256"], ["attachment_body.sha256"], name=op.f("fk_attachment_body_sha256_attachment_body")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_attachment_case_id_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_body_sha256"), "attachment", ["body_sha256"])
    op.create_index(op.f("ix_attachment_case_id"), "attachment", ["case_id"])
    op.create_index("ix_attachment_removed", "attachment", ["removed_at"])


def _views() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("department_id", KEY, nullable=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("page", sa.String(8), nullable=False),
        sa.Column("query", sa.String(500), nullable=False),
        sa.CheckConstraint("page IN ('cases', 'triage')", name=op.f("ck_saved_view_page")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_saved_view_name")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_saved_view_department_id_department")),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_saved_view_owner_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("owner_id", "page", "name", name=op.f("uq_saved_view_owner_id_page_name")),
    )
    op.create_index("ix_saved_view_shared", "saved_view", ["page", "role", "department_id"])


def downgrade() -> None:
    for table in ("presence", "saved_view", "attachment", "attachment_body", "case_task"):
        op.drop_table(table)
    op.drop_index("ix_event_snoozed", table_name="event")
    with op.batch_alter_table("event") as batch:
        batch.drop_constraint(op.f("ck_event_snooze_reason"), type_="check")
        batch.drop_column("snooze_reason")
