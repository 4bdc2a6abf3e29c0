"""Decoy plates in PostgreSQL, by digests alone: who reads the table learns no plate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.audit_tables import Decoy, DecoyTerm

PROPOSAL_LIFE = timedelta(days=1)
"""How long a proposal to retire a decoy waits for the second person."""


@dataclass(frozen=True, slots=True)
class StoredDecoy:
    """A decoy; it raises alarms once a second person confirmed it, until two people retired it."""

    decoy_id: UUID
    name: str
    term: str
    entered_by: str
    entered_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    retirement_by: str | None
    retirement_at: datetime | None
    retired_by: str | None
    retired_at: datetime | None

    def state(self, now: datetime) -> str:
        """`entered`, `active`, `retiring` while a proposal waits, or `retired`."""
        if self.retired_at is not None:
            return "retired"
        if self.confirmed_at is None:
            return "entered"
        waits = self.retirement_at is not None and now - self.retirement_at < PROPOSAL_LIFE
        return "retiring" if waits else "active"


async def add(session: AsyncSession, decoy: StoredDecoy) -> None:
    """Store a decoy that one person entered."""
    await session.execute(
        insert(Decoy).values(
            decoy_id=decoy.decoy_id,
            name=decoy.name,
            term=decoy.term,
            entered_by=decoy.entered_by,
            entered_at=decoy.entered_at,
        )
    )


async def find(session: AsyncSession, decoy_id: UUID) -> StoredDecoy | None:
    """The decoy, locked for a change."""
    row = await session.get(Decoy, decoy_id, with_for_update=True)
    return None if row is None else _stored(row)


async def page(session: AsyncSession, limit: int) -> list[StoredDecoy]:
    """The newest decoys."""
    rows = await session.scalars(
        select(Decoy).order_by(Decoy.entered_at.desc(), Decoy.decoy_id).limit(limit)
    )
    return [_stored(row) for row in rows]


async def confirm(
    session: AsyncSession, decoy_id: UUID, *, by: str, now: datetime, terms: Sequence[str]
) -> None:
    """Make it raise alarms for any of these digests."""
    await session.execute(
        update(Decoy).where(Decoy.decoy_id == decoy_id).values(confirmed_by=by, confirmed_at=now)
    )
    await session.execute(
        insert(DecoyTerm), [{"term": term, "decoy_id": decoy_id} for term in sorted(set(terms))]
    )


async def propose_retirement(
    session: AsyncSession, decoy_id: UUID, *, by: str, now: datetime
) -> None:
    """Remember who wants to retire it; it raises alarms as before."""
    await session.execute(
        update(Decoy).where(Decoy.decoy_id == decoy_id).values(retirement_by=by, retirement_at=now)
    )


async def retire(session: AsyncSession, decoy_id: UUID, *, by: str, now: datetime) -> None:
    """Let searches from now on raise no alarm; its digests stay for those from before."""
    await session.execute(
        update(Decoy).where(Decoy.decoy_id == decoy_id).values(retired_by=by, retired_at=now)
    )


async def met_by(
    session: AsyncSession, terms: set[str]
) -> dict[str, list[tuple[UUID, datetime | None]]]:
    """Of these digests those that would find a decoy, with the decoys and their retirement."""
    if not terms:
        return {}
    rows = await session.execute(
        select(DecoyTerm.term, DecoyTerm.decoy_id, Decoy.retired_at)
        .join(Decoy, Decoy.decoy_id == DecoyTerm.decoy_id)
        .where(DecoyTerm.term.in_(terms))
    )
    met: dict[str, list[tuple[UUID, datetime | None]]] = {}
    for term, decoy_id, retired_at in rows.all():
        met.setdefault(term, []).append((decoy_id, retired_at))
    return met


def _stored(row: Decoy) -> StoredDecoy:
    return StoredDecoy(
        row.decoy_id,
        row.name,
        row.term,
        row.entered_by,
        row.entered_at,
        row.confirmed_by,
        row.confirmed_at,
        row.retirement_by,
        row.retirement_at,
        row.retired_by,
        row.retired_at,
    )
