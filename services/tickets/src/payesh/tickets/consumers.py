"""The bus edge: violations and reads come in, each with its inbox row in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import Event, PlateRead, ViolationDetected
from payesh.kit.bus import Delivery, Handler
from payesh.kit.database import Database
from payesh.kit.inbox import Effect, transactional
from payesh.tickets.handlers import joining
from payesh.tickets.handlers.joining import JoiningDependencies

GROUP = "tickets"


def handlers(
    database: Database, dependencies: JoiningDependencies, on_joined: Callable[[], None]
) -> Mapping[type[Event], Handler]:
    """Each consumed event with its handler; `on_joined` is called after each commit of a job, so
    that a worker finds it."""

    async def on_violation(session: AsyncSession, delivery: Delivery[Any]) -> bool:
        return await joining.receive_violation(session, dependencies, delivery.event)

    async def on_read(session: AsyncSession, delivery: Delivery[Any]) -> bool:
        return await joining.receive_read(session, dependencies, delivery.event)

    async def hold_passages(session: AsyncSession, deliveries: Sequence[Delivery[Any]]) -> None:
        await joining.hold_passages(
            session, [one for each in deliveries for one in joining.passages_of(each.event)]
        )

    def joined(effect: Effect) -> Handler:
        return transactional(database, effect, prepare=hold_passages, after_commit=on_joined)

    return {ViolationDetected: joined(on_violation), PlateRead: joined(on_read)}
