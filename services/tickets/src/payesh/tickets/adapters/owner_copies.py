"""Masked copies of the evidence for its owner: what is to be made, and where it lies."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.values import ObjectReference
from payesh.tickets.adapters.owner_tables import owner_copies

MOST_TRIES = 4


@dataclass(frozen=True, slots=True)
class MaskedPicture:
    """`shows` is what `evidence.masking.Picture` says."""

    shows: str
    object: ObjectReference


@dataclass(frozen=True, slots=True)
class Copies:
    """`clip` is None where the vehicle's track is not known, or the recording is no video."""

    pictures: tuple[MaskedPicture, ...]
    clip: ObjectReference | None


async def ask(session: AsyncSession, citation_id: UUID) -> None:
    """They are to be made, unless they were."""
    await session.execute(
        insert(owner_copies).values(citation_id=citation_id).on_conflict_do_nothing()
    )


async def take(session: AsyncSession, *, lease: timedelta) -> UUID | None:
    """A citation whose copies are to be made now, no other replica's for the lease."""
    table = owner_copies
    due = (
        select(table.c.citation_id)
        .where(table.c.next_attempt_at <= func.now(), table.c.attempts < MOST_TRIES)
        .order_by(table.c.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    taken: UUID | None = await session.scalar(
        update(table)
        .where(table.c.citation_id.in_(due))
        .values(next_attempt_at=func.now() + lease, attempts=table.c.attempts + 1)
        .returning(table.c.citation_id)
    )
    return taken


async def keep(session: AsyncSession, citation_id: UUID, copies: Copies) -> None:
    await session.execute(
        update(owner_copies)
        .where(owner_copies.c.citation_id == citation_id)
        .values(
            pictures=[
                {"shows": each.shows, "object": each.object.model_dump(mode="json")}
                for each in copies.pictures
            ],
            clip=None if copies.clip is None else copies.clip.model_dump(mode="json"),
            next_attempt_at=None,
        )
    )


async def find(session: AsyncSession, citation_id: UUID) -> Copies | None:
    """None while they are not made."""
    query = select(owner_copies).where(owner_copies.c.citation_id == citation_id)
    row = (await session.execute(query)).one_or_none()
    if row is None or row.pictures is None:
        return None
    pictures = (
        MaskedPicture(each["shows"], ObjectReference.model_validate(each["object"]))
        for each in row.pictures
    )
    clip = None if row.clip is None else ObjectReference.model_validate(row.clip)
    return Copies(tuple(pictures), clip)


async def is_given_up(session: AsyncSession, citation_id: UUID) -> bool:
    """Whether making them failed for good."""
    query = select(owner_copies).where(owner_copies.c.citation_id == citation_id)
    row = (await session.execute(query)).one_or_none()
    return row is not None and row.pictures is None and row.attempts >= MOST_TRIES
