"""Signing keys: published, made once at the first start, rotated."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import keys
from payesh.access.adapters.key_ring import KeyRing
from payesh.access.adapters.keys import StoredKey
from payesh.access.dependencies import Dependencies
from payesh.access.domain.signing_keys import pending_key
from payesh.access.handlers.recording import record
from payesh.access.handlers.revoking import revoke
from payesh.access.handlers.rights import as_of_now
from payesh.contracts import KeyRotated
from payesh.contracts.vocabulary import RevocationKind
from payesh.kit import outbox
from payesh.kit.errors import Conflict
from payesh.kit.principal import Principal

WRITE = "keys:write"


async def published_keys(dependencies: Dependencies) -> list[StoredKey]:
    """The keys that verifiers must know, the newest first."""
    async with dependencies.database.transaction() as session:
        return await keys.published(
            session, datetime.now(UTC), dependencies.settings.token_lifetime
        )


async def rotate_key(
    dependencies: Dependencies, principal: Principal, *, withdraw_previous: bool
) -> StoredKey:
    """Publish a new key that signs after the activation delay.

    `withdraw_previous` is for keys that may be known to others: all earlier ones leave the set at
    once, with every token that they signed, and the new one signs immediately. Raises Conflict
    when a new key waits already.
    """
    delay = timedelta(seconds=dependencies.settings.key_activation_delay_s)
    async with dependencies.database.transaction() as session:
        await as_of_now(session, principal, WRITE)
        now = datetime.now(UTC)
        added = await rotate(
            session, dependencies.ring, now=now, delay=delay, withdraw=withdraw_previous
        )
        action = "withdraw-all" if withdraw_previous else "rotate"
        await record(session, principal, WRITE, action, "signing-key", [added.key_id])
        return added


async def rotate(
    session: AsyncSession, ring: KeyRing, *, now: datetime, delay: timedelta, withdraw: bool
) -> StoredKey:
    """Rotate in the caller's transaction; `rotate_key` checks the principal first."""
    await keys.lock(session)
    usable = await keys.usable(session)
    if not withdraw and pending_key([key.life for key in usable], now) is not None:
        raise Conflict("a new key already waits to be used", type="rotation-pending")
    current = keys.current_among(usable, now)
    activates_at = now if withdraw else now + delay
    await keys.retire(session, activates_at, withdraw=withdraw)
    added = await _add(session, ring, now=now, activates_at=activates_at, retired=current)
    if withdraw:
        for key in usable:
            await revoke(session, RevocationKind.KEY, key.key_id)
    return added


async def ensure_first_key(session: AsyncSession, ring: KeyRing, now: datetime) -> None:
    """Make the first key unless there is one; of several processes one makes it."""
    await keys.lock(session)
    if not await keys.usable(session):
        await _add(session, ring, now=now, activates_at=now, retired=None)


async def _add(
    session: AsyncSession,
    ring: KeyRing,
    *,
    now: datetime,
    activates_at: datetime,
    retired: StoredKey | None,
) -> StoredKey:
    key = await keys.add(session, ring.make(), now=now, activates_at=activates_at)
    await outbox.add(
        session,
        KeyRotated(
            key_id=key.key_id,
            algorithm=key.algorithm,
            activated_at=activates_at,
            retired_key_id=retired.key_id if retired else None,
        ),
    )
    return key
