"""Keep what goes into an answer: coverage and sources, parts and disputes of departments, templates, meetings.

Revision: 0014_answer_every_concern, after 0013_work_beside_the_case
"""

import sqlalchemy as sa
from alembic import op

revision = "0014_answer_every_concern"
down_revision = "0013_work_beside_the_case"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
TABLES = ("consultation", "reply_template", "draft_sight", "countersign_dispute", "co_part")


def upgrade() -> None:
    with op.batch_alter_table("publication") as batch:
        batch.add_column(sa.Column("coverage", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("draft") as batch:
        batch.add_column(sa.Column("sources", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("assessment") as batch:
        batch.add_column(sa.Column("affected", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("rubric_version", sa.String(20), nullable=False, server_default=""))
    _co_parts()
    _disputes()
    _templates()
    _sights_and_meetings()


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)
    for table, column in (("assessment", "rubric_version"), ("assessment", "affected"), ("draft", "sources"),
                          ("publication", "coverage")):  # fmt: skip
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)


def _ref(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def _co_parts() -> None:
    op.create_table(
        "co_part",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("department_id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", KEY, nullable=False),
        sa.Column("written_at", AT, nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_co_part_text")),
        _ref("co_part", "case_id", "case_file"),
        _ref("co_part", "department_id", "department"),
        _ref("co_part", "author_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_co_part")),
        sa.UniqueConstraint("case_id", "department_id", "version", name=op.f("uq_co_part_case_id_department_id_version")),
    )


def _disputes() -> None:
    ruled = "decision NOT IN ('revise', 'stand') OR"
    checks = {
        "reason": "reason <> ''",
        "decision": "decision IN ('', 'revise', 'stand', 'superseded')",
        "ruling": f"{ruled} ruling <> ''",
        "ruled_by": f"{ruled} ruled_by_id IS NOT NULL",
        "ruled_at": "(decision = '') = (ruled_at IS NULL)",
        "four_eyes": "ruled_by_id IS NULL OR ruled_by_id <> raised_by_id",
    }
    op.create_table(
        "countersign_dispute",
        sa.Column("id", KEY, nullable=False),
        sa.Column("draft_id", KEY, nullable=False),
        sa.Column("department_id", KEY, nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("raised_by_id", KEY, nullable=False),
        sa.Column("raised_at", AT, nullable=False),
        sa.Column("decision", sa.String(12), nullable=False),
        sa.Column("ruling", sa.String(1000), nullable=False),
        sa.Column("ruled_by_id", KEY, nullable=True),
        sa.Column("ruled_at", AT, nullable=True),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_countersign_dispute_{name}")) for name, rule in checks.items()),
        _ref("countersign_dispute", "draft_id", "draft"),
        _ref("countersign_dispute", "department_id", "department"),
        _ref("countersign_dispute", "raised_by_id", "user_account"),
        _ref("countersign_dispute", "ruled_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_countersign_dispute")),
        sa.UniqueConstraint("draft_id", "department_id", name=op.f("uq_countersign_dispute_draft_id_department_id")),
    )


def _templates() -> None:
    checks = {
        "kind": "kind IN ('template', 'snippet')",
        "stage": "stage IN ('', 'first', 'follow_up', 'final')",
        "title": "title <> ''",
        "changes_have_a_note": "version = 1 OR note <> ''",
    }
    op.create_table(
        "reply_template",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("hot_topic", sa.String(40), nullable=False),
        sa.Column("stage", sa.String(10), nullable=False),
        sa.Column("response_kind", sa.String(24), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.Column("author_id", KEY, nullable=True),
        sa.Column("saved_at", AT, nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_reply_template_{name}")) for name, rule in checks.items()),
        _ref("reply_template", "author_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_reply_template_code_version")),
    )


def _sights_and_meetings() -> None:
    op.create_table(
        "draft_sight",
        sa.Column("draft_id", KEY, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("seen_at", AT, nullable=False),
        _ref("draft_sight", "draft_id", "draft"),
        _ref("draft_sight", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("draft_id", "user_id", name=op.f("pk_draft_sight")),
    )
    op.create_table(
        "consultation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("held_at", AT, nullable=False),
        sa.Column("attendees", sa.String(300), nullable=False),
        sa.Column("conclusion", sa.String(2000), nullable=False),
        sa.Column("recorded_by_id", KEY, nullable=False),
        sa.Column("recorded_at", AT, nullable=False),
        sa.CheckConstraint("attendees <> ''", name=op.f("ck_consultation_attendees")),
        sa.CheckConstraint("conclusion <> ''", name=op.f("ck_consultation_conclusion")),
        _ref("consultation", "case_id", "case_file"),
        _ref("consultation", "recorded_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    op.create_index(op.f("ix_consultation_case_id"), "consultation", ["case_id"])
