"""The first tables: the waiting room, bundles to build, citations and what belongs to them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from payesh.kit.migrations import create_kit_tables

revision = "0001"
down_revision = None

_Moment = sa.DateTime(timezone=True)


def _moment(name: str, *, now: bool = False, null: bool = False) -> sa.Column[object]:
    default = sa.func.now() if now else None
    return sa.Column(name, _Moment, nullable=null, server_default=default)


def upgrade() -> None:
    create_kit_tables(op)
    op.create_table(
        "waiting_violations",
        sa.Column("violation_id", sa.Uuid, primary_key=True),
        sa.Column("passage_id", sa.Uuid, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        _moment("deadline_at"),
        sa.Index("ix_waiting_violations_passage_id", "passage_id"),
        sa.Index("ix_waiting_violations_deadline_at", "deadline_at"),
    )
    op.create_table(
        "waiting_reads",
        sa.Column("passage_id", sa.Uuid, primary_key=True),
        sa.Column("event", sa.Text, nullable=False),
        _moment("expires_at"),
        sa.Index("ix_waiting_reads_expires_at", "expires_at"),
    )
    op.create_table(
        "bundle_jobs",
        sa.Column("citation_id", sa.Uuid, primary_key=True),
        sa.Column("violation_id", sa.Uuid, nullable=False),
        sa.Column("violation", sa.Text, nullable=False),
        sa.Column("read", sa.Text, nullable=False),
        sa.Column("law", JSONB, nullable=False),
        sa.Column("traceparent", sa.String(64)),
        _moment("joined_at", now=True),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("missing_attempts", sa.Integer, nullable=False, server_default="0"),
        _moment("next_attempt_at", now=True),
        sa.Column("last_fault", sa.String(200)),
        sa.UniqueConstraint("violation_id", name="uq_bundle_jobs_violation_id"),
        sa.Index("ix_bundle_jobs_next_attempt_at", "next_attempt_at"),
    )
    op.create_table(
        "citations",
        sa.Column("citation_id", sa.Uuid, primary_key=True),
        sa.Column("violation_id", sa.Uuid, nullable=False),
        sa.Column("passage_id", sa.Uuid, nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("county", sa.String(64), nullable=False),
        sa.Column("road_class", sa.String(32), nullable=False),
        sa.Column("place_class", sa.String(1), nullable=False),
        _moment("captured_at"),
        sa.Column("clock_source", sa.String(16), nullable=False),
        sa.Column("clock_u95_ms", sa.Float, nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("vehicle_class", sa.String(16), nullable=False),
        sa.Column("lane", sa.String(32)),
        sa.Column("measurement", JSONB, nullable=False),
        sa.Column("certificate", JSONB),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("plate_layout", sa.String(32)),
        sa.Column("plate_text", sa.String(16)),
        sa.Column("plate_confidence", sa.Float),
        sa.Column("law", JSONB),
        sa.Column("evidence", JSONB),
        _moment("created_at", now=True),
        sa.Column("claimed_by", sa.String(128)),
        _moment("claimed_until", null=True),
        sa.Column("decided_by", sa.String(128)),
        _moment("decided_at", null=True),
        sa.Column("number", sa.String(20)),
        sa.UniqueConstraint("violation_id", name="uq_citations_violation_id"),
        sa.UniqueConstraint("number", name="uq_citations_number"),
        sa.Index("ix_citations_passage_id", "passage_id"),
        sa.Index("ix_citations_queue", "state", "created_at", "citation_id"),
    )
    op.create_table(
        "citation_serials",
        sa.Column("jalali_year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last_serial", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "retention_jobs",
        sa.Column("citation_id", sa.Uuid, primary_key=True),
        _moment("retain_until"),
        _moment("next_attempt_at", now=True),
    )
    op.create_table(
        "clip_openings",
        sa.Column("citation_id", sa.Uuid, primary_key=True),
        sa.Column("reading", sa.String(64), primary_key=True),
        _moment("open_until"),
        sa.Index("ix_clip_openings_open_until", "open_until"),
    )
