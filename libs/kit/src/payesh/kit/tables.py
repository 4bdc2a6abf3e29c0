"""The kit's tables, which every service's database contains."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

kit_metadata = MetaData(naming_convention=NAMING)

outbox = Table(
    "outbox",
    kit_metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

inbox = Table(
    "inbox",
    kit_metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("handled_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_inbox_handled_at", "handled_at"),
)

audit_counter = Table(
    "audit_counter",
    kit_metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("epoch", Text),
    Column("incarnation", Text),
)

sessions = Table(
    "sessions",
    kit_metadata,
    Column("id_sha256", LargeBinary, primary_key=True),
    Column("claims", JSONB, nullable=False),
    Column("csrf_token", Text, nullable=False),
    Column("purpose", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_sessions_expires_at", "expires_at"),
)

KIT_TABLES = (outbox, inbox, audit_counter, sessions)


def new_metadata() -> MetaData:
    """A service's metadata: stable constraint names for migrations, and the kit's tables."""
    metadata = MetaData(naming_convention=NAMING)
    for table in KIT_TABLES:
        table.to_metadata(metadata)
    return metadata
