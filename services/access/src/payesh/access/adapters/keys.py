"""Signing keys in PostgreSQL. One lock is held by what changes them, so that replicas agree."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.key_ring import ALGORITHM, SealedKey
from payesh.access.adapters.tables import SigningKey
from payesh.access.domain.signing_keys import KeyLife, published_keys, signing_key

_LOCK = "payesh-access-signing-keys"


@dataclass(frozen=True, slots=True)
class StoredKey:
    algorithm: str
    life: KeyLife
    sealed: SealedKey = field(repr=False)

    @property
    def key_id(self) -> str:
        return self.life.key_id

    @property
    def public_jwk(self) -> dict[str, Any]:
        return self.sealed.public_jwk


async def lock(session: AsyncSession) -> None:
    """Wait until this transaction alone may change the keys."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_LOCK, 0))))


async def usable(session: AsyncSession) -> list[StoredKey]:
    """Every key that was not withdrawn."""
    return [_stored(row) for row in await session.scalars(select(SigningKey).where(_USABLE))]


async def published(
    session: AsyncSession, now: datetime, token_lifetime: timedelta
) -> list[StoredKey]:
    """The keys that verifiers must know at `now`, the newest first."""
    stored = {key.key_id: key for key in await usable(session)}
    lives = published_keys([key.life for key in stored.values()], now, token_lifetime)
    return [stored[life.key_id] for life in lives]


async def current(session: AsyncSession, now: datetime) -> StoredKey | None:
    """The key that signs at `now`."""
    return current_among(await usable(session), now)


def current_among(keys: Sequence[StoredKey], now: datetime) -> StoredKey | None:
    """Of these keys the one that signs at `now`."""
    life = signing_key([key.life for key in keys], now)
    return next((key for key in keys if key.life == life), None)


async def add(
    session: AsyncSession, sealed: SealedKey, *, now: datetime, activates_at: datetime
) -> StoredKey:
    """Store a new key, which is published from now on."""
    row = SigningKey(
        key_id=sealed.key_id,
        algorithm=ALGORITHM,
        private_key_encrypted=sealed.private_key_encrypted,
        public_jwk=sealed.public_jwk,
        created_at=now,
        activates_at=activates_at,
        retires_at=None,
        withdrawn=False,
    )
    session.add(row)
    await session.flush()
    return _stored(row)


async def retire(session: AsyncSession, at: datetime, *, withdraw: bool) -> None:
    """Retire every usable key at `at`, or when it was to retire before; `withdraw` takes them out
    of the published set at once."""
    await session.execute(
        update(SigningKey)
        .where(_USABLE)
        # LEAST ignores NULL: a key without an end gets this one.
        .values(retires_at=func.least(SigningKey.retires_at, at), withdrawn=withdraw)
    )


_USABLE = SigningKey.withdrawn.is_(False)


def _stored(row: SigningKey) -> StoredKey:
    return StoredKey(
        algorithm=row.algorithm,
        life=KeyLife(row.key_id, row.activates_at, row.retires_at, row.withdrawn),
        sealed=SealedKey(row.key_id, row.private_key_encrypted, row.public_jwk),
    )
