"""Tables of tickets. `waiting_*` and `bundle_jobs` are work in hand; `citations` is what stays."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from payesh.kit.database import new_metadata

metadata = new_metadata()
_Moment = DateTime(timezone=True)

waiting_violations = Table(
    "waiting_violations",
    metadata,
    Column("violation_id", Uuid, primary_key=True),
    Column("passage_id", Uuid, nullable=False, index=True),
    # Text, not JSONB: the event goes into the evidence exactly as it was received.
    Column("event", Text, nullable=False),
    Column("deadline_at", _Moment, nullable=False, index=True),
)

waiting_reads = Table(
    "waiting_reads",
    metadata,
    Column("passage_id", Uuid, primary_key=True),
    Column("event", Text, nullable=False),
    Column("expires_at", _Moment, nullable=False, index=True),
)

bundle_jobs = Table(
    "bundle_jobs",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    Column("violation_id", Uuid, nullable=False),
    Column("violation", Text, nullable=False),
    Column("read", Text, nullable=False),
    Column("law", JSONB, nullable=False),
    # The rows that priced it, as they go into the evidence: a later table must not change them.
    Column("law_basis", Text),
    Column("traceparent", String(64)),
    Column("joined_at", _Moment, nullable=False, server_default=func.now()),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("missing_attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", _Moment, nullable=False, server_default=func.now()),
    Column("last_fault", String(200)),
    UniqueConstraint("violation_id"),
    Index("ix_bundle_jobs_next_attempt_at", "next_attempt_at"),
)

citations = Table(
    "citations",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    Column("violation_id", Uuid, nullable=False),
    Column("passage_id", Uuid, nullable=False, index=True),
    Column("camera_id", String(64), nullable=False),
    Column("county", String(64), nullable=False),
    Column("road_class", String(32), nullable=False),
    Column("place_class", String(1), nullable=False),
    Column("captured_at", _Moment, nullable=False),
    Column("clock_source", String(16), nullable=False),
    Column("clock_u95_ms", Float, nullable=False),
    Column("rule", String(64), nullable=False),
    Column("vehicle_class", String(64), nullable=False),
    Column("lane", String(32)),
    Column("measurement", JSONB, nullable=False),
    Column("certificate", JSONB),
    # A registered state's name (domain/life.py). A claim is a lease and lies in two columns below.
    Column("state", String(64), nullable=False),
    Column("reason", String(64)),
    # Null where a rule rejected: a plate without an offence is not kept.
    Column("plate_layout", String(32)),
    Column("plate_text", String(32)),
    Column("plate_confidence", Float),
    Column("law", JSONB),
    Column("evidence", JSONB),
    Column("created_at", _Moment, nullable=False, server_default=func.now()),
    Column("claimed_by", String(128)),
    Column("claimed_until", _Moment),
    Column("decided_by", String(128)),
    Column("decided_at", _Moment),
    Column("number", String(85)),
    UniqueConstraint("violation_id"),
    UniqueConstraint("number"),
    Index("ix_citations_queue", "state", "created_at", "citation_id"),
)

citation_serials = Table(
    "citation_serials",
    metadata,
    Column("jalali_year", Integer, primary_key=True, autoincrement=False),
    Column("last_serial", BigInteger, nullable=False),
)

retention_jobs = Table(
    "retention_jobs",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    Column("retain_until", _Moment, nullable=False),
    Column("next_attempt_at", _Moment, nullable=False, server_default=func.now()),
)

clip_openings = Table(
    "clip_openings",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    Column("reading", String(64), primary_key=True),  # SHA-256 of reader and purpose
    Column("open_until", _Moment, nullable=False, index=True),
)
