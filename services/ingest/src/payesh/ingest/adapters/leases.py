"""Camera leases in the database, whose clock alone decides when one expires."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.ingest.adapters.tables import cameras, leases, replicas
from payesh.ingest.domain.leases import Lease


async def beat(session: AsyncSession, me: str, ttl: timedelta) -> tuple[datetime, int]:
    """Renew this replica's own entry; the database's time, and how many replicas have renewed."""
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    statement = insert(replicas).values(holder=me, seen_at=now)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["holder"], set_={"seen_at": now})
    )
    await session.execute(delete(replicas).where(replicas.c.seen_at < now - ttl))
    living = await session.scalar(select(func.count()).select_from(replicas))
    return now, living or 1


async def leave(session: AsyncSession, me: str) -> None:
    """Remove this replica and free its leases, so that others need not wait for their expiry."""
    await session.execute(delete(replicas).where(replicas.c.holder == me))
    await session.execute(update(leases).where(leases.c.holder == me).values(holder=None))


async def renew(
    session: AsyncSession, me: str, held: dict[str, int], expires_at: datetime
) -> set[str]:
    """Renew what is held under these tokens; the cameras for which that succeeded."""
    if not held:
        return set()
    rows = await session.execute(
        update(leases)
        .where(leases.c.holder == me, leases.c.camera_id.in_(held))
        .values(expires_at=expires_at)
        .returning(leases.c.camera_id, leases.c.token)
    )
    return {camera_id for camera_id, token in rows if held[camera_id] == token}


async def wanted(session: AsyncSession) -> list[Lease]:
    """Leases of all cameras that should be recorded."""
    rows = await session.execute(
        select(leases.c.camera_id, leases.c.holder, leases.c.token, leases.c.expires_at)
        .join(cameras, cameras.c.camera_id == leases.c.camera_id)
        .where(cameras.c.enabled, cameras.c.source_url.is_not(None))
        .order_by(leases.c.camera_id)
    )
    return [Lease(*row) for row in rows]


async def take(
    session: AsyncSession, me: str, camera_id: str, now: datetime, expires_at: datetime
) -> int | None:
    """Take a free lease; its new token, or None when another replica was faster."""
    free = leases.c.holder.is_(None) | (leases.c.expires_at <= now) | (leases.c.holder == me)
    token: int | None = await session.scalar(
        update(leases)
        .where(leases.c.camera_id == camera_id, free)
        .values(holder=me, token=leases.c.token + 1, expires_at=expires_at)
        .returning(leases.c.token)
    )
    return token


async def give_back(session: AsyncSession, me: str, camera_id: str) -> None:
    await session.execute(
        update(leases)
        .where(leases.c.camera_id == camera_id, leases.c.holder == me)
        .values(holder=None)
    )
