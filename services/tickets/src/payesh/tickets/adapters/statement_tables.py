"""The table of signed decisions, each with its time-stamp."""

from sqlalchemy import Column, DateTime, Index, Integer, Table, Text, Uuid, func, text

from payesh.tickets.adapters.tables import metadata

_Moment = DateTime(timezone=True)

decision_statements = Table(
    "decision_statements",
    metadata,
    Column("citation_id", Uuid, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    # Compact JWS, exactly as signed: each names the hash of the one before.
    Column("statement", Text, nullable=False),
    Column("made_at", _Moment, nullable=False, server_default=func.now()),
    # Null until it lies in the object store too, under lock.
    Column("kept_at", _Moment),
    # An authority's time-stamp in a signed statement; null until there is one.
    Column("time_stamp", Text),
    Index(
        "ix_decision_statements_not_stamped",
        "made_at",
        postgresql_where=text("time_stamp IS NULL"),
    ),
    Index("ix_decision_statements_not_kept", "made_at", postgresql_where=text("kept_at IS NULL")),
)
