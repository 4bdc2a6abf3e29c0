"""Uploaded videos become streams: one file at a time, resumable, the file never trusted."""

import asyncio
import hashlib
import tempfile
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

import structlog

from payesh.contracts.event import deterministic_id
from payesh.contracts.ingest import PictureSize
from payesh.contracts.values import ClockSource, ObjectReference
from payesh.contracts.vocabulary import GapReason
from payesh.ingest import metrics
from payesh.ingest.adapters import recordings as rows
from payesh.ingest.adapters.cameras import cameras_named
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.recordings import Claim, Outcome, RecordingPlan, StoredRecording
from payesh.ingest.adapters.spool_records import GapRecord, RecordedVideo
from payesh.ingest.adapters.video_file import FileEnd, FileFragment, FileSegments, NotAVideo
from payesh.ingest.errors import NoRevision
from payesh.ingest.handlers.gaps import store_gap
from payesh.ingest.handlers.health import judge_uploaded_size
from payesh.ingest.handlers.recordings import recording_stream_id
from payesh.ingest.handlers.revisions import revision_in_force
from payesh.ingest.handlers.segments import (
    RecordedUnder,
    SegmentTime,
    StreamChain,
    store_init,
    store_segment,
)
from payesh.ingest.workers.threaded_file import fragments_of, survey
from payesh.kit.database import Database
from payesh.kit.errors import MessageFault, PayeshError
from payesh.kit.faults import dependency_fault
from payesh.kit.lifecycle import WakingWorker
from payesh.kit.objects import ObjectStore

log = structlog.get_logger(__name__)

_POLL_S = 5.0
_NO_LEASE = 0
"""The fencing token of an uploaded file: it counts where no live stream was recorded."""


class _ClaimLost(Exception):
    """Another worker took the recording over, because this one was too slow."""


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
        # No patience: work is left where it is, its claim runs out, and another takes it up.
        self._worker = WakingWorker(
            "recordings", self._next, poll_s=_POLL_S, concurrency=workers, patience_s=0
        )

    def wake(self) -> None:
        self._worker.wake()

    async def start(self) -> None:
        await self._worker.start()

    async def stop(self) -> None:
        await self._worker.stop()

    async def _next(self) -> bool:
        """Work off one recording; False when none waits."""
        async with self._database.transaction() as session:
            claimed = await rows.claim_recording(session)
        if claimed is None:
            return False
        recording, claim = claimed
        try:
            await self._work(recording, claim)
        except _ClaimLost:
            log.warning(
                "recording taken over by another worker", recording_id=str(claim.recording_id)
            )
        return True

    async def _work(self, recording: StoredRecording, claim: Claim) -> None:
        outcome = await self._outcome(recording, claim)
        async with self._database.transaction() as session:
            if not await rows.finish_recording(session, claim, outcome):
                raise _ClaimLost
        log.info("recording worked off", recording_id=str(claim.recording_id), state=outcome.state)
        if outcome.state == "done":
            await self._forget(recording.object)

    async def _outcome(self, recording: StoredRecording, claim: Claim) -> Outcome:
        """Segment the file. Raises _ClaimLost, and faults of dependencies, which are not the
        file's."""
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix="recording-") as local:
            try:
                await self._download(claim, recording.object, local)
                plan, size = await self._plan(recording, claim)
                end, count = await self._segments(recording, claim, plan, size, Path(local.name))
                return Outcome("done", warning=end.warning, segment_count=count)
            except MessageFault as error:
                return Outcome("failed", error=error.reason)
            except (NotAVideo, NoRevision) as error:
                return Outcome("failed", error=str(error))
            except _ClaimLost:
                raise
            except Exception as error:
                # Also a full disk, or no file left to open: the upload is not to blame for it.
                if dependency_fault(error) is not None:
                    raise
                log.exception("recording cannot be read", recording_id=str(claim.recording_id))
                return Outcome("failed", error="the file cannot be processed")

    async def _download(self, claim: Claim, stored: ObjectReference, local: IO[bytes]) -> None:
        renewed = time.monotonic()
        async for chunk in self._objects.stream(stored):
            await asyncio.to_thread(local.write, chunk)
            if time.monotonic() - renewed > rows.CLAIM.total_seconds() / 3:
                await self._renew(claim)
                renewed = time.monotonic()
        await asyncio.to_thread(local.flush)

    async def _renew(self, claim: Claim, *, segment_count: int | None = None) -> None:
        async with self._database.transaction() as session:
            if not await rows.renew_claim(session, claim, segment_count=segment_count):
                raise _ClaimLost

    async def _forget(self, stored: ObjectReference) -> None:
        """Delete a file whose segments are stored. A failed file stays for the operator until the
        bucket expires it; so does one that cannot be deleted now."""
        try:
            await self._objects.delete(stored.bucket, stored.key)
        except PayeshError as error:
            log.warning("uploaded file left to expire", key=stored.key, reason=str(error))

    async def _plan(
        self, recording: StoredRecording, claim: Claim
    ) -> tuple[RecordingPlan, PictureSize | None]:
        """How the file is recorded, and the picture's size that its revision is for."""
        async with self._database.transaction() as session:
            (camera,) = await cameras_named(session, {recording.camera_id})
            revision, reference = await revision_in_force(
                session, recording.camera_id, recording.started_at
            )
            ours = RecordingPlan(
                reference,
                Place(revision.county, revision.road_class, revision.place_class),
                camera.last_link_sha256,
            )
            fixed = await rows.fix_plan(session, claim, ours)
        if fixed is None:
            raise _ClaimLost
        if revision.width_px is None or revision.height_px is None or fixed.revision != reference:
            return fixed, None
        return fixed, PictureSize(width_px=revision.width_px, height_px=revision.height_px)

    async def _segments(
        self,
        recording: StoredRecording,
        claim: Claim,
        plan: RecordingPlan,
        size: PictureSize | None,
        path: Path,
    ) -> tuple[FileEnd, int]:
        """Store every segment of the file; how the file ended and how many there are."""
        latest = recording.created_at - recording.started_at
        file = FileSegments(
            path, shortest_s=self._segment_s * 0.95, latest_s=latest.total_seconds()
        )
        await survey(file, lambda: self._renew(claim))
        under = RecordedUnder(plan.revision, plan.place, _NO_LEASE)
        chain: StreamChain | None = None
        init: ObjectReference | None = None
        stored = 0
        async with aclosing(fragments_of(file, f"recording-{claim.recording_id}")) as fragments:
            async for part in fragments:
                stream_id = recording_stream_id(recording.recording_id, part.stream.ordinal)
                if chain is None or init is None or chain.stream_id != stream_id:
                    if chain is not None and part.stream.gap_from_s is not None:
                        await self._store_gap(recording, _jumped(recording, plan, part, chain))
                    init = await store_init(
                        self._objects, recording.camera_id, stream_id, part.stream.init
                    )
                    # An ended chain's next link would name its last one: so does the next stream.
                    former = (plan if chain is None else chain).previous_link_sha256
                    chain = _chain(part, stream_id, former)
                    if size is not None:
                        found = chain.video.upright_px
                        await judge_uploaded_size(
                            self._database, recording.camera_id, plan.place, found, size
                        )
                segment = chain.link(part.fragment, _time(recording, part), under, last=part.last)
                if await store_segment(
                    self._database,
                    self._objects,
                    recording.camera_id,
                    segment,
                    init,
                    part.fragment.media,
                    live=False,
                ):
                    metrics.stored.inc()
                chain.advance(segment)
                stored += 1
                await self._renew(claim, segment_count=stored)
        end = file.end()
        if end.missing_s > 0 and chain is not None:
            await self._store_gap(recording, _missing(recording, plan, end, chain))
        return end, stored

    async def _store_gap(self, recording: StoredRecording, gap: GapRecord) -> None:
        await store_gap(self._database, recording.camera_id, gap, live=False)


def _chain(part: FileFragment, stream_id: UUID, previous_link_sha256: str | None) -> StreamChain:
    stream = part.stream
    return StreamChain(
        stream_id,
        RecordedVideo(
            codec=stream.codec,
            width_px=stream.width_px,
            height_px=stream.height_px,
            rotation_deg=stream.rotation_deg,
        ),
        hashlib.sha256(stream.init).hexdigest(),
        previous_link_sha256,
    )


def _time(recording: StoredRecording, part: FileFragment) -> SegmentTime:
    length_s = part.end_s - part.start_s
    return SegmentTime(
        _moment(recording, part.start_s),
        length_s,
        ClockSource.DECLARED if part.stream.time_known else ClockSource.UNVERIFIED,
        recording.clock_u95_ms,
        presented_s=length_s,
    )


def _moment(recording: StoredRecording, seconds: float) -> datetime:
    return recording.started_at.astimezone(UTC) + timedelta(seconds=seconds)


def _jumped(
    recording: StoredRecording, plan: RecordingPlan, part: FileFragment, former: StreamChain
) -> GapRecord:
    """The time between two streams of a file whose times jump."""
    stream = part.stream
    return GapRecord(
        gap_id=deterministic_id("gap", "recording", recording.recording_id, stream.ordinal),
        started_at=_moment(recording, stream.gap_from_s or 0.0),
        ended_at=_moment(recording, stream.starts_s),
        reason=GapReason.SOURCE_LOST if stream.gap_known else GapReason.CORRUPT,
        last_stream_id=former.stream_id,
        last_sequence=former.sequence - 1,
        **plan.place.fields(),
    )


def _missing(
    recording: StoredRecording, plan: RecordingPlan, end: FileEnd, chain: StreamChain
) -> GapRecord:
    started_at = _moment(recording, end.readable_s)
    return GapRecord(
        gap_id=deterministic_id("gap", "recording", recording.recording_id),
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=end.missing_s),
        reason=GapReason.CORRUPT,
        last_stream_id=chain.stream_id,
        last_sequence=chain.sequence - 1,
        **plan.place.fields(),
    )
