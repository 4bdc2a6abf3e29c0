"""Signing keys in the database. Whoever changes them holds one lock, so that replicas agree."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.key_ring import ALGORITHM, KeyRing
from payesh.access.adapters.tables import SigningKey
from payesh.access.domain.signing_keys import pending_key, published_keys, signing_key
from payesh.contracts import KeyRotated
from payesh.kit import outbox
from payesh.kit.errors import Conflict

_LOCK = "payesh-access-signing-keys"


USABLE = SigningKey.withdrawn.is_(False)


def current_among(rows: Sequence[SigningKey], now: datetime) -> SigningKey | None:
    life = signing_key([row.life for row in rows], now)
    return next((row for row in rows if life is not None and row.key_id == life.key_id), None)


async def published(
    session: AsyncSession, now: datetime, token_lifetime: timedelta
) -> list[SigningKey]:
    rows = {row.key_id: row for row in await session.scalars(select(SigningKey).where(USABLE))}
    lives = published_keys([row.life for row in rows.values()], now, token_lifetime)
    return [rows[life.key_id] for life in lives]


async def ensure_first_key(session: AsyncSession, ring: KeyRing, now: datetime) -> None:
    """Make the first key unless there is one; of several processes one makes it."""
    await _lock(session)
    if (await session.scalars(select(SigningKey).where(USABLE).limit(1))).first() is None:
        await _add(session, ring, now=now, activates_at=now, retired=None)


async def rotate(
    session: AsyncSession, ring: KeyRing, *, now: datetime, delay: timedelta, withdraw: bool
) -> SigningKey:
    """Publish a new key that signs after `delay`.

    `withdraw` is for keys that may be known to others: all earlier ones leave the set at once,
    with every token they signed, and the new one signs immediately. Raises Conflict when a new
    key already waits.
    """
    await _lock(session)
    rows = list(await session.scalars(select(SigningKey).where(USABLE)))
    if not withdraw and pending_key([row.life for row in rows], now) is not None:
        raise Conflict("a new key already waits to be used", type="rotation-pending")
    current = current_among(rows, now)
    activates_at = now if withdraw else now + delay
    for row in rows:
        row.retires_at = min(row.retires_at or activates_at, activates_at)
        row.withdrawn = withdraw
    return await _add(session, ring, now=now, activates_at=activates_at, retired=current)


async def _lock(session: AsyncSession) -> None:
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_LOCK, 0))))


async def _add(
    session: AsyncSession,
    ring: KeyRing,
    *,
    now: datetime,
    activates_at: datetime,
    retired: SigningKey | None,
) -> SigningKey:
    key_id, encrypted, public = ring.make()
    row = SigningKey(
        key_id=key_id,
        algorithm=ALGORITHM,
        private_key_encrypted=encrypted,
        public_jwk=public,
        created_at=now,
        activates_at=activates_at,
        retires_at=None,
        withdrawn=False,
    )
    session.add(row)
    await outbox.add(
        session,
        KeyRotated(
            key_id=key_id,
            algorithm=ALGORITHM,
            activated_at=activates_at,
            retired_key_id=retired.key_id if retired else None,
        ),
    )
    return row
