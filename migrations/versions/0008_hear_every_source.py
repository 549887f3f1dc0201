"""Hear every source: hosts asked politely, hours, blind windows, stories, and what a source's own rhythm is.

Revision: 0008_hear_every_source, after 0007_group_by_hand_and_search
"""

from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0008_hear_every_source"
down_revision = "0007_group_by_hand_and_search"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT = sa.DateTime(timezone=True)
_SOURCE_COLUMNS = (
    ("floor_minutes", sa.Integer(), "5"),
    ("ceiling_minutes", sa.Integer(), "120"),
    ("folder", sa.String(200), ""),
    ("host", sa.String(270), ""),
    ("body_sha256", sa.String(64), ""),
    ("empties", sa.Integer(), "0"),
    ("items_per_week", sa.Double(), "0"),
    ("credential", sa.Text(), ""),
    ("credential_origin", sa.String(280), ""),
)
_SOURCE_OPEN = (
    ("paused_until", _AT), ("not_before", _AT), ("gap_minutes", sa.Double()), ("quiet_minutes", sa.Double()),
    ("quiet_from", _AT), ("rhythm_at", _AT), ("alarmed_at", _AT),
)
_CHECK_COLUMNS = (
    ("took_ms", sa.Integer(), "0"),
    ("byte_count", sa.Integer(), "0"),
    ("wait_reason", sa.String(12), ""),
)


def upgrade() -> None:
    for name, kind, default in _SOURCE_COLUMNS:
        op.add_column("source", sa.Column(name, kind, nullable=False, server_default=default))
    for name, kind in _SOURCE_OPEN:
        op.add_column("source", sa.Column(name, kind, nullable=True))
    op.execute("UPDATE source SET floor_minutes = interval_minutes WHERE interval_minutes < floor_minutes")
    op.execute("UPDATE source SET ceiling_minutes = interval_minutes WHERE interval_minutes > ceiling_minutes")
    with op.batch_alter_table("source") as batch_op:
        for name, kind, _ in _SOURCE_COLUMNS:
            batch_op.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
        batch_op.create_check_constraint(
            op.f("ck_source_floor"), "floor_minutes >= 1 AND floor_minutes <= interval_minutes"
        )
        batch_op.create_check_constraint(
            op.f("ck_source_ceiling"), "ceiling_minutes >= interval_minutes AND ceiling_minutes <= 10080"
        )
        batch_op.create_check_constraint(
            op.f("ck_source_credential_has_origin"), "(credential = '') = (credential_origin = '')"
        )
        batch_op.create_index(op.f("ix_source_host"), ["host"], unique=False)
    for name, kind, default in _CHECK_COLUMNS:
        op.add_column("source_check", sa.Column(name, kind, nullable=False, server_default=default))
    op.add_column("source_check", sa.Column("next_check_at", _AT, nullable=True))
    with op.batch_alter_table("source_check") as batch_op:
        for name, kind, _ in _CHECK_COLUMNS:
            batch_op.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
        batch_op.create_index("ix_source_check_finished_at", ["finished_at"], unique=False)
    _lay_hosts_and_hours()
    _lay_windows_and_stories()
    _name_hosts()


def _lay_hosts_and_hours() -> None:
    op.create_table(
        "feed_host",
        sa.Column("host", sa.String(270), nullable=False),
        sa.Column("free_at", _AT, nullable=False),
        sa.Column("lease_token", sa.String(36), nullable=True),
        sa.Column("lease_until", _AT, nullable=True),
        sa.Column("robots_state", sa.String(12), nullable=False),
        sa.Column("robots_text", sa.Text(), nullable=False),
        sa.Column("robots_at", _AT, nullable=True),
        sa.Column("robots_failed_since", _AT, nullable=True),
        sa.CheckConstraint(
            "robots_state IN ('unknown', 'read', 'none', 'unreachable')", name=op.f("ck_feed_host_robots_state")
        ),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_feed_host")),
    )
    op.create_table(
        "source_hour",
        sa.Column("source_id", _KEY, nullable=False),
        sa.Column("hour", _AT, nullable=False),
        sa.Column("check_count", sa.Integer(), nullable=False),
        sa.Column("heard_count", sa.Integer(), nullable=False),
        sa.Column("new_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("heard_count <= check_count", name=op.f("ck_source_hour_heard_within_checks")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_source_hour_source_id_source")),
        sa.PrimaryKeyConstraint("source_id", "hour", name=op.f("pk_source_hour")),
    )
    op.create_index("ix_source_hour_hour", "source_hour", ["hour"])


def _lay_windows_and_stories() -> None:
    op.create_table(
        "blind_window",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("source_id", _KEY, nullable=False),
        sa.Column("began_at", _AT, nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("cause", sa.String(24), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name=op.f("ck_blind_window_ends_after_begin")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_blind_window_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blind_window")),
    )
    op.create_index("ix_blind_window_source_began", "blind_window", ["source_id", "began_at"])
    op.create_index(
        "uq_blind_window_open", "blind_window", ["source_id"], unique=True,
        sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "source_story",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("source_id", _KEY, nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("actor_name", sa.String(64), nullable=False),
        sa.Column("summary", sa.String(500), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('added', 'edited', 'moved', 'paused', 'resumed', 'alarm', 'mended', 'reparsed')",
            name=op.f("ck_source_story_kind"),
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_source_story_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_story")),
    )
    op.create_index("ix_source_story_source_at", "source_story", ["source_id", "at"])


def _name_hosts() -> None:
    """Give the sources that are there their host, as the product computes it."""
    source = sa.table("source", sa.column("id", _KEY), sa.column("url", sa.String), sa.column("host", sa.String))
    bind = op.get_bind()
    for row in bind.execute(sa.select(source.c.id, source.c.url)).all():
        try:
            parts = urlsplit(row.url)
            name = (parts.hostname or "").encode("idna").decode("ascii").lower()
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        except (ValueError, UnicodeError):
            continue
        if name and port:
            bind.execute(source.update().where(source.c.id == row.id).values(host=f"{name}:{port}"))


def downgrade() -> None:
    for table in ("source_story", "blind_window", "source_hour", "feed_host"):
        op.drop_table(table)
    with op.batch_alter_table("source_check") as batch_op:
        batch_op.drop_index("ix_source_check_finished_at")
        for name in ("next_check_at", *(column[0] for column in _CHECK_COLUMNS)):
            batch_op.drop_column(name)
    with op.batch_alter_table("source") as batch_op:
        batch_op.drop_index(op.f("ix_source_host"))
        for name in ("credential_has_origin", "ceiling", "floor"):
            batch_op.drop_constraint(op.f(f"ck_source_{name}"), type_="check")
        for name in (*(column[0] for column in _SOURCE_COLUMNS), *(column[0] for column in _SOURCE_OPEN)):
            batch_op.drop_column(name)
