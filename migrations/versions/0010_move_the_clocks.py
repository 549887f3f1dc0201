"""Move the clocks: pauses, extensions, changes of calendar and limits; who owes a clock and by which profile.

Revision: 0010_move_the_clocks, after 0009_keep_routing_models
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_move_the_clocks"
down_revision = "0009_keep_routing_models"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DESK_KINDS = "('triage', 'first_release', 'press_conference', 'response', 'publish', 'follow_up')"


def upgrade() -> None:
    with op.batch_alter_table("clock") as clock:
        clock.add_column(sa.Column("department_id", KEY, nullable=True))
        clock.add_column(sa.Column("party", KEY, nullable=False, server_default="0"))
        clock.add_column(sa.Column("profile_version", sa.String(40), nullable=False, server_default=""))
        clock.add_column(sa.Column("is_late_by_change", sa.Boolean(), nullable=False, server_default=sa.false()))
        clock.create_foreign_key("fk_clock_department_id_department", "department", ["department_id"], ["id"])
        clock.create_index("ix_clock_department_id", ["department_id"])
        clock.create_check_constraint(
            op.f("ck_clock_party_of_co_department"), "(kind = 'co_opinion') = (party <> 0)"
        )
    # The clocks that a department owes are those of the lead; the others are the desk's.
    op.execute(
        "UPDATE clock SET department_id = (SELECT lead_department_id FROM case_file WHERE case_file.id = clock.case_id) "
        f"WHERE kind NOT IN {DESK_KINDS}"
    )
    with op.batch_alter_table("clock") as clock:
        clock.alter_column("party", server_default=None)
        clock.alter_column("profile_version", server_default=None)
        clock.alter_column("is_late_by_change", server_default=None)
    running = sa.text("state = 'running'")
    op.create_index(
        "uq_clock_running", "clock", ["case_id", "kind", "party"], unique=True,
        sqlite_where=running, postgresql_where=running,
    )
    _create_pauses()
    _create_extensions()
    _create_changes()


def _create_pauses() -> None:
    op.create_table(
        "clock_pause",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("begins_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ground", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("paused_by_id", KEY, nullable=False),
        sa.Column("ended_by_id", KEY, nullable=True),
        sa.CheckConstraint("ground IN ('expert', 'superior', 'material', 'force', 'other')", name=op.f("ck_clock_pause_ground")),
        sa.CheckConstraint("until > begins_at", name=op.f("ck_clock_pause_until_after_begin")),
        sa.CheckConstraint("ended_at IS NULL OR (ended_at > begins_at AND ended_at <= until)", name=op.f("ck_clock_pause_ended_within")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_clock_pause_has_reason")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_clock_pause_case_id_case_file")),
        sa.ForeignKeyConstraint(["paused_by_id"], ["user_account.id"], name=op.f("fk_clock_pause_paused_by_id_user_account")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["user_account.id"], name=op.f("fk_clock_pause_ended_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_pause")),
    )
    op.create_index(op.f("ix_clock_pause_case_id"), "clock_pause", ["case_id"])
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_clock_pause_open", "clock_pause", ["case_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )


def _create_extensions() -> None:
    op.create_table(
        "clock_extension",
        sa.Column("id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("asked_by_id", KEY, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("decided_by_id", KEY, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decision_note", sa.String(500), nullable=False),
        sa.CheckConstraint("kind IN ('verification', 'closure')", name=op.f("ck_clock_extension_handling_only")),
        sa.CheckConstraint("state IN ('asked', 'granted', 'refused')", name=op.f("ck_clock_extension_state")),
        sa.CheckConstraint("days BETWEEN 1 AND 60", name=op.f("ck_clock_extension_days")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_clock_extension_has_reason")),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'asked') = (decided_by_id IS NULL)",
            name=op.f("ck_clock_extension_decided_has_person"),
        ),
        sa.CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name=op.f("ck_clock_extension_decided_by_another")),
        sa.CheckConstraint("state <> 'refused' OR decision_note <> ''", name=op.f("ck_clock_extension_refused_has_reason")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_clock_extension_case_id_case_file")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user_account.id"], name=op.f("fk_clock_extension_asked_by_id_user_account")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user_account.id"], name=op.f("fk_clock_extension_decided_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_extension")),
    )
    op.create_index(op.f("ix_clock_extension_case_id"), "clock_extension", ["case_id"])
    asked = sa.text("state = 'asked'")
    op.create_index(
        "uq_clock_extension_asked", "clock_extension", ["case_id", "kind"], unique=True,
        sqlite_where=asked, postgresql_where=asked,
    )


def _create_changes() -> None:
    op.create_table(
        "limit_change",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("proposed_by_id", KEY, nullable=True),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("applied_by_id", KEY, nullable=True),
        sa.Column("applied_at", MOMENT, nullable=True),
        sa.Column("cursor", KEY, nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('calendar', 'profile')", name=op.f("ck_limit_change_kind")),
        sa.CheckConstraint("state IN ('proposed', 'applying', 'applied', 'discarded')", name=op.f("ck_limit_change_state")),
        sa.CheckConstraint("state IN ('proposed', 'discarded') OR applied_at IS NOT NULL", name=op.f("ck_limit_change_applied_has_time")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["user_account.id"], name=op.f("fk_limit_change_proposed_by_id_user_account")),
        sa.ForeignKeyConstraint(["applied_by_id"], ["user_account.id"], name=op.f("fk_limit_change_applied_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_change")),
    )
    op.create_index("ix_limit_change_state", "limit_change", ["state", "id"])


def downgrade() -> None:
    for table in ("limit_change", "clock_extension", "clock_pause"):
        op.drop_table(table)
    op.drop_index("uq_clock_running", table_name="clock")
    # The older desk knows neither kind of clock, and nothing there would ever meet them.
    op.execute(
        "UPDATE outbox_mail SET rung_id = NULL WHERE rung_id IN (SELECT rung.id FROM rung JOIN clock "
        "ON clock.id = rung.clock_id WHERE clock.kind IN ('co_opinion', 'follow_up'))"
    )
    op.execute("DELETE FROM rung WHERE clock_id IN (SELECT id FROM clock WHERE kind IN ('co_opinion', 'follow_up'))")
    op.execute("DELETE FROM clock WHERE kind IN ('co_opinion', 'follow_up')")
    with op.batch_alter_table("clock") as clock:
        clock.drop_constraint(op.f("ck_clock_party_of_co_department"), type_="check")
        clock.drop_index("ix_clock_department_id")
        clock.drop_constraint("fk_clock_department_id_department", type_="foreignkey")
        for column in ("department_id", "party", "profile_version", "is_late_by_change"):
            clock.drop_column(column)
