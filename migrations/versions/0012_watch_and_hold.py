"""Let watch expressions decide, remember what they pass over, and seal what a second look at evidence found.

Revision: 0012_watch_and_hold, after 0011_prove_the_ladder
"""

import sqlalchemy as sa
from alembic import op

revision = "0012_watch_and_hold"
down_revision = "0011_prove_the_ladder"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
SOURCE = sa.table(
    "source", sa.column("id", KEY), sa.column("match_words", sa.JSON()), sa.column("created_at", AT)
)
WATCH = sa.table(
    "source_watch", sa.column("source_id", KEY), sa.column("any_terms", sa.JSON()),
    sa.column("must_terms", sa.JSON()), sa.column("not_terms", sa.JSON()), sa.column("version", sa.Integer()),
    sa.column("updated_at", AT),
)

_POSTGRES_UP = (
    "CREATE TRIGGER evidence_check_no_change BEFORE UPDATE OR DELETE ON evidence_check "
    "FOR EACH ROW EXECUTE FUNCTION evidence_is_sealed()",
    "CREATE TRIGGER evidence_check_no_truncate BEFORE TRUNCATE ON evidence_check "
    "FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_sealed()",
)
_SQLITE_UP = (
    "CREATE TRIGGER evidence_check_no_update BEFORE UPDATE ON evidence_check "
    "BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END",
    "CREATE TRIGGER evidence_check_no_delete BEFORE DELETE ON evidence_check "
    "BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END",
)
_POSTGRES_DOWN = (
    "DROP TRIGGER evidence_check_no_truncate ON evidence_check",
    "DROP TRIGGER evidence_check_no_change ON evidence_check",
)
_SQLITE_DOWN = ("DROP TRIGGER evidence_check_no_update", "DROP TRIGGER evidence_check_no_delete")


def upgrade() -> None:
    op.create_table(
        "passed_over",
        sa.Column("id", KEY, nullable=False),
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("published_at", AT, nullable=True),
        sa.Column("first_seen_at", AT, nullable=False),
        sa.Column("last_seen_at", AT, nullable=False),
        sa.Column("grounds", sa.String(10), nullable=False),
        sa.Column("line", sa.String(200), nullable=False),
        sa.CheckConstraint("grounds IN ('none_of', 'missing', 'excluded')", name=op.f("ck_passed_over_grounds")),
        sa.CheckConstraint("last_seen_at >= first_seen_at", name=op.f("ck_passed_over_seen_in_order")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_passed_over_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passed_over")),
        sa.UniqueConstraint("source_id", "identity", name=op.f("uq_passed_over_source_id_identity")),
    )
    op.create_index("ix_passed_over_source_seen", "passed_over", ["source_id", "first_seen_at", "id"])
    op.create_index("ix_passed_over_last_seen_at", "passed_over", ["last_seen_at"])
    _words_into_watches()
    op.drop_column("source", "match_words")
    op.add_column("source", sa.Column("ttl_minutes", sa.Integer(), nullable=True))
    op.add_column("raw_body", sa.Column("headers", sa.JSON(), nullable=False, server_default="{}"))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_UP if is_sqlite else _POSTGRES_UP:
        op.execute(statement)


def _words_into_watches() -> None:
    bind = op.get_bind()
    written = set(bind.execute(sa.select(WATCH.c.source_id)).scalars())
    for row in bind.execute(sa.select(SOURCE)).all():
        if row.match_words and row.id not in written:
            bind.execute(
                WATCH.insert().values(
                    source_id=row.id, any_terms=row.match_words, must_terms=[], not_terms=[], version=1,
                    updated_at=row.created_at,
                )
            )


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_DOWN if is_sqlite else _POSTGRES_DOWN:
        op.execute(statement)
    op.drop_column("raw_body", "headers")
    op.drop_column("source", "ttl_minutes")
    op.add_column("source", sa.Column("match_words", sa.JSON(), nullable=False, server_default="[]"))
    bind = op.get_bind()
    for row in bind.execute(sa.select(WATCH.c.source_id, WATCH.c.any_terms)).all():
        bind.execute(SOURCE.update().where(SOURCE.c.id == row.source_id).values(match_words=row.any_terms))
    # Must and not lines have no place in the words of before: a source that had them hears more again.
    op.execute("DELETE FROM source_watch")
    op.drop_table("passed_over")
