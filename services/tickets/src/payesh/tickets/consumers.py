"""The bus edge: violations and reads come in, each in one transaction with its inbox row."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import Event, PlateRead, ViolationDetected
from payesh.kit.bus import Delivery, Disposition, Handler
from payesh.kit.database import Database
from payesh.kit.inbox import transactional
from payesh.tickets.handlers.joining import JoiningDependencies, receive_read, receive_violation

GROUP = "tickets"


def handlers(
    database: Database, dependencies: JoiningDependencies, on_joined: Callable[[], None]
) -> Mapping[type[Event], Handler]:
    """Each consumed event with its handler; `on_joined` is called after each commit, so that a
    worker finds the job."""

    async def on_violation(session: AsyncSession, delivery: Delivery[Any]) -> None:
        await receive_violation(session, dependencies, delivery.event)

    async def on_read(session: AsyncSession, delivery: Delivery[Any]) -> None:
        await receive_read(session, dependencies, delivery.event)

    def waking(handler: Handler) -> Handler:
        async def handle(delivery: Delivery[Any]) -> Disposition | None:
            disposition = await handler(delivery)
            on_joined()
            return disposition

        return handle

    return {
        ViolationDetected: waking(transactional(database, on_violation)),
        PlateRead: waking(transactional(database, on_read)),
    }
