"""Lease items to the one who reads them, and count how often that was tried.

Revision: 0003_lease_items, after 0002_seal_the_journal
"""

import sqlalchemy as sa
from alembic import op


revision = "0003_lease_items"
down_revision = "0002_seal_the_journal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("item") as batch:
        batch.add_column(sa.Column("read_attempts", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("lease_token", sa.String(36), nullable=True))
        batch.add_column(sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
        batch.create_check_constraint(op.f("ck_item_lease"), "(lease_token IS NULL) = (lease_until IS NULL)")


def downgrade() -> None:
    with op.batch_alter_table("item") as batch:
        batch.drop_constraint(op.f("ck_item_lease"), type_="check")
        batch.drop_column("lease_until")
        batch.drop_column("lease_token")
        batch.drop_column("read_attempts")
