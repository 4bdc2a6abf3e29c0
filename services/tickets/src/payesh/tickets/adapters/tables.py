"""Tables of tickets. `waiting_*` and `bundle_jobs` are work in hand; `citations` is what stays."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from payesh.kit.database import new_metadata
from payesh.kit.webhooks import add_webhook_tables

metadata = new_metadata()
add_webhook_tables(metadata)
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
    # Of an average speed: the read where its stretch begins.
    Column("entry_read", Text),
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

UNPRICED = "state = 'drafted' AND (law->>'amount_rial' IS NULL OR law->>'offence_code' = '0000')"
"""Rows of citations that the law could not price; see Price.is_issuable."""

RUNNING = "state IN ('notified', 'upheld', 'reduced', 'paid', 'cancelled')"
"""Rows of citations that a deadline moves on; see the transitions of `domain/dues.py`."""

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
    # The law that had no amount or code for it when it was asked last; null: none was asked yet.
    Column("law_asked", String(96)),
    Column("evidence", JSONB),
    Column("created_at", _Moment, nullable=False, server_default=func.now()),
    Column("claimed_by", String(128)),
    Column("claimed_until", _Moment),
    Column("decided_by", String(128)),
    Column("decided_at", _Moment),
    Column("number", String(85)),
    # When its decision can no longer be undone; null until an officer decided.
    Column("final_at", _Moment),
    Column("returned_by", String(128)),
    Column("returned_to", String(128)),
    Column("note", String(500)),
    # From the owner's notification on (domain/dues.py).
    Column("owed_rial", BigInteger),
    Column("object_until", _Moment),
    Column("due_at", _Moment),
    Column("is_doubled", Boolean, nullable=False, server_default=false()),
    # The last correction of its plate, with both officers' readings (domain/readings.py).
    Column("correction", JSONB(none_as_null=True)),
    # The exemption for which the draft is held; null where none holds it.
    Column("exempt_under", Uuid),
    # The citation that stands for the same offence, of which this is a further sighting.
    Column("same_as", Uuid),
    UniqueConstraint("violation_id"),
    UniqueConstraint("number"),
    Index("ix_citations_queue", "state", "created_at", "citation_id"),
    Index("ix_citations_created_at", "created_at", "citation_id"),
    Index("ix_citations_unpriced", "law_asked", postgresql_where=text(UNPRICED)),
    Index("ix_citations_final_at", "final_at", postgresql_where=text("state = 'decided'")),
    Index("ix_citations_due_at", "due_at", postgresql_where=text(RUNNING)),
    Index("ix_citations_plate", "plate_text", "captured_at"),
    Index("ix_citations_camera", "camera_id", "captured_at"),
    Index("ix_citations_captured_at", "captured_at", "citation_id"),
    Index("ix_citations_same_as", "same_as", postgresql_where=text("same_as IS NOT NULL")),
)

citation_steps = Table(
    "citation_steps",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("step", String(64), nullable=False),  # a registered transition's name
    Column("state", String(64), nullable=False),  # that it led to
    Column("reason", String(64)),
    Column("note", String(500)),
    Column("plate", String(32)),  # as the officer of this step read it
    Column("officer", String(128), nullable=False),
    Column("at", _Moment, nullable=False),
    Index("ix_citation_steps_officer", "officer", "at"),
    Index("ix_citation_steps_at", "at"),
)

county_serials = Table(
    "county_serials",
    metadata,
    Column("jalali_year", Integer, primary_key=True, autoincrement=False),
    Column("county", String(64), primary_key=True),
    Column("last_serial", BigInteger, nullable=False),
)

# Of numbers for the whole province, which a replica of the former release still draws while it is
# replaced; to be dropped afterwards.
citation_serials = Table(
    "citation_serials",
    metadata,
    Column("jalali_year", Integer, primary_key=True, autoincrement=False),
    Column("last_serial", BigInteger, nullable=False),
)

second_looks = Table(
    "second_looks",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    Column("camera_id", String(64), nullable=False),
    Column("county", String(64), nullable=False),
    Column("road_class", String(32), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("first_officer", String(128), nullable=False),
    Column("first_issued", Boolean, nullable=False),
    Column("drawn_at", _Moment, nullable=False, server_default=func.now()),
    Column("claimed_by", String(128)),
    Column("claimed_until", _Moment),
    # Null until a second officer decided.
    Column("second_officer", String(128)),
    Column("second_issued", Boolean),
    Column("reason", String(64)),
    Column("looked_at", _Moment),
    Index("ix_second_looks_waiting", "drawn_at", postgresql_where=text("looked_at IS NULL")),
    Index("ix_second_looks_camera", "camera_id", "looked_at"),
)

camera_suspensions = Table(
    "camera_suspensions",
    metadata,
    Column("camera_id", String(64), primary_key=True),
    Column("began_at", _Moment, primary_key=True, server_default=func.now()),
    Column("county", String(64), nullable=False),
    Column("road_class", String(32), nullable=False),
    Column("wrongful", Integer, nullable=False),
    Column("looked", Integer, nullable=False),
    Column("lifted_at", _Moment),
    Column("lifted_by", String(128)),
    Column("note", String(500)),
    Index(
        "ix_camera_suspensions_open",
        "camera_id",
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
)

exemptions = Table(
    "exemptions",
    metadata,
    Column("exemption_id", Uuid, primary_key=True),
    Column("plate_text", String(32), nullable=False),
    Column("county", String(64)),  # null: the whole province
    Column("vehicle_class", String(64)),  # null: any
    Column("first_day", String(10), nullable=False),  # Solar Hijri, both included
    Column("last_day", String(10), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("legal_basis", String(300), nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_by", String(128), nullable=False),
    Column("proposed_at", _Moment, nullable=False, server_default=func.now()),
    Column("decided_by", String(128)),
    Column("decided_at", _Moment),
    Column("ended_by", String(128)),
    Column("ended_at", _Moment),
    Column("note", String(500)),
    Index("ix_exemptions_plate", "plate_text"),
    Index("ix_exemptions_proposed_at", "proposed_at", "exemption_id"),
)

exemption_uses = Table(
    "exemption_uses",
    metadata,
    Column("exemption_id", Uuid, primary_key=True),
    Column("citation_id", Uuid, primary_key=True),
    Column("used_at", _Moment, nullable=False, server_default=func.now()),
    # Null while the draft is held for it, or was decided so.
    Column("set_aside_by", String(128)),
    Column("set_aside_at", _Moment),
    Column("note", String(500)),
    Index("ix_exemption_uses_citation_id", "citation_id"),
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

law_editions = Table(
    "law_editions",
    metadata,
    Column("edition_id", Uuid, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("first_day", String(10), nullable=False),  # Solar Hijri
    # Text, not JSONB: its SHA-256 is what citations name.
    Column("document", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("editors", JSONB, nullable=False),
    Column("created_at", _Moment, nullable=False, server_default=func.now()),
    Column("changed_at", _Moment, nullable=False, server_default=func.now()),
    Column("proposed_by", String(128)),
    Column("proposed_at", _Moment),
    Column("approved_by", String(128)),
    Column("approved_at", _Moment),
    Column("number", Integer),  # of the approval
    UniqueConstraint("number"),
    Index("ix_law_editions_created_at", "created_at", "edition_id"),
)
