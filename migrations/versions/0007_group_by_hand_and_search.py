"""Group by hand, open by editable rules, search the text.

Revision: 0007_group_by_hand_and_search, after 0006_take_in_and_hold
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_group_by_hand_and_search"
down_revision = "0006_take_in_and_hold"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STATES_BEFORE = ("ck_event_state", "state IN ('open', 'cased', 'dismissed', 'quiet')")
_STATES = ("ck_event_state", "state IN ('open', 'cased', 'dismissed', 'quiet', 'merged')")
_MERGED = ("ck_event_merged_into", "state <> 'merged' OR merged_into_id IS NOT NULL")

_SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE search_index USING fts5(kind, tokens, content='search_text', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER search_text_added AFTER INSERT ON search_text BEGIN "
    "INSERT INTO search_index(rowid, kind, tokens) VALUES (new.id, new.kind, new.tokens); END",
    "CREATE TRIGGER search_text_removed AFTER DELETE ON search_text BEGIN "
    "INSERT INTO search_index(search_index, rowid, kind, tokens) VALUES ('delete', old.id, old.kind, old.tokens); END",
    "CREATE TRIGGER search_text_changed AFTER UPDATE OF kind, tokens ON search_text BEGIN "
    "INSERT INTO search_index(search_index, rowid, kind, tokens) VALUES ('delete', old.id, old.kind, old.tokens); "
    "INSERT INTO search_index(rowid, kind, tokens) VALUES (new.id, new.kind, new.tokens); END",
)
# The tokens are lexemes as they are: PostgreSQL's own parser would cut Chinese by the locale's rules.
_POSTGRES_INDEX = (
    "CREATE INDEX search_index ON search_text USING gin (array_to_tsvector(string_to_array(tokens, ' ')))",
)


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    _widen_event()
    _create_changes()
    _create_change_items()
    _create_rules()
    _create_search()
    for statement in _SQLITE_INDEX if is_sqlite else _POSTGRES_INDEX:
        op.execute(statement)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        op.execute("DROP TABLE search_index")
    op.drop_table("search_text")
    op.drop_table("opening_rule_set")
    op.drop_table("event_change_item")
    op.drop_table("event_change")
    # The old schema has no word for a merged event; its items are with the other one, and it stays silent.
    op.execute("UPDATE event SET state = 'quiet' WHERE state = 'merged'")
    _narrow_event()


def _widen_event() -> None:
    op.add_column("event", sa.Column("items_when_dismissed", sa.Integer(), nullable=True))
    op.execute("UPDATE event SET items_when_dismissed = item_count")
    with op.batch_alter_table("event") as batch:
        batch.alter_column("items_when_dismissed", existing_type=sa.Integer(), nullable=False)
        batch.drop_constraint(op.f(_STATES[0]), type_="check")
        batch.create_check_constraint(op.f(_STATES[0]), _STATES[1])
        batch.create_check_constraint(op.f(_MERGED[0]), _MERGED[1])
    op.create_index("ix_event_first_seen", "event", ["first_seen_at", "id"], unique=False)


def _narrow_event() -> None:
    op.drop_index("ix_event_first_seen", table_name="event")
    with op.batch_alter_table("event") as batch:
        batch.drop_constraint(op.f(_MERGED[0]), type_="check")
        batch.drop_constraint(op.f(_STATES[0]), type_="check")
        batch.create_check_constraint(op.f(_STATES_BEFORE[0]), _STATES_BEFORE[1])
        batch.drop_column("items_when_dismissed")


def _create_changes() -> None:
    op.create_table(
        "event_change",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("event_id", _KEY, nullable=False),
        sa.Column("target_id", _KEY, nullable=False),
        sa.Column("previous_state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", _KEY, nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", _KEY, nullable=True),
        sa.CheckConstraint("kind IN ('merge', 'split', 'move')", name=op.f("ck_event_change_kind")),
        sa.CheckConstraint("event_id <> target_id", name=op.f("ck_event_change_two_events")),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by_id IS NULL)", name=op.f("ck_event_change_undone_complete")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_change_event_id_event")),
        sa.ForeignKeyConstraint(["target_id"], ["event.id"], name=op.f("fk_event_change_target_id_event")),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_event_change_actor_id_user_account")),
        sa.ForeignKeyConstraint(
            ["undone_by_id"], ["user_account.id"], name=op.f("fk_event_change_undone_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_change")),
    )
    op.create_index("ix_event_change_event", "event_change", ["event_id", "id"], unique=False)
    op.create_index("ix_event_change_target", "event_change", ["target_id", "id"], unique=False)


def _create_change_items() -> None:
    op.create_table(
        "event_change_item",
        sa.Column("change_id", _KEY, nullable=False),
        sa.Column("item_id", _KEY, nullable=False),
        sa.Column("was_by_hand", sa.Boolean(), nullable=False),
        sa.Column("previous_reason", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"], ["event_change.id"], name=op.f("fk_event_change_item_change_id_event_change")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_event_change_item_item_id_item")),
        sa.PrimaryKeyConstraint("change_id", "item_id", name=op.f("pk_event_change_item")),
    )
    op.create_index("ix_event_change_item_item", "event_change_item", ["item_id", "change_id"], unique=False)


def _create_rules() -> None:
    op.create_table(
        "opening_rule_set",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", _KEY, nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_opening_rule_set_version")),
        sa.CheckConstraint("note <> ''", name=op.f("ck_opening_rule_set_note")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_opening_rule_set_created_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_rule_set")),
        sa.UniqueConstraint("version", name=op.f("uq_opening_rule_set_version")),
    )


def _create_search() -> None:
    op.create_table(
        "search_text",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("ref_id", _KEY, nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tokens", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('item', 'event', 'case', 'response')", name=op.f("ck_search_text_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_text")),
        sa.UniqueConstraint("kind", "ref_id", name=op.f("uq_search_text_kind_ref_id")),
    )
    op.create_index("ix_search_text_number", "search_text", ["number"], unique=False)
    op.create_index("ix_search_text_reference", "search_text", ["reference"], unique=False)
    op.create_index("ix_search_text_kind", "search_text", ["kind", "id"], unique=False)
