"""Which cameras this replica records: leases, and a recorder for each camera held."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from payesh.contracts.values import RevisionReference
from payesh.ingest import metrics
from payesh.ingest.adapters import leases as lease_rows
from payesh.ingest.adapters.cameras import rows_to_record
from payesh.ingest.adapters.health import raised_conditions
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.domain.leases import plan
from payesh.ingest.workers.assignment import Assignment, Place, SourceRecord
from payesh.ingest.workers.recorder import Recorder, resumed
from payesh.kit.database import Database
from payesh.kit.errors import DependencyFault

log = structlog.get_logger(__name__)

_NOTE = "assignment"


@dataclass(frozen=True, slots=True)
class FleetTimes:
    ttl_s: float
    renew_s: float


class Fleet:
    """Renews, takes and gives back leases. While the database is away the recorders go on under
    the tokens they hold; should another have taken a camera, its higher token counts."""

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
        self._renew_s = times.renew_s
        self._recorder = recorder
        self._recorders: dict[str, Recorder] = {}
        self._woken = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self.blocked_by: str | None = None

    @property
    def recording(self) -> dict[str, int]:
        """Cameras held, with their tokens."""
        return {camera_id: recorder.token for camera_id, recorder in self._recorders.items()}

    def wake(self) -> None:
        """Something about a camera changed: look now."""
        self._woken.set()

    async def start(self) -> None:
        try:
            await self._tick()
            # Notes of cameras that others took meanwhile must not be resumed from later.
            await self._forget(set(self._spool.cameras()) - set(self._recorders))
        except DependencyFault as fault:
            self.blocked_by = fault.dependency
            await self._resume_from_notes()
        self._task = asyncio.create_task(self._run(), name="fleet")

    async def stop(self) -> None:
        """End the recorders, whose last segments go to the spool, and give the cameras back."""
        self._stopping = True
        self.wake()
        if self._task is not None:
            await self._task
        held = set(self._recorders)
        await self._end(held)
        try:
            async with self._database.transaction() as session:
                await lease_rows.leave(session, self._me)
        except DependencyFault as fault:
            # The leases are still ours: who starts next records from the notes until it is back.
            log.warning("leases could not be given back", dependency=fault.dependency)
            return
        await self._forget(held)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._renew_s)
            self._woken.clear()
            if self._stopping:
                return
            try:
                await self._tick()
                self.blocked_by = None
            except DependencyFault as fault:
                self.blocked_by = fault.dependency
                log.warning("leases cannot be renewed", dependency=fault.dependency)
            except Exception:  # a fleet that ended would let its leases run out
                log.exception("fleet failed")

    async def _tick(self) -> None:
        held = self.recording
        async with self._database.transaction() as session:
            now, replicas = await lease_rows.beat(session, self._me, self._ttl)
            expires_at = now + self._ttl
            kept = await lease_rows.renew(session, self._me, held, expires_at)
            leases = await lease_rows.wanted(session)
        tokens = {name: token for name, token in held.items() if name in kept}
        wanted = {lease.camera_id for lease in leases}
        # Held by our name but not recorded: we held it before a restart, so it is free for us.
        seen = [
            lease
            if lease.holder != self._me or lease.camera_id in tokens
            else type(lease)(lease.camera_id, None, lease.token, lease.expires_at)
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
            async with self._database.transaction() as session:
                rows = await rows_to_record(session, set(tokens))
                raised = await raised_conditions(session)
            for row in rows:
                camera_id = row["camera_id"]
                assignment = _assignment(
                    row, tokens[camera_id], frozenset(raised.get(camera_id, ()))
                )
                await self._assign(assignment)
        metrics.recorders.set(len(self._recorders))

    async def _assign(self, assignment: Assignment) -> None:
        known = self._recorders.get(assignment.camera_id)
        if known is not None and known.is_alive():
            if known.reassign(assignment):
                await self._note(assignment)
            return
        await self._note(assignment)
        assignment = await asyncio.to_thread(resumed, assignment, self._spool)
        recorder = self._recorder(assignment)
        self._recorders[assignment.camera_id] = recorder
        recorder.start()

    async def _note(self, assignment: Assignment) -> None:
        document = {"holder": self._me, **assignment.to_document()}
        try:
            await asyncio.to_thread(self._spool.note, assignment.camera_id, _NOTE, document)
        except OSError as error:  # a full disk; recording, and telling of it, matters more
            log.warning("assignment not noted", camera_id=assignment.camera_id, reason=str(error))

    async def _forget(self, camera_ids: set[str]) -> None:
        for camera_id in camera_ids:
            await asyncio.to_thread(self._spool.note, camera_id, _NOTE, None)

    async def _resume_from_notes(self) -> None:
        """The database is away at the start: go on under the leases we held."""
        for camera_id in self._spool.cameras():
            document = await asyncio.to_thread(self._spool.noted, camera_id, _NOTE)
            if document is None or document.pop("holder", None) != self._me:
                continue
            assignment = Assignment.from_document(document)
            assignment = await asyncio.to_thread(resumed, assignment, self._spool, from_notes=True)
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


def _assignment(row: dict[str, Any], token: int, raised: frozenset[str]) -> Assignment:
    known_until = row["recording_since"]
    if row["covered_until"] is not None:
        known_until = max(known_until, row["covered_until"])
    return Assignment(
        camera_id=row["camera_id"],
        token=token,
        source=SourceRecord(
            row["source_url"], row["source_username"], row["source_sealed_password"]
        ),
        place=Place(row["county"], row["road_class"], row["place_class"]),
        revision=RevisionReference.model_validate(row["revision_reference"]),
        known_until=known_until,
        last_link_sha256=row["last_link_sha256"],
        last_stream_id=row["last_stream_id"],
        last_sequence=row["last_sequence"],
        raised=raised,
    )
