"""Tables of a service that has webhooks: the outbox is for the bus, these are for others."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from payesh.kit.tables import NAMING

webhook_metadata = MetaData(naming_convention=NAMING)
_Moment = DateTime(timezone=True)

endpoints = Table(
    "webhook_endpoints",
    webhook_metadata,
    Column("endpoint_id", Uuid, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("agency", Text, nullable=False),
    # What its token said when it last asked: held against what is revoked since.
    Column("claims", JSONB, nullable=False),
    Column("counties", ARRAY(Text)),
    Column("road_classes", ARRAY(Text)),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("secret_version", Integer, nullable=False, server_default="1"),
    Column("secret_changed_at", _Moment),
    Column("created_at", _Moment, nullable=False, server_default=func.now()),
    Column("stands_until", _Moment, nullable=False),
    Column("paused", Text),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", _Moment),
    Column("not_before", _Moment, nullable=False, server_default=func.now()),
    Column("claim", Uuid),
    Column("claimed_until", _Moment),
    Index("ix_webhook_endpoints_subject", "subject"),
)

deliveries = Table(
    "webhook_deliveries",
    webhook_metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("delivery_id", Uuid, nullable=False, unique=True),
    Column(
        "endpoint_id",
        Uuid,
        ForeignKey(endpoints.c.endpoint_id, ondelete="CASCADE"),
        nullable=False,
    ),
    Column("type", Text, nullable=False),
    # As it is signed and sent: bytes, not JSON that a database may write in another order.
    Column("body", LargeBinary, nullable=False),
    Column("announced_at", _Moment, nullable=False, server_default=func.now()),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("ended_at", _Moment),
    Column("outcome", Text),
    Index(
        "ix_webhook_deliveries_waiting",
        "endpoint_id",
        "id",
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("ix_webhook_deliveries_endpoint_id_id", "endpoint_id", "id"),
    Index("ix_webhook_deliveries_announced_at", "announced_at"),
)


def add_webhook_tables(metadata: MetaData) -> None:
    """Add the tables to a service's metadata."""
    for table in (endpoints, deliveries):
        table.to_metadata(metadata)
