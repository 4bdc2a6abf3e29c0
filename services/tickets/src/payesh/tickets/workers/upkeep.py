"""Chores that come round by themselves; several replicas may run them side by side."""

from collections.abc import Sequence

from payesh.kit.bus import Consumer
from payesh.kit.database import Database
from payesh.kit.lifecycle import Periodic
from payesh.kit.objects import ObjectStore
from payesh.tickets.handlers.deadlines import Deadlines
from payesh.tickets.handlers.retention import extend_locks, tidy

_EVERY_S = 2.0


def chores(database: Database, store: ObjectStore, consumer: Consumer) -> Sequence[Periodic]:
    """Deadlines, locks and tidying, each on its own: one that fails keeps no other waiting."""
    deadlines = Deadlines(database, consumer)
    return (
        Periodic("deadlines", _EVERY_S, deadlines.keep),
        Periodic("locks", _EVERY_S, lambda: extend_locks(database, store)),
        Periodic("tidying", _EVERY_S, lambda: tidy(database)),
    )
