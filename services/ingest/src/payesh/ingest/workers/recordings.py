"""Uploaded videos become streams: one file at a time, resumable, the file never trusted."""

import asyncio
import contextlib
import hashlib
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.chain import link_sha256
from payesh.contracts.event import deterministic_id
from payesh.contracts.ingest import GapRecorded, SegmentStored, VideoFormat
from payesh.contracts.values import (
    ClockSource,
    ObjectReference,
    PlaceClass,
    RevisionReference,
    RoadClass,
)
from payesh.contracts.vocabulary import GapReason
from payesh.ingest import metrics
from payesh.ingest.adapters import recordings as rows
from payesh.ingest.adapters.cameras import rows_to_record
from payesh.ingest.adapters.remuxer import Fragment
from payesh.ingest.adapters.segments import advance_chain, insert_gap, insert_segment
from payesh.ingest.adapters.video_file import FileEnd, FileSegments, NotAVideo
from payesh.ingest.errors import NoRevision
from payesh.ingest.handlers.cameras import revision_in_force
from payesh.ingest.handlers.recordings import recording_stream_id
from payesh.kit import outbox
from payesh.kit.database import Database
from payesh.kit.errors import MessageFault, PayeshError
from payesh.kit.faults import dependency_fault
from payesh.kit.objects import ObjectStore
from payesh.kit.telemetry import tracer

log = structlog.get_logger(__name__)

BUCKET = "segments"
_POLL_S = 5.0


class _ClaimLost(Exception):
    """Another worker took the recording over, because this one was too slow."""


@dataclass(frozen=True, slots=True)
class _Claim:
    recording_id: UUID
    claim_id: UUID


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is fixed when the work first starts, so that work taken up again, or done by two at
    once, makes the same links."""

    camera_id: str
    stream_id: UUID
    started_at: datetime
    clock_u95_ms: float
    revision: RevisionReference
    place: dict[str, Any]
    previous_link: str | None


class Recordings:
    """Works off the queue; several replicas may, each recording has one worker at a time."""

    def __init__(
        self,
        database: Database,
        objects: ObjectStore,
        folder: Path,
        *,
        segment_s: float,
        workers: int,
    ) -> None:
        self._database = database
        self._objects = objects
        self._folder = folder
        self._segment_s = segment_s
        self._workers = workers
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        self._woken.set()

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._run(), name=f"recordings-{number}")
            for number in range(self._workers)
        ]

    async def stop(self) -> None:
        """Leaves work where it is; its claim runs out and another takes it up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                async with self._database.transaction() as session:
                    row = await rows.claim_recording(session)
                if row is not None:
                    await self._work(row)
                    continue
            except _ClaimLost:
                log.warning("recording taken over by another worker")
                continue
            except Exception as error:
                if (away := dependency_fault(error)) is not None:
                    log.warning("recordings wait", dependency=away.dependency)
                else:
                    log.exception("recording failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _POLL_S)

    async def _work(self, row: dict[str, Any]) -> None:
        claim = _Claim(row["recording_id"], row["claim_id"])
        stored = ObjectReference.model_validate(row["object"])
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix="recording-") as local:
            path = Path(local.name)
            outcome: dict[str, Any]
            try:
                await self._download(claim, stored, local)
                plan = await self._plan(claim, row)
                end, count = await self._segments(claim, plan, path)
                outcome = {"state": "done", "warning": end.warning, "segment_count": count}
            except NotAVideo as error:
                outcome = {"state": "failed", "error": str(error)}
            except MessageFault as error:
                outcome = {"state": "failed", "error": error.reason}
            except NoRevision as error:
                outcome = {"state": "failed", "error": str(error)}
            except _ClaimLost:
                raise
            except Exception as error:
                # Also a full disk, or no file left to open: of that the upload knows nothing.
                if dependency_fault(error) is not None:
                    raise
                log.exception("recording cannot be read", recording_id=str(claim.recording_id))
                outcome = {"state": "failed", "error": "the file cannot be processed"}
        async with self._database.transaction() as session:
            if not await rows.finish_recording(
                session, claim.recording_id, claim.claim_id, **outcome
            ):
                raise _ClaimLost
        log.info(
            "recording worked off", recording_id=str(claim.recording_id), state=outcome["state"]
        )
        if outcome["state"] == "done":
            await self._forget(stored)

    async def _download(self, claim: _Claim, stored: ObjectReference, local: IO[bytes]) -> None:
        renewed = time.monotonic()
        async for chunk in self._objects.stream(stored):
            await asyncio.to_thread(local.write, chunk)
            if time.monotonic() - renewed > rows.CLAIM.total_seconds() / 3:
                await self._renew(claim)
                renewed = time.monotonic()
        await asyncio.to_thread(local.flush)

    async def _renew(self, claim: _Claim, **progress: Any) -> None:
        async with self._database.transaction() as session:
            if not await rows.renew_claim(session, claim.recording_id, claim.claim_id, **progress):
                raise _ClaimLost

    async def _forget(self, stored: ObjectReference) -> None:
        """What was kept of the file lies in its segments now. A failed file stays, for whoever
        asks why, until the bucket expires it; so does one that cannot be deleted now."""
        try:
            await self._objects.delete(stored.bucket, stored.key)
        except PayeshError as error:
            log.warning("uploaded file left to expire", key=stored.key, reason=str(error))

    async def _plan(self, claim: _Claim, row: dict[str, Any]) -> _Plan:
        async with self._database.transaction() as session:
            camera = (await rows_to_record(session, {row["camera_id"]}))[0]
            revision, reference = await revision_in_force(
                session, row["camera_id"], row["started_at"]
            )
            ours = {
                "revision": reference.model_dump(mode="json"),
                "county": revision.county,
                "road_class": revision.road_class,
                "place_class": revision.place_class,
                "previous_link": camera["last_link_sha256"],
            }
            fixed = await rows.fix_plan(session, claim.recording_id, claim.claim_id, ours)
        if fixed is None:
            raise _ClaimLost
        return _Plan(
            camera_id=row["camera_id"],
            stream_id=recording_stream_id(row["recording_id"]),
            started_at=row["started_at"].astimezone(UTC),
            clock_u95_ms=row["clock_u95_ms"],
            revision=RevisionReference.model_validate(fixed["revision"]),
            place={
                "county": fixed["county"],
                "road_class": RoadClass(fixed["road_class"]),
                "place_class": PlaceClass(fixed["place_class"]),
            },
            previous_link=fixed["previous_link"],
        )

    async def _segments(self, claim: _Claim, plan: _Plan, path: Path) -> tuple[FileEnd, int]:
        """Store every segment of the file; how the file ended and how many there are."""
        stopping = threading.Event()
        loop = asyncio.get_running_loop()
        # Two at a time: the file is read no faster than segments are stored.
        queue: asyncio.Queue[Fragment | FileEnd | BaseException] = asyncio.Queue(2)
        file = FileSegments(path, shortest_s=self._segment_s * 0.95)

        def read() -> None:
            def give(item: Fragment | FileEnd | BaseException) -> None:
                waiting = asyncio.run_coroutine_threadsafe(queue.put(item), loop)
                while not stopping.is_set():
                    with contextlib.suppress(TimeoutError):
                        waiting.result(0.5)
                        return
                waiting.cancel()

            try:
                for fragment in _until(stopping, file.fragments()):
                    give(fragment)
                give(file.end())
            except BaseException as error:
                give(error)

        thread = threading.Thread(target=read, name=f"recording-{claim.recording_id}", daemon=True)
        thread.start()
        link, sequence, init = plan.previous_link, 0, None
        held: Fragment | None = None
        try:
            while True:
                item = await queue.get()
                if isinstance(item, BaseException):
                    raise item
                # One is held back: only at the end is it known which segment is the last.
                if held is not None:
                    init = init or await self._put_init(plan, file)
                    last = isinstance(item, FileEnd)
                    link = await self._store(plan, file, held, sequence, link, init, last=last)
                    sequence += 1
                    await self._renew(claim, segment_count=sequence)
                if isinstance(item, FileEnd):
                    await self._note_missing(claim.recording_id, plan, item, sequence)
                    return item, sequence
                held = item
        finally:
            stopping.set()

    async def _put_init(self, plan: _Plan, file: FileSegments) -> ObjectReference:
        return await self._objects.put(
            BUCKET, f"{plan.camera_id}/{plan.stream_id}/init.mp4", file.init, media_type="video/mp4"
        )

    async def _store(
        self,
        plan: _Plan,
        file: FileSegments,
        fragment: Fragment,
        sequence: int,
        previous: str | None,
        init: ObjectReference,
        *,
        last: bool,
    ) -> str:
        """Store one segment as its stream wants it; its link."""
        captured_at = plan.started_at + timedelta(seconds=file.seconds(fragment.first_pts))
        length_s = file.seconds(fragment.end_pts) - file.seconds(fragment.first_pts)
        duration_ms = min(60_000, max(0, round(length_s * 1000)))
        with tracer.start_as_current_span("ingest.segment.store"):
            media_sha256 = hashlib.sha256(fragment.media).hexdigest()
            link = link_sha256(
                previous_link_sha256=previous,
                stream_id=plan.stream_id,
                sequence=sequence,
                captured_at=captured_at,
                duration_ms=duration_ms,
                init_sha256=init.sha256,
                media_sha256=media_sha256,
                revision_sha256=plan.revision.sha256,
                fencing_token=0,
            )
            media = await self._objects.put(
                BUCKET,
                f"{plan.camera_id}/{plan.stream_id}/{sequence:08d}.m4s",
                fragment.media,
                media_type="video/iso.segment",
            )
            event = SegmentStored(
                camera_id=plan.camera_id,
                **plan.place,
                captured_at=captured_at,
                clock_source=ClockSource.DECLARED,
                clock_u95_ms=plan.clock_u95_ms,
                revision=plan.revision,
                stream_id=plan.stream_id,
                sequence=sequence,
                fencing_token=0,
                duration_ms=duration_ms,
                frame_count=fragment.frame_count,
                repaired_timestamps=fragment.repaired_timestamps,
                video=VideoFormat(
                    codec=file.codec, width_px=file.width_px, height_px=file.height_px
                ),
                init=init,
                media=media,
                previous_link_sha256=previous,
                link_sha256=link,
                last_in_stream=last,
            )
            async with self._database.transaction() as session:
                await self._announce(session, event, captured_at + timedelta(seconds=length_s))
        return link

    async def _announce(
        self, session: AsyncSession, event: SegmentStored, ended_at: datetime
    ) -> None:
        if await insert_segment(session, event, ended_at):
            await advance_chain(session, event, None)
            await outbox.add(session, event)
            metrics.stored.inc()

    async def _note_missing(
        self, recording_id: UUID, plan: _Plan, end: FileEnd, segment_count: int
    ) -> None:
        if end.missing_s <= 0:
            return
        started_at = plan.started_at + timedelta(seconds=end.readable_s)
        event = GapRecorded(
            camera_id=plan.camera_id,
            **plan.place,
            gap_id=deterministic_id("gap", "recording", recording_id),
            started_at=started_at,
            ended_at=started_at + timedelta(seconds=end.missing_s),
            reason=GapReason.CORRUPT,
            last_stream_id=plan.stream_id,
            last_sequence=segment_count - 1,
        )
        async with self._database.transaction() as session:
            if await insert_gap(session, event, live=False):
                await outbox.add(session, event)
                metrics.gaps.labels(event.reason).inc()


def _until(stopping: threading.Event, fragments: Iterator[Fragment]) -> Iterator[Fragment]:
    for fragment in fragments:
        if stopping.is_set():
            return
        yield fragment
