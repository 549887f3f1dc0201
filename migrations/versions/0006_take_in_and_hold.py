"""Take files in, watch by expression, hold evidence.

Revision: 0006_take_in_and_hold, after 0005_rules_rulings_and_duty
"""

import sqlalchemy as sa
from alembic import op

revision = "0006_take_in_and_hold"
down_revision = "0005_rules_rulings_and_duty"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_POSTGRES_UP = (
    "CREATE FUNCTION evidence_is_sealed() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'evidence is append-only'; END $$",
    "CREATE TRIGGER evidence_no_change BEFORE UPDATE OR DELETE ON evidence "
    "FOR EACH ROW EXECUTE FUNCTION evidence_is_sealed()",
    "CREATE TRIGGER evidence_no_truncate BEFORE TRUNCATE ON evidence "
    "FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_sealed()",
)
_SQLITE_UP = (
    "CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence "
    "BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END",
    "CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence "
    "BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END",
)
_POSTGRES_DOWN = (
    "DROP TRIGGER evidence_no_truncate ON evidence",
    "DROP TRIGGER evidence_no_change ON evidence",
    "DROP FUNCTION evidence_is_sealed()",
)
_SQLITE_DOWN = ("DROP TRIGGER evidence_no_update", "DROP TRIGGER evidence_no_delete")


def upgrade() -> None:
    _lay_runs()
    _lay_watches_and_problems()
    _lay_evidence()
    _lay_orders()
    _lay_checks()
    with op.batch_alter_table('rank_point', schema=None) as batch_op:
        batch_op.create_index('ix_rank_point_at', ['at'], unique=False)

    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_UP if is_sqlite else _POSTGRES_UP:
        op.execute(statement)


def _lay_runs() -> None:
    op.create_table('import_run',
    sa.Column('id', KEY, nullable=False),
    sa.Column('source_id', KEY, nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('encoding', sa.String(length=20), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.Column('sample', sa.JSON(), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('is_rehearsal', sa.Boolean(), nullable=False),
    sa.Column('row_count', sa.Integer(), nullable=False),
    sa.Column('done_count', sa.Integer(), nullable=False),
    sa.Column('new_count', sa.Integer(), nullable=False),
    sa.Column('revised_count', sa.Integer(), nullable=False),
    sa.Column('repeated_count', sa.Integer(), nullable=False),
    sa.Column('broken_count', sa.Integer(), nullable=False),
    sa.Column('unmatched_count', sa.Integer(), nullable=False),
    sa.Column('problem', sa.String(length=500), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', KEY, nullable=True),
    sa.Column('rehearsed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_token', sa.String(length=36), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('csv', 'jsonl', 'xlsx')", name=op.f('ck_import_run_kind')),
    sa.CheckConstraint("state IN ('draft', 'queued', 'running', 'done', 'failed', 'cancelled')", name=op.f('ck_import_run_state')),
    sa.CheckConstraint("state NOT IN ('done', 'cancelled') OR body IS NULL", name=op.f('ck_import_run_body_gone')),
    sa.CheckConstraint("state NOT IN ('draft', 'queued', 'running') OR body IS NOT NULL", name=op.f('ck_import_run_has_body')),
    sa.CheckConstraint('done_count >= 0 AND done_count <= row_count', name=op.f('ck_import_run_progress')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_import_run_created_by_id_user_account')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_import_run_source_id_source')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_run'))
    )


def _lay_watches_and_problems() -> None:
    with op.batch_alter_table('import_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_run_source_id'), ['source_id'], unique=False)
        batch_op.create_index('ix_import_run_state', ['state', 'id'], unique=False)
    op.create_table('source_watch',
    sa.Column('source_id', KEY, nullable=False),
    sa.Column('any_terms', sa.JSON(), nullable=False),
    sa.Column('must_terms', sa.JSON(), nullable=False),
    sa.Column('not_terms', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by_id', KEY, nullable=True),
    sa.CheckConstraint('version >= 1', name=op.f('ck_source_watch_version')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_source_watch_source_id_source')),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user_account.id'], name=op.f('fk_source_watch_updated_by_id_user_account')),
    sa.PrimaryKeyConstraint('source_id', name=op.f('pk_source_watch'))
    )
    op.create_table('import_problem',
    sa.Column('id', KEY, nullable=False),
    sa.Column('run_id', KEY, nullable=False),
    sa.Column('row_number', sa.Integer(), nullable=False),
    sa.Column('is_kept', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('excerpt', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], name=op.f('fk_import_problem_run_id_import_run')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_problem')),
    sa.UniqueConstraint('run_id', 'row_number', name=op.f('uq_import_problem_run_id_row_number'))
    )


def _lay_evidence() -> None:
    op.create_table('evidence',
    sa.Column('id', KEY, nullable=False),
    sa.Column('case_id', KEY, nullable=False),
    sa.Column('item_id', KEY, nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('source_name', sa.String(length=120), nullable=False),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('headers', sa.JSON(), nullable=False),
    sa.Column('frozen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_evidence_case_id_case_file')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_evidence_item_id_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence')),
    sa.UniqueConstraint('case_id', 'item_id', name=op.f('uq_evidence_case_id_item_id'))
    )


def _lay_orders() -> None:
    op.create_table('recheck',
    sa.Column('id', KEY, nullable=False),
    sa.Column('case_id', KEY, nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by_id', KEY, nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_token', sa.String(length=36), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state <> 'done' OR finished_at IS NOT NULL", name=op.f('ck_recheck_finished')),
    sa.CheckConstraint("state IN ('queued', 'running', 'done')", name=op.f('ck_recheck_state')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['user_account.id'], name=op.f('fk_recheck_asked_by_id_user_account')),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_recheck_case_id_case_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recheck'))
    )
    with op.batch_alter_table('recheck', schema=None) as batch_op:
        batch_op.create_index('ix_recheck_state', ['state', 'id'], unique=False)
        batch_op.create_index('uq_recheck_open', ['case_id'], unique=True, sqlite_where=sa.text("state <> 'done'"), postgresql_where=sa.text("state <> 'done'"))


def _lay_checks() -> None:
    op.create_table('evidence_check',
    sa.Column('id', KEY, nullable=False),
    sa.Column('recheck_id', KEY, nullable=False),
    sa.Column('evidence_id', KEY, nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.String(length=12), nullable=False),
    sa.Column('http_status', sa.Integer(), nullable=True),
    sa.Column('detail', sa.String(length=500), nullable=False),
    sa.Column('found_text', sa.Text(), nullable=False),
    sa.CheckConstraint("outcome IN ('unchanged', 'edited', 'gone', 'unclear', 'unreachable', 'no_address')", name=op.f('ck_evidence_check_outcome')),
    sa.ForeignKeyConstraint(['evidence_id'], ['evidence.id'], name=op.f('fk_evidence_check_evidence_id_evidence')),
    sa.ForeignKeyConstraint(['recheck_id'], ['recheck.id'], name=op.f('fk_evidence_check_recheck_id_recheck')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence_check')),
    sa.UniqueConstraint('recheck_id', 'evidence_id', name=op.f('uq_evidence_check_recheck_id_evidence_id'))
    )
    with op.batch_alter_table('evidence_check', schema=None) as batch_op:
        batch_op.create_index('ix_evidence_check_evidence', ['evidence_id', 'id'], unique=False)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_DOWN if is_sqlite else _POSTGRES_DOWN:
        op.execute(statement)
    with op.batch_alter_table('rank_point', schema=None) as batch_op:
        batch_op.drop_index('ix_rank_point_at')

    with op.batch_alter_table('evidence_check', schema=None) as batch_op:
        batch_op.drop_index('ix_evidence_check_evidence')

    op.drop_table('evidence_check')
    with op.batch_alter_table('recheck', schema=None) as batch_op:
        batch_op.drop_index('uq_recheck_open', sqlite_where=sa.text("state <> 'done'"), postgresql_where=sa.text("state <> 'done'"))
        batch_op.drop_index('ix_recheck_state')

    op.drop_table('recheck')
    op.drop_table('evidence')
    op.drop_table('import_problem')
    op.drop_table('source_watch')
    with op.batch_alter_table('import_run', schema=None) as batch_op:
        batch_op.drop_index('ix_import_run_state')
        batch_op.drop_index(batch_op.f('ix_import_run_source_id'))

    op.drop_table('import_run')
