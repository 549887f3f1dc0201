"""Rules edited at the desk, disputes and rulings, duty and leave.

Revision: 0005_rules_rulings_and_duty, after 0004_review_in_steps
"""

import sqlalchemy as sa
from alembic import op

revision = "0005_rules_rulings_and_duty"
down_revision = "0004_review_in_steps"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
IN_FORCE = sa.text("is_active AND kind = 'routing'")
TABLES = (
    "absence", "duty_shift", "rule_draft", "rule_change", "rule_release", "rule_simulation", "dispute", "rule_hit",
    "simulated_case", "ruling", "ruling_word",
)
REASONS = (
    "reason_code IN ('not_our_duty', 'other_territory', 'other_lead', 'unclear_ownership', 'handled_already', "
    "'facts_missing')"
)

# A department that sent a case back before there were dispute rows has had its one return.
EARLIER_RETURNS = (
    "INSERT INTO dispute (case_id, round, ordinal, department_id, reason_code, duty_id, duty_text, note, "
    "returned_by_id, returned_at) "
    "SELECT c.id, c.round, 1, c.returned_by_department_id, 'not_our_duty', 'earlier', '见办理记录', "
    "COALESCE(NULLIF(c.return_reason, ''), '见办理记录'), e.actor_id, e.at "
    "FROM case_file c JOIN audit_event e ON e.id = "
    "(SELECT max(a.id) FROM audit_event a WHERE a.case_id = c.id AND a.kind = 'case_return') "
    "WHERE c.returned_by_department_id IS NOT NULL AND e.actor_id IS NOT NULL"
)
ONE_IN_FORCE = (
    "UPDATE rule_version SET is_active = false WHERE kind = 'routing' AND is_active AND id < "
    "(SELECT max(id) FROM rule_version WHERE kind = 'routing' AND is_active)"
)


def upgrade() -> None:
    _duty()
    _drafts()
    _releases()
    _simulations()
    _disputes()
    _rulings()
    op.execute(EARLIER_RETURNS)
    op.execute(ONE_IN_FORCE)
    op.create_index(
        "uq_rule_version_routing_in_force", "rule_version", ["kind"], unique=True,
        sqlite_where=IN_FORCE, postgresql_where=IN_FORCE,
    )


def downgrade() -> None:
    op.drop_index("uq_rule_version_routing_in_force", "rule_version")
    for name in reversed(TABLES):
        op.drop_table(name)


def _table(name: str, *parts: sa.schema.SchemaItem, key: bool = True) -> None:
    first = (sa.Column("id", KEY, nullable=False), sa.PrimaryKeyConstraint("id", name=f"pk_{name}")) if key else ()
    op.create_table(name, *first[:1], *parts, *first[1:])


def _column(name: str, kind: sa.types.TypeEngine, nullable: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=nullable)


def _link(table: str, column: str, target: str, nullable: bool = False) -> tuple[sa.schema.SchemaItem, ...]:
    key = sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}")
    return _column(column, KEY, nullable), key


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _index(table: str, *columns: str, name: str = "") -> None:
    op.create_index(name or f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _duty() -> None:
    _table(
        "absence",
        *_link("absence", "user_id", "user_account"),
        _column("starts_at", AT), _column("ends_at", AT),
        *_link("absence", "stand_in_id", "user_account", True),
        _column("reason", sa.String(200)),
        _check("absence", "ends_after_start", "ends_at > starts_at"),
        _check("absence", "stand_in_is_another", "stand_in_id IS NULL OR stand_in_id <> user_id"),
    )
    _index("absence", "user_id")
    _index("absence", "ends_at", "starts_at", name="ix_absence_span")
    _table(
        "duty_shift",
        *_link("duty_shift", "user_id", "user_account"),
        *_link("duty_shift", "department_id", "department", True),
        _column("starts_at", AT), _column("ends_at", AT),
        _check("duty_shift", "ends_after_start", "ends_at > starts_at"),
    )
    _index("duty_shift", "user_id")
    _index("duty_shift", "department_id")
    _index("duty_shift", "ends_at", "starts_at", name="ix_duty_shift_span")


def _drafts() -> None:
    name = "rule_draft"
    _table(
        name,
        _column("slot", sa.Integer(), True), _column("state", sa.String(10)),
        *_link(name, "base_version_id", "rule_version"),
        _column("record", sa.JSON()), _column("revision", sa.Integer()),
        *_link(name, "created_by_id", "user_account"),
        _column("created_at", AT), _column("updated_at", AT),
        *_link(name, "proposed_by_id", "user_account", True),
        _column("proposed_at", AT, True), _column("note", sa.String(300)),
        _check(name, "state", "state IN ('open', 'proposed', 'published', 'discarded')"),
        _check(name, "live_has_slot", "(state IN ('open', 'proposed')) = (slot IS NOT NULL)"),
        _check(name, "one_slot", "slot IS NULL OR slot = 1"),
        _check(name, "proposed_with_note", "state <> 'proposed' OR (proposed_by_id IS NOT NULL AND note <> '')"),
        _unique(name, "slot"),
    )
    name = "rule_change"
    _table(
        name,
        *_link(name, "draft_id", "rule_draft"),
        _column("rule_id", sa.String(40)), _column("summary", sa.String(300)), _column("note", sa.String(300)),
        *_link(name, "actor_id", "user_account"),
        _column("at", AT),
    )
    _index(name, "draft_id")
    _index(name, "rule_id", "id", name="ix_rule_change_rule")


def _releases() -> None:
    name = "rule_release"
    by_two = "kind <> 'publish' OR (proposed_by_id IS NOT NULL AND proposed_by_id <> confirmed_by_id)"
    _table(
        name,
        _column("kind", sa.String(8)),
        *_link(name, "version_id", "rule_version"),
        *_link(name, "replaced_id", "rule_version", True),
        *_link(name, "draft_id", "rule_draft", True),
        _column("note", sa.String(300)),
        *_link(name, "proposed_by_id", "user_account", True),
        *_link(name, "confirmed_by_id", "user_account"),
        _column("at", AT),
        _check(name, "kind", "kind IN ('publish', 'revert')"),
        _check(name, "has_note", "note <> ''"),
        _check(name, "published_by_two", by_two),
    )
    _index(name, "version_id")
    name = "rule_hit"
    _table(
        name,
        _column("rule_id", sa.String(40)),
        *_link(name, "case_id", "case_file"),
        _column("at", AT),
        _unique(name, "rule_id", "case_id"),
    )
    _index(name, "case_id")
    _index(name, "at", "rule_id", name="ix_rule_hit_at")


def _simulations() -> None:
    name = "rule_simulation"
    _table(
        name,
        *_link(name, "draft_id", "rule_draft"),
        _column("draft_revision", sa.Integer()), _column("record", sa.JSON()),
        *_link(name, "against_id", "rule_version"),
        _column("since", AT), _column("until", AT), _column("state", sa.String(8)),
        _column("total", sa.Integer()), _column("done", sa.Integer()), _column("last_case_id", KEY),
        _column("problem", sa.String(300)),
        *_link(name, "created_by_id", "user_account"),
        _column("created_at", AT), _column("finished_at", AT, True),
        _column("lease_token", sa.String(36), True), _column("lease_until", AT, True),
        _check(name, "state", "state IN ('waiting', 'running', 'done', 'failed')"),
        _check(name, "done_has_time", "(state = 'done') = (finished_at IS NOT NULL)"),
        _check(name, "since_before_until", "since < until"),
    )
    _index(name, "draft_id")
    _index(name, "state", "id", name="ix_rule_simulation_state")
    name = "simulated_case"
    _table(
        name,
        *_link(name, "simulation_id", "rule_simulation"),
        *_link(name, "case_id", "case_file"),
        _column("old_code", sa.String(32)), _column("new_code", sa.String(32)),
        _column("old_confidence", sa.Double()), _column("new_confidence", sa.Double()),
        _column("was_unrouted", sa.Boolean()), _column("is_unrouted", sa.Boolean()),
        _column("truth", sa.String(32)), _column("truth_kind", sa.String(10)),
        _check(name, "truth_kind", "truth_kind IN ('', 'corrected', 'confirmed')"),
        _check(name, "truth_has_kind", "(truth = '') = (truth_kind = '')"),
        _unique(name, "simulation_id", "case_id"),
    )
    _index(name, "case_id")
    _index(name, "simulation_id", "old_code", "new_code", "case_id", name="ix_simulated_case_move")


def _disputes() -> None:
    name = "dispute"
    _table(
        name,
        *_link(name, "case_id", "case_file"),
        _column("round", sa.Integer()), _column("ordinal", sa.Integer()),
        *_link(name, "department_id", "department"),
        _column("reason_code", sa.String(24)), _column("duty_id", sa.String(40)),
        _column("duty_text", sa.String(300)), _column("note", sa.String(500)),
        *_link(name, "proposed_department_id", "department", True),
        *_link(name, "returned_by_id", "user_account"),
        _column("returned_at", AT),
        _check(name, "reason_code", REASONS),
        _check(name, "cites_a_duty", "duty_id <> '' AND duty_text <> ''"),
        _check(name, "has_note", "note <> ''"),
        _check(name, "ordinal", "ordinal >= 1"),
        _unique(name, "case_id", "round", "department_id"),
        _unique(name, "case_id", "round", "ordinal"),
    )
    _index(name, "department_id")


def _rulings() -> None:
    name = "ruling"
    _table(
        name,
        *_link(name, "dispute_id", "dispute"),
        *_link(name, "case_id", "case_file"),
        _column("ordinal", sa.Integer()), _column("level", sa.String(10)),
        *_link(name, "department_id", "department"),
        _column("duty_id", sa.String(40)), _column("duty_text", sa.String(300)),
        _column("reason", sa.Text()), _column("title", sa.String(300)), _column("rule_id", sa.String(40)),
        *_link(name, "decided_by_id", "user_account"),
        _column("decided_at", AT),
        _check(name, "level", "level IN ('liaison', 'supervisor')"),
        _check(name, "second_by_supervisor", "ordinal = 1 OR level = 'supervisor'"),
        _check(name, "has_reason", "reason <> ''"),
        _unique(name, "dispute_id"),
    )
    _index(name, "case_id")
    _index(name, "department_id", "id", name="ix_ruling_department")
    name = "ruling_word"
    _table(
        name,
        *_link(name, "ruling_id", "ruling"),
        _column("word", sa.String(40)),
        sa.PrimaryKeyConstraint("ruling_id", "word", name=f"pk_{name}"),
        key=False,
    )
    _index(name, "word", "ruling_id", name="ix_ruling_word_word")
