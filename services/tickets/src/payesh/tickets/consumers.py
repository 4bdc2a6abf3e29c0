"""The bus edge: violations and reads come in, each in one transaction with its inbox row."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import Event, PlateRead, ViolationDetected
from payesh.kit.bus import Delivery, Disposition, Handler
from payesh.kit.database import Database
from payesh.kit.inbox import transactional
from payesh.tickets.handlers.joining import JoinRules, receive_read, receive_violation
from payesh.tickets.workers.bundles import BundleWorkers

GROUP = "tickets"


def handlers(
    database: Database, rules: JoinRules, workers: BundleWorkers
) -> Mapping[type[Event], Handler]:
    """Handlers by event, for the kit's consumer."""

    async def on_violation(session: AsyncSession, delivery: Delivery[Any]) -> None:
        await receive_violation(session, delivery.event, rules)

    async def on_read(session: AsyncSession, delivery: Delivery[Any]) -> None:
        await receive_read(session, delivery.event, rules)

    def waking(handler: Handler) -> Handler:
        async def handle(delivery: Delivery[Any]) -> Disposition | None:
            disposition = await handler(delivery)
            workers.wake()  # after the commit, so that a worker finds the job
            return disposition

        return handle

    return {
        ViolationDetected: waking(transactional(database, on_violation)),
        PlateRead: waking(transactional(database, on_read)),
    }
