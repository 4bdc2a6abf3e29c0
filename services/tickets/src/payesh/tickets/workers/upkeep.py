"""Chores that come round by themselves; several replicas may run them side by side."""

from collections.abc import Sequence
from datetime import timedelta

from payesh.kit.bus import Consumer
from payesh.kit.database import Database
from payesh.kit.lifecycle import Periodic
from payesh.kit.objects import ObjectStore
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.handlers.deadlines import Deadlines
from payesh.tickets.handlers.finalising import finalise
from payesh.tickets.handlers.lapsing import lapse
from payesh.tickets.handlers.owner.copying import make_copies
from payesh.tickets.handlers.owner.sending import CodeSending, send_codes
from payesh.tickets.handlers.reaching import Reaching, notify_owners
from payesh.tickets.handlers.repricing import RepricingDependencies, reprice
from payesh.tickets.handlers.retention import extend_locks, keep_decisions, tidy
from payesh.tickets.handlers.time_stamping import Stamping, stamp_decisions

_EVERY_S = 2.0
_FINALITY_EVERY_S = 1.0
_CODES_EVERY_S = 1.0


def chores(
    database: Database,
    store: ObjectStore,
    consumer: Consumer,
    desk: Dependencies,
    repricing: RepricingDependencies,
    *,
    decisions_last: timedelta,
    reaching: Reaching | None = None,
    stamping: Stamping | None = None,
    codes: CodeSending | None = None,
) -> Sequence[Periodic]:
    """Deadlines, finality, locks, prices and tidying, each on its own: one that fails keeps no
    other waiting."""
    deadlines = Deadlines(database, consumer)
    return (
        Periodic("deadlines", _EVERY_S, deadlines.keep),
        Periodic("finality", _FINALITY_EVERY_S, lambda: finalise(desk)),
        *(
            ()
            if reaching is None
            else (Periodic("notifications", _EVERY_S, lambda: notify_owners(reaching)),)
        ),
        *(
            ()
            if codes is None
            else (
                Periodic("owners' codes", _CODES_EVERY_S, lambda: send_codes(codes)),
                Periodic("owners' copies", _CODES_EVERY_S, lambda: make_copies(desk)),
            )
        ),
        Periodic("law's deadlines", _EVERY_S, lambda: lapse(desk)),
        Periodic("locks", _EVERY_S, lambda: extend_locks(database, store)),
        Periodic(
            "decisions",
            _EVERY_S,
            lambda: keep_decisions(database, store, lasts=decisions_last),
        ),
        *(
            ()
            if stamping is None
            else (Periodic("time-stamps", _EVERY_S, lambda: stamp_decisions(stamping)),)
        ),
        Periodic("prices", _EVERY_S, lambda: reprice(repricing)),
        Periodic("tidying", _EVERY_S, lambda: tidy(database)),
    )
