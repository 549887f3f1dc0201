"""Keep trained routing models, and the model beside the rules in every routing decision.

Revision: 0009_keep_routing_models, after 0008_hear_every_source
"""

import sqlalchemy as sa
from alembic import op

revision = "0009_keep_routing_models"
down_revision = "0008_hear_every_source"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "routing_model",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("rule_set_version", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("departments", sa.JSON(), nullable=False),
        sa.Column("trial", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("learned_from", sa.JSON(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_name", sa.String(length=64), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("switched_by_id", _KEY, nullable=True),
        sa.Column("switched_by_name", sa.String(length=64), nullable=False),
        sa.CheckConstraint("source IN ('corrections', 'file')", name=op.f("ck_routing_model_source")),
        sa.CheckConstraint("row_count > 0", name=op.f("ck_routing_model_has_rows")),
        sa.CheckConstraint(
            "NOT is_active OR switched_by_name <> ''", name=op.f("ck_routing_model_switched_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["switched_by_id"], ["user_account.id"], name=op.f("fk_routing_model_switched_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_model")),
        sa.UniqueConstraint("version", name=op.f("uq_routing_model_version")),
    )
    op.create_index(
        "uq_routing_model_in_force",
        "routing_model",
        ["is_active"],
        unique=True,
        sqlite_where=sa.text("is_active"),
        postgresql_where=sa.text("is_active"),
    )
    with op.batch_alter_table("routing_record") as table:
        table.add_column(sa.Column("model_version", sa.String(length=40), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("routing_record") as table:
        table.drop_column("model_version")
    op.drop_index("uq_routing_model_in_force", table_name="routing_model")
    op.drop_table("routing_model")
