"""Freeze the ladder on its clocks, keep who was told, what held a rung and what the auditor found.

Revision: 0011_prove_the_ladder, after 0010_move_the_clocks
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0011_prove_the_ladder"
down_revision = "0010_move_the_clocks"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
BOUNCED = sa.text("bounced_at IS NOT NULL")
TABLES = (
    "lease", "audit_pass", "circular_entry", "ladder_document", "silence", "acknowledgement", "rung_notice",
    "ladder_version",
)
# What the rungs written so far were: level, offset, name, ending, ask, after, waits, document.
EARLIER = (
    (1, "75%", "临期提醒", "第1次提醒", "请抓紧办理。", "到期仍未完成的，将催办并告知分管领导和联络员。", "never", ""),
    (2, "due", "到期催办", "第2次提醒", "时限已到，请立即办理。", "超期 24 小时仍未完成的，将发出催办通知书并告知督查。",
     "handling", "reminder"),
    (3, "due+24h", "催办通知书", "催办通知书", "已发出催办通知书，请立即办理并说明原因。",
     "超期满 5 个工作日仍未完成的，将列入书面通报。", "always", "notice"),
    (4, "due+5wd", "书面通报", "书面通报", "已列入书面通报名单，由督查印发。", "", "always", "circular"),
)


def upgrade() -> None:
    _widen_rungs()
    _fill_rungs()
    _tighten_rungs()
    _widen_mail()
    _ladders()
    _holds()
    _papers()
    _auditor()


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)
    op.drop_index("ix_outbox_mail_bounced", "outbox_mail")
    op.execute("DELETE FROM outbox_mail WHERE recipient_id IS NULL")
    with op.batch_alter_table("outbox_mail") as batch:
        for name in ("channel", "mail_has_person", "bounce_has_words"):
            batch.drop_constraint(op.f(f"ck_outbox_mail_{name}"), type_="check")
        batch.alter_column("recipient_id", existing_type=sa.BigInteger(), nullable=False)
        for name in ("channel", "bounced_at", "bounce"):
            batch.drop_column(name)
    with op.batch_alter_table("rung") as batch:
        batch.drop_index("ix_rung_wake")
        for name in ("wake_at", "offset", "channels", "wording", "ladder_version", "held_for"):
            batch.drop_column(name)
        batch.create_index("ix_rung_due", ["state", "fire_at"])


def _widen_rungs() -> None:
    with op.batch_alter_table("rung") as batch:
        batch.add_column(sa.Column("wake_at", AT))
        batch.add_column(sa.Column("offset", sa.String(12)))
        batch.add_column(sa.Column("channels", sa.JSON()))
        batch.add_column(sa.Column("wording", sa.JSON()))
        batch.add_column(sa.Column("ladder_version", sa.String(40)))
        batch.add_column(sa.Column("held_for", sa.String(120)))


def _fill_rungs() -> None:
    rung = sa.table(
        "rung", sa.column("level"), sa.column("fire_at", AT), sa.column("wake_at", AT), sa.column("offset"),
        sa.column("channels", sa.JSON()), sa.column("wording", sa.JSON()), sa.column("ladder_version"),
        sa.column("held_for"),
    )
    for level, offset, name, ending, ask, after, waits, document in EARLIER:
        wording = {"name": name, "waits": waits, "document": document, "ending": ending, "ask": ask, "after": after}
        op.execute(
            rung.update().where(rung.c.level == level).values(
                wake_at=rung.c.fire_at, offset=offset, channels=["mail"], wording=json.loads(json.dumps(wording)),
                ladder_version="2026-0", held_for="",
            )
        )


def _tighten_rungs() -> None:
    with op.batch_alter_table("rung") as batch:
        for name, kind in (("wake_at", AT), ("offset", sa.String(12)), ("channels", sa.JSON()), ("wording", sa.JSON()),
                           ("ladder_version", sa.String(40)), ("held_for", sa.String(120))):
            batch.alter_column(name, existing_type=kind, nullable=False)
        batch.drop_index("ix_rung_due")
        batch.create_index("ix_rung_wake", ["state", "wake_at"])


def _widen_mail() -> None:
    with op.batch_alter_table("outbox_mail") as batch:
        batch.add_column(sa.Column("channel", sa.String(8), nullable=False, server_default="mail"))
        batch.add_column(sa.Column("bounced_at", AT))
        batch.add_column(sa.Column("bounce", sa.String(500), nullable=False, server_default=""))
        batch.alter_column("recipient_id", existing_type=sa.BigInteger(), nullable=True)
        batch.create_check_constraint(op.f("ck_outbox_mail_channel"), "channel IN ('mail', 'robot')")
        batch.create_check_constraint(
            op.f("ck_outbox_mail_mail_has_person"), "(channel = 'mail') = (recipient_id IS NOT NULL)"
        )
        batch.create_check_constraint(op.f("ck_outbox_mail_bounce_has_words"), "bounced_at IS NULL OR bounce <> ''")
    op.create_index(
        "ix_outbox_mail_bounced", "outbox_mail", ["bounced_at"], sqlite_where=BOUNCED, postgresql_where=BOUNCED
    )
    with op.batch_alter_table("outbox_mail") as batch:
        batch.alter_column("channel", existing_type=sa.String(8), existing_nullable=False, server_default=None)
        batch.alter_column("bounce", existing_type=sa.String(500), existing_nullable=False, server_default=None)


def _column(name: str, kind: sa.types.TypeEngine, nullable: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=nullable)


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(name, sa.Column("id", KEY, nullable=False), *parts, sa.PrimaryKeyConstraint("id", name=f"pk_{name}"))


def _link(table: str, column: str, target: str, nullable: bool = False) -> tuple[sa.schema.SchemaItem, ...]:
    key = sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}")
    return _column(column, KEY, nullable), key


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _ladders() -> None:
    _table(
        "ladder_version", _column("version", sa.String(40)), _column("record", sa.JSON()),
        _column("is_active", sa.Boolean()), _column("note", sa.String(300)), _column("created_at", AT),
        _unique("ladder_version", "version"),
    )
    _table(
        "rung_notice", *_link("rung_notice", "rung_id", "rung"), *_link("rung_notice", "case_id", "case_file"),
        *_link("rung_notice", "user_id", "user_account", True), _column("channel", sa.String(8)),
        _column("address", sa.String(254)), _column("reason", sa.String(10)), _column("send_at", AT),
        _column("state", sa.String(8)), *_link("rung_notice", "mail_id", "outbox_mail", True), _column("created_at", AT),
        _unique("rung_notice", "rung_id", "address"),
        _check("rung_notice", "state", "state IN ('waiting', 'written', 'moot')"),
        _check("rung_notice", "written_has_mail", "(state = 'written') = (mail_id IS NOT NULL)"),
        _check("rung_notice", "channel", "channel IN ('mail', 'robot')"),
        _check("rung_notice", "mail_has_person", "(channel = 'mail') = (user_id IS NOT NULL)"),
        _check("rung_notice", "reason", "reason IN ('role', 'duty', 'stand_in', 'fallback', 'robot')"),
    )
    op.create_index("ix_rung_notice_case_id", "rung_notice", ["case_id"])
    op.create_index("ix_rung_notice_mail_id", "rung_notice", ["mail_id"])
    op.create_index("ix_rung_notice_waiting", "rung_notice", ["state", "send_at"])
    op.create_index("ix_rung_notice_user", "rung_notice", ["user_id", "state"])


def _holds() -> None:
    _table(
        "acknowledgement", *_link("acknowledgement", "rung_id", "rung"), *_link("acknowledgement", "clock_id", "clock"),
        *_link("acknowledgement", "case_id", "case_file"), *_link("acknowledgement", "user_id", "user_account"),
        _column("note", sa.String(300)), _column("at", AT), _column("expires_at", AT),
        _unique("acknowledgement", "rung_id"), _check("acknowledgement", "expires_later", "expires_at > at"),
    )
    op.create_index("ix_acknowledgement_case_id", "acknowledgement", ["case_id"])
    op.create_index("ix_acknowledgement_clock", "acknowledgement", ["clock_id", "expires_at"])
    _table(
        "silence", *_link("silence", "case_id", "case_file", True), *_link("silence", "department_id", "department", True),
        _column("reason", sa.String(300)), _column("starts_at", AT), _column("ends_at", AT),
        *_link("silence", "created_by_id", "user_account"), _column("ended_at", AT, True),
        *_link("silence", "ended_by_id", "user_account", True),
        _check("silence", "ends_later", "ends_at > starts_at"), _check("silence", "has_reason", "reason <> ''"),
        _check("silence", "one_scope", "(case_id IS NULL) <> (department_id IS NULL)"),
        _check("silence", "ended_by_someone", "(ended_at IS NULL) = (ended_by_id IS NULL)"),
    )
    op.create_index("ix_silence_case_id", "silence", ["case_id"])
    op.create_index("ix_silence_department_id", "silence", ["department_id"])
    op.create_index("ix_silence_end", "silence", ["ends_at", "id"])


def _papers() -> None:
    _table(
        "ladder_document", _column("kind", sa.String(10)), _column("year", sa.Integer()), _column("serial", sa.Integer()),
        *_link("ladder_document", "case_id", "case_file", True), *_link("ladder_document", "rung_id", "rung", True),
        _column("content", sa.JSON()), _column("issued_at", AT),
        *_link("ladder_document", "issued_by_id", "user_account", True),
        _unique("ladder_document", "kind", "year", "serial"), _unique("ladder_document", "rung_id"),
        _check("ladder_document", "kind", "kind IN ('reminder', 'notice', 'circular')"),
        _check("ladder_document", "paper_of_a_rung", "(kind = 'circular') = (rung_id IS NULL)"),
        _check("ladder_document", "circular_has_issuer", "(kind = 'circular') = (issued_by_id IS NOT NULL)"),
        _check("ladder_document", "case_of_rung", "(rung_id IS NULL) = (case_id IS NULL)"),
    )
    op.create_index("ix_ladder_document_case", "ladder_document", ["case_id", "id"])
    op.create_table(
        "circular_entry", *_link("circular_entry", "rung_id", "rung"),
        *_link("circular_entry", "document_id", "ladder_document"),
        sa.PrimaryKeyConstraint("rung_id", name="pk_circular_entry"),
    )
    op.create_index("ix_circular_entry_document_id", "circular_entry", ["document_id"])


def _auditor() -> None:
    _table(
        "audit_pass", _column("at", AT), _column("is_clean", sa.Boolean()), _column("repaired", sa.Integer()),
        _column("findings", sa.JSON()),
    )
    op.create_index("ix_audit_pass_at", "audit_pass", ["at", "id"])
    op.create_table(
        "lease", _column("name", sa.String(40)), _column("token", sa.String(36)), _column("until", AT),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
