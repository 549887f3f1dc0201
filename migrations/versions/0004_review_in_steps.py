"""Let a reply take several steps to its signature, keep corrections, channels and unsaved text.

Revision: 0004_review_in_steps, after 0003_lease_items
"""

import sqlalchemy as sa
from alembic import op

revision = "0004_review_in_steps"
down_revision = "0003_lease_items"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STEPS = "step IN ('', 'section', 'legal', 'publicity', 'leader')"
CHANNELS = "channel IN ('website', 'new_media', 'press', 'interview', 'other')"


def upgrade() -> None:
    with op.batch_alter_table("draft") as batch:
        batch.add_column(sa.Column("review_route", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("review") as batch:
        batch.add_column(sa.Column("step", sa.String(10), nullable=False, server_default=""))
        batch.create_check_constraint(op.f("ck_review_step"), STEPS)
        batch.create_check_constraint(op.f("ck_review_clear_names_its_step"), "decision <> 'clear' OR step <> ''")
    _corrections()
    _channels()
    op.create_table(
        "scratch",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("form", sa.String(60), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_scratch_user_id_user_account")),
        sa.PrimaryKeyConstraint("user_id", "form", name=op.f("pk_scratch")),
    )


def _corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("id", KEY, nullable=False),
        sa.Column("publication_id", KEY, nullable=False),
        sa.Column("notice", sa.String(300), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("old_title", sa.String(200), nullable=False),
        sa.Column("old_body", sa.Text(), nullable=False),
        sa.Column("proposed_by_id", KEY, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by_id", KEY, nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "confirmed_by_id IS NULL OR confirmed_by_id <> proposed_by_id", name=op.f("ck_correction_four_eyes")
        ),
        sa.CheckConstraint(
            "(confirmed_by_id IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_correction_confirmation_complete")
        ),
        sa.CheckConstraint("notice <> ''", name=op.f("ck_correction_notice")),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["user_account.id"], name=op.f("fk_correction_confirmed_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["user_account.id"], name=op.f("fk_correction_proposed_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_correction_publication_id_publication")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_publication_id"), "correction", ["publication_id"])


def _channels() -> None:
    op.create_table(
        "publication_channel",
        sa.Column("id", KEY, nullable=False),
        sa.Column("publication_id", KEY, nullable=False),
        sa.Column("channel", sa.String(12), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", KEY, nullable=False),
        sa.CheckConstraint(CHANNELS, name=op.f("ck_publication_channel_channel")),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["user_account.id"], name=op.f("fk_publication_channel_added_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_publication_channel_publication_id_publication")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_channel")),
        sa.UniqueConstraint("publication_id", "channel", "url", name=op.f("uq_publication_channel_publication_id_channel_url")),
    )
    op.create_index(op.f("ix_publication_channel_publication_id"), "publication_channel", ["publication_id"])


def downgrade() -> None:
    for table in ("scratch", "publication_channel", "correction"):
        op.drop_table(table)
    with op.batch_alter_table("review") as batch:
        batch.drop_constraint(op.f("ck_review_clear_names_its_step"), type_="check")
        batch.drop_constraint(op.f("ck_review_step"), type_="check")
        batch.drop_column("step")
    with op.batch_alter_table("draft") as batch:
        batch.drop_column("review_route")
