"""Which cameras this replica records: leases, and a recorder for each camera held."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from payesh.contracts.ingest import PictureSize
from payesh.ingest import metrics
from payesh.ingest.adapters import leases as lease_rows
from payesh.ingest.adapters.cameras import (
    StoredCamera,
    basic_allowed,
    cameras_named,
    picture_sizes,
)
from payesh.ingest.adapters.health import raised_conditions
from payesh.ingest.adapters.source_secrets import StoredSource
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import Assignment, SpoolRecord
from payesh.ingest.domain.leases import plan
from payesh.ingest.workers.recorder import Recorder
from payesh.ingest.workers.resuming import resumed, resumed_from_notes, waiting
from payesh.kit.database import Database
from payesh.kit.errors import DependencyFault
from payesh.kit.lifecycle import WakingWorker

log = structlog.get_logger(__name__)

_PATIENCE_S = 60.0
"""A renewal in hand may be joining recorders, each of which ends within its read timeout."""


@dataclass(frozen=True, slots=True)
class FleetTimes:
    """When a lease expires unrenewed, and how often it is renewed."""

    ttl_s: float
    renew_s: float


class Fleet:
    """Renews, takes and gives back leases. While the database is away the recorders go on under
    the tokens they hold; where another replica has taken a camera, its higher token counts."""

    def __init__(
        self,
        database: Database,
        spool: Spool,
        me: str,
        times: FleetTimes,
        recorder: Callable[[Assignment], Recorder],
    ) -> None:
        self._database = database
        self._spool = spool
        self._me = me
        self._ttl = timedelta(seconds=times.ttl_s)
        self._recorder = recorder
        self._recorders: dict[str, Recorder] = {}
        self._worker = WakingWorker(
            "leases",
            self._renew,
            poll_s=times.renew_s,
            first_wait_s=times.renew_s,
            longest_wait_s=times.renew_s,
            patience_s=_PATIENCE_S,
        )

    @property
    def blocked_by(self) -> str | None:
        """What keeps leases from being renewed, for `/readyz`."""
        return self._worker.blocked_by

    @property
    def recording(self) -> dict[str, int]:
        """Cameras held, with their tokens."""
        return {camera_id: recorder.token for camera_id, recorder in self._recorders.items()}

    def wake(self) -> None:
        """Look now: a camera was added or changed."""
        self._worker.wake()

    async def start(self) -> None:
        try:
            await self._tick()
            # Notes of cameras that others took meanwhile must not be resumed from later.
            await self._forget(set(self._spool.cameras()) - set(self._recorders))
        except DependencyFault as fault:
            log.warning("leases cannot be renewed", dependency=fault.dependency)
            await self._resume_from_notes()
        await self._worker.start()

    async def stop(self) -> None:
        """End the recorders, whose last segments go to the spool, and give the cameras back."""
        await self._worker.stop()
        held = set(self._recorders)
        await self._end(held)
        try:
            async with self._database.transaction() as session:
                await lease_rows.leave(session, self._me)
        except DependencyFault as fault:
            # The leases are still held: the next process here records from the notes.
            log.warning("leases could not be given back", dependency=fault.dependency)
            return
        await self._forget(held)

    async def _renew(self) -> bool:
        await self._tick()
        return False

    async def _tick(self) -> None:
        held = self.recording
        async with self._database.transaction() as session:
            now, replicas = await lease_rows.beat(session, self._me, self._ttl)
            expires_at = now + self._ttl
            kept = await lease_rows.renew(session, self._me, held, expires_at)
            leases = await lease_rows.wanted(session)
        tokens = {name: token for name, token in held.items() if name in kept}
        wanted = {lease.camera_id for lease in leases}
        # Held under this replica's name but not recorded: held before a restart, so it is free.
        seen = [
            lease
            if lease.holder != self._me or lease.camera_id in tokens
            else replace(lease, holder=None)
            for lease in leases
        ]
        todo = plan(seen, me=self._me, replicas=replicas, now=now)
        for camera_id in todo.take:
            async with self._database.transaction() as session:
                token = await lease_rows.take(session, self._me, camera_id, now, expires_at)
            if token is not None:
                tokens[camera_id] = token
                log.info("camera taken", camera_id=camera_id, token=token)
        leaving = (set(held) - set(tokens)) | (set(tokens) - wanted) | set(todo.give_back)
        for camera_id in leaving & set(self._recorders):
            log.info("camera left", camera_id=camera_id, lost=camera_id not in tokens)
        await self._end(leaving)
        await self._forget(leaving & set(held))
        for camera_id in leaving & set(tokens):
            del tokens[camera_id]
            async with self._database.transaction() as session:
                await lease_rows.give_back(session, self._me, camera_id)
        await self._follow(tokens)

    async def _follow(self, tokens: dict[str, int]) -> None:
        """Bring recorders to what is held and configured."""
        if tokens:
            spooled = await asyncio.to_thread(self._spooled, set(tokens))
            async with self._database.transaction() as session:
                cameras = await cameras_named(session, set(tokens))
                raised = await raised_conditions(session)
                sizes = await picture_sizes(session, set(tokens))
                basic = await basic_allowed(session, set(tokens))
            for camera in cameras:
                if camera.source is None:  # removed since the leases were read
                    continue
                assignment = _assignment(
                    camera,
                    camera.source._replace(basic_allowed=camera.camera_id in basic),
                    tokens[camera.camera_id],
                    self._me,
                    frozenset(raised.get(camera.camera_id, ())),
                    sizes.get(camera.camera_id),
                )
                await self._assign(assignment, spooled.get(camera.camera_id, []))
        metrics.recorders.set(len(self._recorders))

    def _spooled(self, camera_ids: set[str]) -> dict[str, list[SpoolRecord]]:
        """What waits for the cameras that have no recorder yet."""
        running = {name for name, each in self._recorders.items() if each.is_alive()}
        return {name: waiting(self._spool, name) for name in camera_ids - running}

    async def _assign(self, assignment: Assignment, spooled: list[SpoolRecord]) -> None:
        known = self._recorders.get(assignment.camera_id)
        if known is not None and known.is_alive():
            if known.reassign(assignment):
                await self._note(assignment)
            return
        await self._note(assignment)
        recorder = self._recorder(resumed(assignment, spooled))
        self._recorders[assignment.camera_id] = recorder
        recorder.start()

    async def _note(self, assignment: Assignment) -> None:
        try:
            await asyncio.to_thread(self._spool.notes.keep_assignment, assignment)
        except OSError as error:  # a full disk; recording, and the gap's record, matter more
            log.warning("assignment not noted", camera_id=assignment.camera_id, reason=str(error))

    async def _forget(self, camera_ids: set[str]) -> None:
        for camera_id in camera_ids:
            await asyncio.to_thread(self._spool.notes.forget_assignment, camera_id)

    async def _resume_from_notes(self) -> None:
        """Go on under the leases held before, when the database is away at the start."""
        for camera_id in self._spool.cameras():
            noted = await asyncio.to_thread(self._spool.notes.assignment, camera_id)
            if noted is None or noted.holder != self._me:
                continue
            assignment = await asyncio.to_thread(resumed_from_notes, noted, self._spool)
            recorder = self._recorder(assignment)
            self._recorders[camera_id] = recorder
            recorder.start()
            log.warning("recording from notes", camera_id=camera_id, token=assignment.token)

    async def _end(self, camera_ids: set[str]) -> None:
        ending = [
            self._recorders.pop(camera_id)
            for camera_id in camera_ids
            if camera_id in self._recorders
        ]
        for recorder in ending:
            recorder.stop()
        for recorder in ending:
            await asyncio.to_thread(recorder.join, 15.0)


def _assignment(
    camera: StoredCamera,
    source: StoredSource,
    token: int,
    holder: str,
    raised: frozenset[str],
    picture_px: PictureSize | None,
) -> Assignment:
    known_until = camera.recording_since
    if camera.covered_until is not None:
        known_until = max(known_until, camera.covered_until)
    return Assignment(
        camera_id=camera.camera_id,
        token=token,
        source=source,
        place=camera.place,
        revision=camera.revision,
        known_until=known_until,
        last_link_sha256=camera.last_link_sha256,
        last_stream_id=camera.last_stream_id,
        last_sequence=camera.last_sequence,
        raised=raised,
        holder=holder,
        picture_px=picture_px,
    )
