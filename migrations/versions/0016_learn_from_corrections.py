"""Keep what people correct in the reading, the models learned from it, rules of the kinds, and re-readings.

Revision: 0016_learn_from_corrections, after 0015_register_policies
"""

import sqlalchemy as sa
from alembic import op

revision = "0016_learn_from_corrections"
down_revision = "0015_register_policies"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
RUNNING, ACTIVE = sa.text("state = 'running'"), sa.text("is_active")
TABLES = ("rereading", "nature_rule_set", "reading_model", "reading_correction")


def upgrade() -> None:
    _corrections()
    _models()
    _rules()
    _rereadings()
    with op.batch_alter_table("item") as table:
        table.add_column(sa.Column("nature_corrected_by_id", KEY, nullable=True))
        table.add_column(sa.Column("nature_version", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("score_words", sa.JSON(), nullable=False, server_default="[]"))
        table.create_foreign_key(
            op.f("fk_item_nature_corrected_by_id_user_account"), "user_account", ["nature_corrected_by_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("item") as table:
        table.drop_constraint(op.f("fk_item_nature_corrected_by_id_user_account"), type_="foreignkey")
        table.drop_column("score_words")
        table.drop_column("nature_version")
        table.drop_column("nature_corrected_by_id")
    for name in TABLES:
        op.drop_table(name)


def _corrections() -> None:
    op.create_table(
        "reading_correction",
        sa.Column("id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("aspect", sa.String(4), nullable=False),
        sa.Column("before", sa.String(16), nullable=False),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("actor_id", KEY, nullable=False),
        sa.CheckConstraint("aspect IN ('band', 'kind')", name=op.f("ck_reading_correction_aspect")),
        sa.CheckConstraint(
            "aspect <> 'band' OR after IN ('negative', 'neutral', 'positive', 'unsure')",
            name=op.f("ck_reading_correction_known_band"),
        ),
        sa.CheckConstraint(
            "aspect <> 'kind' OR after IN ('inquiry', 'help', 'complaint', 'report', 'advice', 'praise', 'news')",
            name=op.f("ck_reading_correction_known_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name=op.f("fk_reading_correction_actor_id_user_account")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_reading_correction_item_id_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_correction")),
    )
    op.create_index("ix_reading_correction_at", "reading_correction", ["at", "id"])
    op.create_index("ix_reading_correction_item", "reading_correction", ["item_id", "id"])


def _models() -> None:
    op.create_table(
        "reading_model",
        sa.Column("id", KEY, nullable=False),
        sa.Column("version", sa.String(48), nullable=False),
        sa.Column("source", sa.String(12), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("trial", sa.JSON(), nullable=False),
        sa.Column("learned_from", sa.JSON(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_name", sa.String(64), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("uses_second", sa.Boolean(), nullable=False),
        sa.Column("switched_at", AT, nullable=True),
        sa.Column("switched_by_id", KEY, nullable=True),
        sa.CheckConstraint("source IN ('corrections', 'file', 'both')", name=op.f("ck_reading_model_source")),
        sa.CheckConstraint("row_count > 0", name=op.f("ck_reading_model_has_rows")),
        sa.CheckConstraint(
            "NOT is_active OR switched_by_id IS NOT NULL", name=op.f("ck_reading_model_switched_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["switched_by_id"], ["user_account.id"], name=op.f("fk_reading_model_switched_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_model")),
        sa.UniqueConstraint("version", name=op.f("uq_reading_model_version")),
    )
    op.create_index(
        "uq_reading_model_in_force", "reading_model", ["is_active"], unique=True,
        sqlite_where=ACTIVE, postgresql_where=ACTIVE,
    )  # fmt: skip


def _rules() -> None:
    op.create_table(
        "nature_rule_set",
        sa.Column("id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", KEY, nullable=False),
        sa.CheckConstraint("note <> ''", name=op.f("ck_nature_rule_set_note")),
        sa.CheckConstraint("version >= 2", name=op.f("ck_nature_rule_set_version")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_nature_rule_set_created_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nature_rule_set")),
        sa.UniqueConstraint("version", name=op.f("uq_nature_rule_set_version")),
    )


def _rereadings() -> None:
    numbers = ("total", "done", "changed", "kept")
    op.create_table(
        "rereading",
        sa.Column("id", KEY, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("since", AT, nullable=False),
        sa.Column("last_item_id", KEY, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in numbers),
        sa.Column("problem", sa.String(300), nullable=False),
        sa.Column("started_at", AT, nullable=False),
        sa.Column("started_by_id", KEY, nullable=False),
        sa.Column("finished_at", AT, nullable=True),
        sa.Column("lease_token", sa.String(36), nullable=True),
        sa.Column("lease_until", AT, nullable=True),
        sa.CheckConstraint("(state = 'running') = (finished_at IS NULL)", name=op.f("ck_rereading_finished")),
        sa.CheckConstraint(
            "state = 'running' OR lease_token IS NULL", name=op.f("ck_rereading_lease_while_running")
        ),
        sa.CheckConstraint("state IN ('running', 'done', 'stopped')", name=op.f("ck_rereading_state")),
        sa.CheckConstraint("(lease_token IS NULL) = (lease_until IS NULL)", name=op.f("ck_rereading_lease")),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["user_account.id"], name=op.f("fk_rereading_started_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rereading")),
    )
    op.create_index(
        "uq_rereading_running", "rereading", ["state"], unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING
    )
