"""The inbox: an event that was handled once has no second effect."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.bus.delivery import Delivery, Disposition, Handler
from payesh.kit.database import Database
from payesh.kit.tables import inbox


async def accept(session: AsyncSession, delivery: Delivery[Any]) -> bool:
    """False when this service already handled the event. Part of the caller's transaction."""
    row = await session.execute(
        insert(inbox)
        .values(event_id=delivery.event_id)
        .on_conflict_do_nothing()
        .returning(inbox.c.event_id)
    )
    return row.first() is not None


def transactional(
    database: Database,
    handler: Callable[[AsyncSession, Delivery[Any]], Awaitable[Any]],
) -> Handler:
    """Inbox row, the handler's effect and its outbox rows in one transaction."""

    async def handle(delivery: Delivery[Any]) -> Disposition:
        async with database.transaction() as session:
            if await accept(session, delivery):
                await handler(session, delivery)
        return Disposition.DONE

    return handle
