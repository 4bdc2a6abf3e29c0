"""Decoy plates in PostgreSQL, by digests alone: who reads the table learns no plate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.audit_tables import Decoy, DecoyTerm


@dataclass(frozen=True, slots=True)
class StoredDecoy:
    """A decoy; it raises alarms once a second person confirmed it, until it is retired."""

    decoy_id: UUID
    name: str
    term: str
    entered_by: str
    entered_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    retired_by: str | None
    retired_at: datetime | None

    @property
    def state(self) -> str:
        if self.retired_at is not None:
            return "retired"
        return "entered" if self.confirmed_at is None else "active"


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


async def retire(session: AsyncSession, decoy_id: UUID, *, by: str, now: datetime) -> None:
    """Let it raise no alarm any more; that it was a decoy stays known."""
    await session.execute(
        update(Decoy).where(Decoy.decoy_id == decoy_id).values(retired_by=by, retired_at=now)
    )
    await session.execute(delete(DecoyTerm).where(DecoyTerm.decoy_id == decoy_id))


async def met_by(session: AsyncSession, terms: set[str]) -> dict[str, set[UUID]]:
    """Of these digests those that would find an active decoy, with the decoys."""
    if not terms:
        return {}
    rows = await session.execute(
        select(DecoyTerm.term, DecoyTerm.decoy_id).where(DecoyTerm.term.in_(terms))
    )
    met: dict[str, set[UUID]] = {}
    for term, decoy_id in rows.all():
        met.setdefault(term, set()).add(decoy_id)
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
        row.retired_by,
        row.retired_at,
    )
