"""Tables of owners' access: codes, failed attempts, sessions, masked copies, attachments."""

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from payesh.tickets.adapters.tables import metadata

_Moment = DateTime(timezone=True)

owner_codes = Table(
    "owner_codes",
    metadata,
    Column("code_id", Uuid, primary_key=True),
    # As it was asked for: there may be no such citation, and the answer does not depend on it.
    Column("number", String(64), nullable=False),
    Column("sender", LargeBinary, nullable=False),
    Column("asked_at", _Moment, nullable=False, server_default=func.now()),
    Column("expires_at", _Moment, nullable=False),
    # Null once it was sent, or there was nothing to send.
    Column("next_attempt_at", _Moment, server_default=func.now()),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # Set by whoever sends it: null for a number without a citation.
    Column("citation_id", Uuid),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("used_at", _Moment),
    Index("ix_owner_codes_number", "number", "asked_at"),
    Index("ix_owner_codes_sender", "sender", "asked_at"),
    Index("ix_owner_codes_next_attempt_at", "next_attempt_at"),
)

owner_failures = Table(
    "owner_failures",
    metadata,
    Column("failure_id", Uuid, primary_key=True),
    Column("sender", LargeBinary, nullable=False),
    Column("at", _Moment, nullable=False, server_default=func.now()),
    Index("ix_owner_failures_sender", "sender", "at"),
)

owner_sessions = Table(
    "owner_sessions",
    metadata,
    Column("id_sha256", LargeBinary, primary_key=True),
    Column("citation_id", Uuid, nullable=False),
    Column("csrf_token", String(64), nullable=False),
    Column("expires_at", _Moment, nullable=False, index=True),
)

owner_copies = Table(
    "owner_copies",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    # Masked pictures, and the masked clip; null until they are made.
    Column("pictures", JSONB),
    Column("clip", JSONB),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", _Moment, server_default=func.now(), index=True),
)

objection_attachments = Table(
    "objection_attachments",
    metadata,
    Column("objection_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("object", JSONB, nullable=False),
)
