"""The inbox: an event that was handled once has no second effect."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.bus.delivery import BatchHandler, Delivery, Disposition
from payesh.kit.database import Database

Effect = Callable[[AsyncSession, Delivery[Any]], Awaitable[Any]]
Preparation = Callable[[AsyncSession, Sequence[Delivery[Any]]], Awaitable[Any]]

_ACCEPT = text("""
    INSERT INTO inbox (event_id)
    SELECT event_id FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS each (event_id, place)
    ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING event_id
""")
_FORGET = text("DELETE FROM inbox WHERE event_id = ANY(CAST(:ids AS uuid[]))")


async def accept(session: AsyncSession, delivery: Delivery[Any]) -> bool:
    """False when this service already handled the event. Part of the caller's transaction."""
    return bool(await _accept(session, [delivery]))


def transactional(
    database: Database,
    effect: Effect,
    *,
    prepare: Preparation | None = None,
    after_commit: Callable[[], Any] | None = None,
) -> BatchHandler:
    """A handler by which inbox row, effect and outbox rows are kept in one transaction.

    `effect` is called for one delivery at a time, in the order of the partition; several
    deliveries may share a transaction. It is called again for a delivery whose transaction was
    rolled back: what it does outside the transaction is done again, too.

    `prepare` is called in each transaction before the first effect, with the deliveries that are
    about to have one: to take their locks in one order, where transactions of other partitions
    take the same ones. `after_commit` is called after each transaction in which an effect returned
    True: what it wakes would find nothing after the others.
    """
    return _Transactional(database, effect, prepare, after_commit)


class _Transactional(BatchHandler):
    def __init__(
        self,
        database: Database,
        effect: Effect,
        prepare: Preparation | None,
        after_commit: Callable[[], Any] | None,
    ) -> None:
        self._database = database
        self._effect = effect
        self._prepare = prepare
        self._after_commit = after_commit

    async def __call__(self, delivery: Delivery[Any]) -> Disposition:
        async with self.batch([delivery]) as handle:
            await handle(delivery)
        return Disposition.DONE

    @asynccontextmanager
    async def batch(
        self, deliveries: Sequence[Delivery[Any]]
    ) -> AsyncIterator[Callable[[Delivery[Any]], Awaitable[None]]]:
        told = False
        async with self._database.transaction() as session:
            waiting = await _accept(session, deliveries)
            if self._prepare is not None and waiting:
                await self._prepare(
                    session, [each for each in deliveries if each.event_id in waiting]
                )

            async def handle(delivery: Delivery[Any]) -> None:
                nonlocal told
                if delivery.event_id in waiting:
                    waiting.discard(delivery.event_id)
                    told = await self._effect(session, delivery) is True or told
                    if session.new or session.identity_map:
                        # The next effect reads its rows anew, as in a session of its own.
                        await session.flush()
                        session.expunge_all()

            yield handle
            if waiting:  # the consumer left early: these come again
                await session.execute(_FORGET, {"ids": list(waiting)})
        if told and self._after_commit is not None:
            self._after_commit()


async def _accept(session: AsyncSession, deliveries: Sequence[Delivery[Any]]) -> set[UUID]:
    """Note the events as handled; the ids of those that were not yet."""
    accepted = await session.scalars(_ACCEPT, {"ids": [each.event_id for each in deliveries]})
    return set(accepted)
