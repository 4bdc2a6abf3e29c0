"""The bus edge: passages in, one read each out."""

from datetime import UTC, datetime, timedelta
from typing import Any

from payesh.contracts import Event, PassageObserved
from payesh.kit import inbox, outbox
from payesh.kit.bus import Delivery, Disposition, Handler
from payesh.kit.database import Database
from payesh.plates.adapters import reads
from payesh.plates.handlers import Reading, read_passage

GROUP = "plates"


def handlers(database: Database, reading: Reading, keep: timedelta) -> dict[type[Event], Handler]:
    """Event to handler."""

    async def passage_observed(delivery: Delivery[Any]) -> Disposition:
        # Read before the transaction: no connection is held while the networks work.
        read = await read_passage(delivery.event, reading)
        async with database.transaction() as session:
            if await inbox.accept(session, delivery):
                await reads.add(session, read, datetime.now(UTC) + keep)
                await outbox.add(session, read)
        return Disposition.DONE

    return {PassageObserved: passage_observed}
