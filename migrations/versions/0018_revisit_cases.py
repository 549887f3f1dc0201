"""Keep when a refusal was reviewed, or a closed case visited again.

Revision: 0018_revisit_cases, after 0017_tell_the_work_groups
"""

import sqlalchemy as sa
from alembic import op

revision = "0018_revisit_cases"
down_revision = "0017_tell_the_work_groups"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the time; days that have passed by now are shown as waiting, for nobody has been told of them."""
    with op.batch_alter_table("case_file") as batch:
        batch.add_column(sa.Column("revisited_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_check_constraint(
            op.f("ck_case_file_revisited_when_due"), "revisited_at IS NULL OR review_on IS NOT NULL"
        )
        batch.create_index("ix_case_file_review_on", ["review_on"])


def downgrade() -> None:
    """Take the time away; what was found stays in the history."""
    with op.batch_alter_table("case_file") as batch:
        batch.drop_index("ix_case_file_review_on")
        batch.drop_constraint(op.f("ck_case_file_revisited_when_due"), type_="check")
        batch.drop_column("revisited_at")
