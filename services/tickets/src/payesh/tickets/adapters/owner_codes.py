"""Codes that owners asked for, and attempts that failed. Times are the database's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.owner_tables import owner_codes, owner_failures, owner_sessions
from payesh.tickets.adapters.tables import citations
from payesh.tickets.domain.owner_access import CODE_LASTS, LONGEST_WINDOW, MOST_TRIES

_LOCK = text("SELECT pg_advisory_xact_lock(:kind, hashtext(:name))")
_SENDERS, _NUMBERS = 0x0B1, 0x0B2


@dataclass(frozen=True, slots=True)
class LiveCode:
    """A code that may still be typed; `citation_id` None while, or because, none was sent."""

    code_id: UUID
    citation_id: UUID | None


@dataclass(frozen=True, slots=True)
class CodeToSend:
    code_id: UUID
    number: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """When the same was done before, within the longest window, and the time now."""

    now: datetime
    at: list[datetime]


async def hold(session: AsyncSession, sender: bytes, number: str) -> None:
    """Keep others of this sender and number waiting until the transaction ends, so that what is
    counted stays true."""
    await session.execute(_LOCK, {"kind": _SENDERS, "name": sender.hex()})
    await session.execute(_LOCK, {"kind": _NUMBERS, "name": number})


async def asked_for(session: AsyncSession, number: str) -> Earlier:
    return await _earlier(session, owner_codes.c.asked_at, owner_codes.c.number == number)


async def asked_by(session: AsyncSession, sender: bytes) -> Earlier:
    return await _earlier(session, owner_codes.c.asked_at, owner_codes.c.sender == sender)


async def failed_by(session: AsyncSession, sender: bytes) -> Earlier:
    return await _earlier(session, owner_failures.c.at, owner_failures.c.sender == sender)


async def _earlier(
    session: AsyncSession, moment: ColumnElement[datetime], condition: ColumnElement[bool]
) -> Earlier:
    now: datetime = (await session.execute(select(func.now()))).scalar_one()
    query = select(moment).where(condition, moment > func.now() - LONGEST_WINDOW)
    found = await session.scalars(query.order_by(moment.desc()).limit(100))
    return Earlier(now, list(found))


async def add(session: AsyncSession, number: str, sender: bytes) -> None:
    """One more code is to be sent, if there is such a citation."""
    await session.execute(
        insert(owner_codes).values(
            code_id=uuid4(), number=number, sender=sender, expires_at=func.now() + CODE_LASTS
        )
    )


async def live(session: AsyncSession, number: str) -> Sequence[LiveCode]:
    """The codes of a number that may still be typed, the newest first."""
    table = owner_codes
    query = (
        select(table.c.code_id, table.c.citation_id)
        .where(
            table.c.number == number,
            table.c.used_at.is_(None),
            table.c.expires_at > func.now(),
            table.c.tries < MOST_TRIES,
        )
        .order_by(table.c.asked_at.desc())
        .limit(3)
    )
    return [LiveCode(*row) for row in await session.execute(query)]


async def note_failure(session: AsyncSession, number: str, sender: bytes) -> None:
    """A wrong code counts against each that may still be typed, and against its sender."""
    await session.execute(
        update(owner_codes)
        .where(owner_codes.c.number == number, owner_codes.c.expires_at > func.now())
        .values(tries=owner_codes.c.tries + 1)
    )
    await session.execute(insert(owner_failures).values(failure_id=uuid4(), sender=sender))


async def use(session: AsyncSession, number: str) -> None:
    """No code of this number that was asked for until now is worth anything any more."""
    await session.execute(
        update(owner_codes)
        .where(owner_codes.c.number == number, owner_codes.c.used_at.is_(None))
        .values(used_at=func.now(), next_attempt_at=None)
    )


async def take(session: AsyncSession, *, lease: timedelta, limit: int = 10) -> Sequence[CodeToSend]:
    """Codes that are to be sent now, no other replica's for the lease."""
    table = owner_codes
    due = (
        select(table.c.code_id)
        .where(table.c.next_attempt_at <= func.now(), table.c.expires_at > func.now())
        .order_by(table.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = await session.execute(
        update(table)
        .where(table.c.code_id.in_(due))
        .values(next_attempt_at=func.now() + lease, attempts=table.c.attempts + 1)
        .returning(table.c.code_id, table.c.number, table.c.attempts)
    )
    return [CodeToSend(*row) for row in taken]


async def numbered(session: AsyncSession, number: str) -> UUID | None:
    """The citation that was issued under a number."""
    found: UUID | None = await session.scalar(
        select(citations.c.citation_id).where(citations.c.number == number)
    )
    return found


async def name_citation(session: AsyncSession, code_id: UUID, citation_id: UUID) -> None:
    await session.execute(
        update(owner_codes).where(owner_codes.c.code_id == code_id).values(citation_id=citation_id)
    )


async def settle(session: AsyncSession, code_id: UUID) -> None:
    """It was sent, or there is nothing to send."""
    await session.execute(
        update(owner_codes).where(owner_codes.c.code_id == code_id).values(next_attempt_at=None)
    )


async def forget_old(session: AsyncSession) -> None:
    """Codes and failures that count no more, and sessions that are over."""
    before = func.now() - LONGEST_WINDOW
    await session.execute(delete(owner_codes).where(owner_codes.c.asked_at < before))
    await session.execute(delete(owner_failures).where(owner_failures.c.at < before))
    await session.execute(delete(owner_sessions).where(owner_sessions.c.expires_at < func.now()))
