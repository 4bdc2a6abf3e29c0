"""The kilometre in the demo: two cameras whose recordings are uploaded, the later one first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from payesh.contracts import CitationDrafted, CitationRejected, ViolationDetected
from payesh.local.bus_tap import BusTap
from payesh.local.environment import SETTLE_S
from payesh.local.kilometre.drives import EXIT_FILM_AFTER_S
from payesh.local.kilometre.production import ENTRY_ID, EXIT_ID, Kilometre
from payesh.local.kilometre.verdict import KilometreFigures, judged
from payesh.local.operator import Operator
from payesh.local.run_record import events_of, is_observed, is_settled

_QUIET_S = SETTLE_S + 3.0
_TIMEOUT_S = 240.0
_CLOCK_U95_MS = 50.0


@dataclass
class KilometreShowing:
    """Both cameras, registered, whose recordings begin at `began_at`."""

    kilometre: Kilometre
    began_at: datetime

    @classmethod
    async def register(cls, operator: Operator, kilometre: Kilometre) -> KilometreShowing:
        """Both cameras, from now on: nothing is accepted from before they are known."""
        entry, exit_ = kilometre.revisions(datetime.now(UTC))
        await operator.create_camera(ENTRY_ID, entry, None)
        await operator.create_camera(EXIT_ID, exit_, None)
        return cls(kilometre, datetime.now(UTC))

    async def show(self, operator: Operator, tap: BusTap) -> None:
        """Upload both recordings once their time has passed, and wait until everything that they
        show is judged. Raises TimeoutError, httpx.HTTPStatusError."""
        ends_at = self.began_at + timedelta(seconds=self.kilometre.duration_s)
        await asyncio.sleep(max((ends_at - datetime.now(UTC)).total_seconds(), 0.0))
        exit_began_at = self.began_at + timedelta(seconds=EXIT_FILM_AFTER_S)
        for camera_id, film, began_at in (
            (EXIT_ID, self.kilometre.exit_film, exit_began_at),
            (ENTRY_ID, self.kilometre.entry_film, self.began_at),
        ):
            await operator.post_recording(camera_id, film, began_at, clock_u95_ms=_CLOCK_U95_MS)
        async with asyncio.timeout(_TIMEOUT_S):
            await self._until_quiet(tap)

    async def _until_quiet(self, tap: BusTap) -> None:
        loop = asyncio.get_running_loop()
        seen, since_s = -1, loop.time()
        while True:
            count = len(tap.events(ViolationDetected))
            observed = all(is_observed(tap, each) for each in (ENTRY_ID, EXIT_ID))
            if count != seen or not observed or not is_settled(tap):
                seen, since_s = count, loop.time()
            elif loop.time() - since_s > _QUIET_S:
                return
            await asyncio.sleep(0.25)

    def figures(self, tap: BusTap) -> KilometreFigures:
        return judged(
            self.kilometre.drives,
            self.began_at,
            events_of(tap, ViolationDetected, EXIT_ID),
            events_of(tap, CitationDrafted, EXIT_ID),
            events_of(tap, CitationRejected, EXIT_ID),
        )
