"""Empties the spool: objects first, then row and event in one transaction, then the disk."""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import structlog

from payesh.contracts.values import ObjectReference
from payesh.ingest import metrics
from payesh.ingest.adapters.segments import init_of
from payesh.ingest.adapters.spool import Spool, SpoolItem
from payesh.ingest.adapters.spool_records import (
    GapRecord,
    HealthRecord,
    SegmentRecord,
    UnusableRecord,
)
from payesh.ingest.handlers.gaps import store_gap
from payesh.ingest.handlers.health import store_health_change
from payesh.ingest.handlers.segments import store_init, store_segment
from payesh.kit.database import Database
from payesh.kit.faults import dependency_fault
from payesh.kit.lifecycle import WakingWorker
from payesh.kit.objects import ObjectStore

log = structlog.get_logger(__name__)

_TRIES = 3
_LONGEST_WAIT_S = 3.0
_POLL_S = 60.0
"""Recorders wake the drain; this is for what no wake announces."""


@dataclass(frozen=True, slots=True)
class DrainDependencies:
    """What draining rests on. `slots` bounds what is stored at a time over all cameras."""

    spool: Spool
    objects: ObjectStore
    database: Database
    slots: asyncio.Semaphore


class Drain:
    """One worker a camera keeps its order; a bound over all keeps the store from being flooded."""

    def __init__(
        self, spool: Spool, objects: ObjectStore, database: Database, *, concurrency: int
    ) -> None:
        self._dependencies = DrainDependencies(
            spool, objects, database, asyncio.Semaphore(concurrency)
        )
        self._cameras: dict[str, _CameraDrain] = {}
        self._starting: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def blocked_by(self) -> str | None:
        """The dependency that keeps items on disk, for `/readyz`."""
        waiting = (camera.worker.blocked_by for camera in self._cameras.values())
        return next((dependency for dependency in waiting if dependency), None)

    async def start(self) -> None:
        """Begin with what a former process left."""
        self._loop = asyncio.get_running_loop()
        for camera_id in self._dependencies.spool.cameras():
            self._wake(camera_id)

    async def stop(self) -> None:
        """Drain what can be drained now; the rest stays on disk for the next start."""
        self._loop = None
        await asyncio.gather(*self._starting)
        await asyncio.gather(*(camera.worker.stop() for camera in self._cameras.values()))

    def on_spooled(self, camera_id: str) -> None:
        """Look for new items of a camera. Called from any thread."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the next start drains
                loop.call_soon_threadsafe(self._wake, camera_id)

    def _wake(self, camera_id: str) -> None:
        camera = self._cameras.get(camera_id)
        if camera is not None:
            camera.worker.wake()
        elif self._loop is not None:
            camera = self._cameras[camera_id] = _CameraDrain(camera_id, self._dependencies)
            starting = self._loop.create_task(camera.worker.start())
            self._starting.add(starting)
            starting.add_done_callback(self._starting.discard)


@dataclass(slots=True)
class _CameraDrain:
    """Stores one camera's items in their order."""

    camera_id: str
    dependencies: DrainDependencies
    worker: WakingWorker = field(init=False)
    _items: deque[SpoolItem] = field(default_factory=deque)
    _inits: dict[UUID, ObjectReference] = field(default_factory=dict)
    _tries: int = 0

    def __post_init__(self) -> None:
        # One name for all, since no camera may become the label of a metric.
        self.worker = WakingWorker(
            "drain", self._next, poll_s=_POLL_S, longest_wait_s=_LONGEST_WAIT_S, drain=True
        )

    async def _next(self) -> bool:
        """Store the oldest item; False when none waits. Raises the fault of a dependency, this
        machine included: a good item is not to blame for it."""
        spool = self.dependencies.spool
        if not self._items:
            self._items.extend(await asyncio.to_thread(lambda: list(spool.items(self.camera_id))))
        metrics.spool_bytes.set(spool.used_bytes)
        metrics.spool_items.set(spool.depth)
        if not self._items:
            return False
        item = self._items[0]
        if isinstance(item.record, UnusableRecord):
            await self._give_up(item, item.record.reason)
            return True
        try:
            async with self.dependencies.slots:
                await self._store(item)
        except Exception as error:
            if dependency_fault(error) is not None:
                raise
            self._tries += 1
            log.exception("item cannot be stored", camera_id=self.camera_id, tries=self._tries)
            if self._tries < _TRIES:
                await self.worker.pause(0.1 * 2**self._tries)
            else:
                await self._give_up(item, f"{type(error).__name__}: {error}")
        else:
            self._done()
        return True

    def _done(self) -> None:
        self._items.popleft()
        self._tries = 0

    async def _store(self, item: SpoolItem) -> None:
        database = self.dependencies.database
        match item.record:
            case SegmentRecord() as record:
                await self._store_segment(item, record)
            case GapRecord() as record:
                await store_gap(database, self.camera_id, record, live=True)
            case HealthRecord() as record:
                await store_health_change(database, self.camera_id, record)
        await asyncio.to_thread(self.dependencies.spool.remove, item)

    async def _store_segment(self, item: SpoolItem, record: SegmentRecord) -> None:
        path = item.media_path
        assert path is not None  # noqa: S101 - segments have media
        init = await self._init(record.stream_id)
        media = await asyncio.to_thread(path.read_bytes)
        await store_segment(
            self.dependencies.database,
            self.dependencies.objects,
            self.camera_id,
            record,
            init,
            media,
            live=True,
        )
        metrics.stored.inc()
        metrics.store_lag_s.observe(max(0.0, (datetime.now(UTC) - record.ended_at).total_seconds()))
        if record.last_in_stream:
            self._inits.pop(record.stream_id, None)
            await asyncio.to_thread(
                self.dependencies.spool.forget_init, self.camera_id, record.stream_id
            )

    async def _init(self, stream_id: UUID) -> ObjectReference:
        known = self._inits.get(stream_id)
        if known is None:
            async with self.dependencies.database.transaction() as session:
                known = await init_of(session, stream_id)
        if known is None:
            init = await asyncio.to_thread(self.dependencies.spool.init, self.camera_id, stream_id)
            known = await store_init(self.dependencies.objects, self.camera_id, stream_id, init)
        self._inits[stream_id] = known
        return known

    async def _give_up(self, item: SpoolItem, reason: str) -> None:
        """Record that a broken item's time is lost, then set it aside. In this order: a full disk
        may refuse the gap, and then the item is tried again. Raises SpoolFull."""
        gap: GapRecord | None = None
        if isinstance(item.record, SegmentRecord):
            gap = item.record.lost()
        elif isinstance(item.record, UnusableRecord):
            gap = item.record.lost
        spool = self.dependencies.spool
        if gap is not None:
            await asyncio.to_thread(spool.append, self.camera_id, gap)
        await asyncio.to_thread(spool.set_aside, item, reason)
        self._done()
