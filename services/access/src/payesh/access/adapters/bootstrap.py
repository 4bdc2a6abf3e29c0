"""The one-time secret of the first administrator."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import secrets
from payesh.access.adapters.tables import BootstrapSecret

MIN_SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True)
class StoredBootstrapSecret:
    secret_sha256: bytes = field(repr=False)
    used_at: datetime | None


async def offer(session: AsyncSession, secret: str, now: datetime) -> bool:
    """Store the secret's hash in place of an earlier one; False when one was used already."""
    taken = await session.scalar(
        insert(BootstrapSecret)
        .values(only_row=1, secret_sha256=secrets.digest(secret), created_at=now, used_at=None)
        .on_conflict_do_update(
            index_elements=[BootstrapSecret.only_row],
            set_={"secret_sha256": secrets.digest(secret), "created_at": now},
            where=BootstrapSecret.used_at.is_(None),
        )
        .returning(BootstrapSecret.only_row)
    )
    return taken is not None


async def locked(session: AsyncSession) -> StoredBootstrapSecret | None:
    """The secret, its row locked until the transaction ends: of several tries one is the first."""
    row = await session.scalar(select(BootstrapSecret).with_for_update())
    return None if row is None else StoredBootstrapSecret(row.secret_sha256, row.used_at)


def read_or_write_secret(path: Path) -> str:
    """The secret that a deployer put into the file, or a new one written there with mode 0600.

    Raises ValueError for a secret that is short enough to be guessed.
    """
    if path.exists() and path.stat().st_size > 0:
        secret = path.read_text().strip()
        if len(secret) < MIN_SECRET_LENGTH:
            raise ValueError(f"the secret in {path} has less than {MIN_SECRET_LENGTH} characters")
        return secret
    secret = secrets.new_secret()
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")
    return secret


async def spend(session: AsyncSession, now: datetime) -> None:
    """Mark the secret as used: it makes no second administrator."""
    await session.execute(update(BootstrapSecret).values(used_at=now))
