"""The tables of the audit log. The service's role can append to those that say so, and no more."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from payesh.access.adapters.tables import Base


class AuditLeaf(Base):
    """A record, at its position in the tree. Append-only. `body` is what its hash covers; the
    columns after it are taken from it for searches. An `epoch` of "" is none."""

    __tablename__ = "audit_leaves"
    __table_args__ = (
        UniqueConstraint("service", "epoch", "sequence"),
        Index("ix_audit_leaves_recorded_at", "recorded_at"),
        Index("ix_audit_leaves_subject", "subject", "position"),
        Index("ix_audit_leaves_agency", "agency", "position"),
        Index("ix_audit_leaves_purpose", "purpose", postgresql_ops={"purpose": "text_pattern_ops"}),
        Index("ix_audit_leaves_resource_ids", "resource_ids", postgresql_using="gin"),
        Index("ix_audit_leaves_query_terms", "query_terms", postgresql_using="gin"),
    )

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    leaf_hash: Mapped[bytes]
    body: Mapped[bytes]
    service: Mapped[str]
    epoch: Mapped[str]
    sequence: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime]
    received_at: Mapped[datetime]
    subject: Mapped[str]
    agency: Mapped[str]
    purpose: Mapped[str | None]
    resource_ids: Mapped[list[str]]
    query_terms: Mapped[list[str]]


class AuditNode(Base):
    """The hash of a complete subtree above the leaves. Append-only."""

    __tablename__ = "audit_nodes"

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    node_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class AuditCount(Base):
    """How far a service's records of an epoch have come. Derived from the leaves; a tree head
    publishes it, and the verifier holds the two together."""

    __tablename__ = "audit_counts"

    service: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(primary_key=True)
    first_position: Mapped[int] = mapped_column(BigInteger)
    last_sequence: Mapped[int] = mapped_column(BigInteger)
    records: Mapped[int] = mapped_column(BigInteger)


class TreeHead(Base):
    """A signed tree head. Append-only. `statement` is the JWS that is published."""

    __tablename__ = "audit_tree_heads"

    tree_size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root_hash: Mapped[bytes]
    signed_at: Mapped[datetime]
    statement: Mapped[str]


class TreeHeadKey(Base):
    """A key that signs tree heads and nothing else. Append-only; the newest one signs, and the one
    before signed its `endorsement`."""

    __tablename__ = "audit_tree_head_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    private_key_encrypted: Mapped[bytes]
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    endorsement: Mapped[str | None]


class AuditPublication(Base):
    """The newest tree head that a place outside the service's reach has taken."""

    __tablename__ = "audit_publications"

    target: Mapped[str] = mapped_column(primary_key=True)
    tree_size: Mapped[int] = mapped_column(BigInteger)
    published_at: Mapped[datetime]


class AuditAlarm(Base):
    """Something about the log that a person must look at. Append-only."""

    __tablename__ = "audit_alarms"
    __table_args__ = (Index("ix_audit_alarms_raised_at", "raised_at"),)

    alarm_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    raised_at: Mapped[datetime]
    service: Mapped[str]
    details: Mapped[dict[str, Any]]


class AuditAlarmReview(Base):
    """A person's answer to an alarm. Append-only."""

    __tablename__ = "audit_alarm_reviews"

    alarm_id: Mapped[UUID] = mapped_column(ForeignKey("audit_alarms.alarm_id"), primary_key=True)
    reviewed_by: Mapped[str]
    reviewed_at: Mapped[datetime]
    remark: Mapped[str]


class Decoy(Base):
    """A plate that nobody has a reason to look for, known by its digest alone."""

    __tablename__ = "decoys"
    __table_args__ = (
        CheckConstraint("confirmed_by <> entered_by", name="two_people"),
        CheckConstraint("retired_by <> retirement_by", name="two_people_retire"),
    )

    decoy_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    term: Mapped[str]
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]
    confirmed_by: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    retirement_by: Mapped[str | None]
    retirement_at: Mapped[datetime | None]
    retired_by: Mapped[str | None]
    retired_at: Mapped[datetime | None]


class DecoyTerm(Base):
    """The digest of a condition that would find the decoy: of its plate, or of part of it."""

    __tablename__ = "decoy_terms"

    term: Mapped[str] = mapped_column(primary_key=True)
    decoy_id: Mapped[UUID] = mapped_column(ForeignKey("decoys.decoy_id"), primary_key=True)
