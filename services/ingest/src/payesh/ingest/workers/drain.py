"""Empties the spool: objects first, then row and event in one transaction, then the disk."""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from payesh.contracts.event import deterministic_id
from payesh.contracts.ingest import CameraHealthChanged, GapRecorded, SegmentStored, VideoFormat
from payesh.contracts.values import (
    ClockSource,
    ObjectReference,
    PlaceClass,
    RevisionReference,
    RoadClass,
)
from payesh.contracts.vocabulary import GapReason, HealthCondition
from payesh.ingest import metrics
from payesh.ingest.adapters.health import change_health
from payesh.ingest.adapters.segments import advance_chain, init_of, insert_gap, insert_segment
from payesh.ingest.adapters.spool import Spool, SpoolItem
from payesh.kit import outbox
from payesh.kit.database import Database
from payesh.kit.faults import dependency_fault
from payesh.kit.objects import ObjectStore
from payesh.kit.telemetry import tracer

log = structlog.get_logger(__name__)

BUCKET = "segments"
INIT_TYPE = "video/mp4"
MEDIA_TYPE = "video/iso.segment"
_TRIES = 3
_LONGEST_WAIT_S = 3.0


class Drain:
    """One task a camera keeps its order; a bound over all keeps the store from being flooded."""

    def __init__(
        self, spool: Spool, objects: ObjectStore, database: Database, *, concurrency: int
    ) -> None:
        self._spool = spool
        self._objects = objects
        self._database = database
        self._slots = asyncio.Semaphore(concurrency)
        self._woken: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._inits: dict[UUID, ObjectReference] = {}
        self._waiting_for: dict[str, str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False

    @property
    def blocked_by(self) -> str | None:
        """The dependency that keeps items on disk, for `/readyz`."""
        return next(iter(self._waiting_for.values()), None)

    async def start(self) -> None:
        """Begin with what a former process left."""
        self._loop = asyncio.get_running_loop()
        for camera_id in self._spool.cameras():
            self._wake(camera_id)

    async def stop(self, patience_s: float = 10.0) -> None:
        """Drain what can be drained now; the rest stays on disk for the next start."""
        self._stopping = True
        for woken in self._woken.values():
            woken.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=patience_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def kept(self, camera_id: str) -> None:
        """Something new is in the spool. Called from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closing: the next start drains
                self._loop.call_soon_threadsafe(self._wake, camera_id)

    def _wake(self, camera_id: str) -> None:
        if camera_id not in self._tasks:
            self._woken[camera_id] = asyncio.Event()
            self._tasks[camera_id] = asyncio.create_task(
                self._run(camera_id), name=f"drain-{camera_id}"
            )
        self._woken[camera_id].set()

    async def _run(self, camera_id: str) -> None:
        woken = self._woken[camera_id]
        while True:
            woken.clear()
            try:
                await self._pass(camera_id)
            except Exception:  # a drain that ended would fill the disk unseen
                log.exception("drain failed", camera_id=camera_id)
                await asyncio.sleep(1)
                woken.set()
            metrics.spool_bytes.set(self._spool.used_bytes)
            metrics.spool_items.set(self._spool.depth)
            if self._stopping and not woken.is_set():
                return
            await woken.wait()

    async def _pass(self, camera_id: str) -> None:
        items = await asyncio.to_thread(lambda: list(self._spool.items(camera_id)))
        for item in items:
            wait_s, tries = 0.2, 0
            while True:
                try:
                    async with self._slots:
                        await self._store(item)
                    self._waiting_for.pop(camera_id, None)
                    break
                except Exception as error:
                    away = dependency_fault(error)
                    if away is not None:  # this machine too: a good item is not to blame for it
                        self._waiting_for[camera_id] = away.dependency
                        log.warning("drain waits", camera_id=camera_id, reason=str(away))
                        if self._stopping:
                            return
                    else:
                        tries += 1
                        log.exception("item cannot be stored", camera_id=camera_id, tries=tries)
                        if tries >= _TRIES:
                            await self._give_up(item)
                            break
                await asyncio.sleep(wait_s)
                wait_s = min(_LONGEST_WAIT_S, wait_s * 2)

    async def _store(self, item: SpoolItem) -> None:
        if item.kind == "segment":
            await self._store_segment(item)
        elif item.kind == "gap":
            await self._store_gap(item)
        else:
            await self._store_health(item)
        await asyncio.to_thread(self._spool.remove, item)

    async def _store_segment(self, item: SpoolItem) -> None:
        body, path = item.body, item.media_path
        assert path is not None  # noqa: S101 - segments have media
        stream_id = UUID(body["stream_id"])
        folder = f"{item.camera_id}/{stream_id}"
        with tracer.start_as_current_span("ingest.segment.store") as span:
            span.set_attribute("payesh.camera_id", item.camera_id)
            span.set_attribute("payesh.stream_id", str(stream_id))
            span.set_attribute("payesh.sequence", body["sequence"])
            init = await self._init(item.camera_id, stream_id, folder)
            media = await asyncio.to_thread(path.read_bytes)
            reference = await self._objects.put(
                BUCKET, f"{folder}/{body['sequence']:08d}.m4s", media, media_type=MEDIA_TYPE
            )
            if (init.sha256, reference.sha256) != (body["init_sha256"], body["media_sha256"]):
                raise ValueError("the spool's bytes are not those that were recorded")
            event = _segment_event(item.camera_id, body, init, reference)
            ended_at = datetime.fromisoformat(body["ended_at"])
            async with self._database.transaction() as session:
                if await insert_segment(session, event, ended_at):
                    await advance_chain(session, event, ended_at)
                    await outbox.add(session, event)
        metrics.stored.inc()
        metrics.store_lag_s.observe(max(0.0, (datetime.now(UTC) - ended_at).total_seconds()))
        if event.last_in_stream:
            self._inits.pop(stream_id, None)
            await asyncio.to_thread(self._spool.forget_init, item.camera_id, stream_id)

    async def _init(self, camera_id: str, stream_id: UUID, folder: str) -> ObjectReference:
        known = self._inits.get(stream_id)
        if known is None:
            async with self._database.transaction() as session:
                known = await init_of(session, stream_id)
        if known is None:
            init = await asyncio.to_thread(self._spool.init, camera_id, stream_id)
            known = await self._objects.put(
                BUCKET, f"{folder}/init.mp4", init, media_type=INIT_TYPE
            )
        self._inits[stream_id] = known
        return known

    async def _store_gap(self, item: SpoolItem) -> None:
        event = _gap_event(item.camera_id, item.body)
        async with self._database.transaction() as session:
            if await insert_gap(session, event, live=True):
                await outbox.add(session, event)
                metrics.gaps.labels(event.reason).inc()

    async def _store_health(self, item: SpoolItem) -> None:
        body = item.body
        event = CameraHealthChanged(
            camera_id=item.camera_id,
            **_place(body),
            condition=HealthCondition(body["condition"]),
            raised=body["raised"],
            changed_at=datetime.fromisoformat(body["changed_at"]),
            value=body["value"],
            threshold=body["threshold"],
        )
        async with self._database.transaction() as session:
            if await change_health(session, event):
                await outbox.add(session, event)

    async def _give_up(self, item: SpoolItem) -> None:
        """Say that a broken item's time is lost and set it aside. In this order: a full disk may
        refuse the gap, and then the item is tried again. Raises SpoolFull."""
        gap = _corrupt_gap(item.body) if item.kind == "segment" else None
        if gap is not None:
            await asyncio.to_thread(self._spool.append, item.camera_id, "gap", gap)
        await asyncio.to_thread(self._spool.set_aside, item)
        self._wake(item.camera_id)


def _corrupt_gap(body: dict[str, Any]) -> dict[str, Any] | None:
    """The time of a segment that is lost; None when even that is missing."""
    try:
        return {
            "gap_id": str(deterministic_id("gap", body["stream_id"], body["sequence"])),
            "started_at": body["captured_at"],
            "ended_at": body["ended_at"],
            "reason": GapReason.CORRUPT,
            "last_stream_id": body["stream_id"],
            "last_sequence": max(0, body["sequence"] - 1),
            **{name: body[name] for name in ("county", "road_class", "place_class")},
        }
    except KeyError:
        return None


def _place(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "county": body["county"],
        "road_class": RoadClass(body["road_class"]),
        "place_class": PlaceClass(body["place_class"]),
    }


def _segment_event(
    camera_id: str, body: dict[str, Any], init: ObjectReference, media: ObjectReference
) -> SegmentStored:
    return SegmentStored(
        camera_id=camera_id,
        **_place(body),
        captured_at=datetime.fromisoformat(body["captured_at"]),
        clock_source=ClockSource(body["clock_source"]),
        clock_u95_ms=float(body["clock_u95_ms"]),
        revision=RevisionReference.model_validate(body["revision"]),
        stream_id=UUID(body["stream_id"]),
        sequence=body["sequence"],
        fencing_token=body["fencing_token"],
        duration_ms=body["duration_ms"],
        frame_count=body["frame_count"],
        repaired_timestamps=body["repaired_timestamps"],
        video=VideoFormat(**body["video"]),
        init=init,
        media=media,
        previous_link_sha256=body["previous_link_sha256"],
        link_sha256=body["link_sha256"],
        last_in_stream=body["last_in_stream"],
    )


def _gap_event(camera_id: str, body: dict[str, Any]) -> GapRecorded:
    return GapRecorded(
        camera_id=camera_id,
        **_place(body),
        gap_id=UUID(body["gap_id"]),
        started_at=datetime.fromisoformat(body["started_at"]),
        ended_at=datetime.fromisoformat(body["ended_at"]),
        reason=GapReason(body["reason"]),
        last_stream_id=UUID(body["last_stream_id"]) if body["last_stream_id"] else None,
        last_sequence=body["last_sequence"],
    )
