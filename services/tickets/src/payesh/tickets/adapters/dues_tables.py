"""Tables of what follows an issued citation: notifications, payments, objections."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from payesh.tickets.adapters.tables import metadata

_Moment = DateTime(timezone=True)

notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", Uuid, primary_key=True),
    Column("citation_id", Uuid, nullable=False),
    Column("channel", String(32), nullable=False),
    # What the carrier knows it by; never an address or a telephone number.
    Column("reference", String(128), nullable=False),
    Column("notified_at", _Moment, nullable=False),
    # The law's row that its deadlines were counted by, with the table that it stands in.
    Column("terms", JSONB, nullable=False),
    Column("recorded_by", String(128), nullable=False),
    Column("recorded_at", _Moment, nullable=False, server_default=func.now()),
    Index("ix_notifications_citation_id", "citation_id", "recorded_at"),
)

notices = Table(
    "notices",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    Column("document", JSONB, nullable=False),
    # The law's row whose days it states; its owner is notified under that one.
    Column("terms", JSONB, nullable=False),
    Column("made_at", _Moment, nullable=False, server_default=func.now()),
)

notification_jobs = Table(
    "notification_jobs",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", _Moment, nullable=False, server_default=func.now(), index=True),
    Column("last_fault", String(64)),
)

payments = Table(
    "payments",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("citation_id", Uuid, nullable=False, index=True),
    Column("channel", String(32), nullable=False),
    # The bank's: one payment, however often it is told.
    Column("reference", String(128), nullable=False),
    Column("amount_rial", BigInteger, nullable=False),
    Column("paid_at", _Moment, nullable=False),
    Column("recorded_by", String(128), nullable=False),
    Column("recorded_at", _Moment, nullable=False, server_default=func.now()),
    Column("reversed_at", _Moment),
    # Since when it is to be given back, because nothing is owed for it.
    Column("refund_due_since", _Moment),
    UniqueConstraint("channel", "reference"),
)

objections = Table(
    "objections",
    metadata,
    Column("objection_id", Uuid, primary_key=True),
    Column("citation_id", Uuid, nullable=False),
    Column("instance", Integer, nullable=False),
    Column("county", String(64), nullable=False),
    Column("road_class", String(32), nullable=False),
    Column("grounds", String(64), nullable=False),
    Column("statement", Text, nullable=False),
    Column("received_at", _Moment, nullable=False),
    Column("entered_by", String(128), nullable=False),
    Column("entered_at", _Moment, nullable=False, server_default=func.now()),
    # Null until it is decided.
    Column("outcome", String(16)),
    Column("reason", String(500)),
    Column("reduced_to_rial", BigInteger),
    Column("decided_by", String(128)),
    Column("decided_at", _Moment),
    UniqueConstraint("citation_id", "instance"),
    Index(
        "ix_objections_open",
        "received_at",
        "objection_id",
        postgresql_where=text("decided_at IS NULL"),
    ),
)
