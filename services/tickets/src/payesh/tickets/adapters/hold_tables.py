"""The table of holds: why a draft is held, with the facts, and who ended the hold."""

from sqlalchemy import Column, DateTime, Index, String, Table, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from payesh.tickets.adapters.tables import metadata

_Moment = DateTime(timezone=True)

citation_holds = Table(
    "citation_holds",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    Column("kind", String(32), primary_key=True),  # domain/holds.py
    Column("placed_at", _Moment, nullable=False, server_default=func.now()),
    Column("facts", JSONB, nullable=False),
    Column("ended_by", String(128)),
    Column("ended_at", _Moment),
    Column("note", String(500)),
    Index("ix_citation_holds_lasting", "placed_at", postgresql_where=text("ended_at IS NULL")),
)
