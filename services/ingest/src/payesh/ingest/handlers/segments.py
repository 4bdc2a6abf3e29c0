"""Segments of a stream, live or uploaded: linked into its chain, stored, and published once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from payesh.contracts.chain import link_sha256
from payesh.contracts.ingest import SegmentStored, VideoFormat
from payesh.contracts.values import ClockSource, ObjectReference, RevisionReference
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.remuxer import Fragment
from payesh.ingest.adapters.segments import advance_chain, insert_segment
from payesh.ingest.adapters.spool_records import RecordedVideo, SegmentRecord
from payesh.kit import outbox
from payesh.kit.database import Database
from payesh.kit.objects import ObjectStore
from payesh.kit.telemetry import tracer

BUCKET = "segments"
INIT_TYPE = "video/mp4"
MEDIA_TYPE = "video/iso.segment"
_LONGEST_MS = 60_000


@dataclass(frozen=True, slots=True)
class SegmentTime:
    """When a segment was captured, and how well that is known.

    `length_s` is by the capture clock, `presented_s` by the frames' presentation times.
    """

    captured_at: datetime
    length_s: float
    clock_source: ClockSource
    clock_u95_ms: float
    presented_s: float | None = None

    @property
    def ended_at(self) -> datetime:
        return self.captured_at + timedelta(seconds=self.length_s)

    @property
    def duration_ms(self) -> int:
        return _milliseconds(self.length_s)

    @property
    def presented_ms(self) -> int | None:
        return None if self.presented_s is None else _milliseconds(self.presented_s)


@dataclass(frozen=True, slots=True)
class RecordedUnder:
    """What was in force when a segment was recorded. An uploaded file has token 0."""

    revision: RevisionReference
    place: Place
    fencing_token: int


@dataclass(slots=True)
class StreamChain:
    """The numbers and links of one stream. Its first link names `previous_link_sha256`."""

    stream_id: UUID
    video: RecordedVideo
    init_sha256: str
    previous_link_sha256: str | None
    sequence: int = 0

    def link(
        self, fragment: Fragment, time: SegmentTime, under: RecordedUnder, *, last: bool
    ) -> SegmentRecord:
        """The stream's next segment. It counts once `advance` is called with it."""
        media_sha256 = hashlib.sha256(fragment.media).hexdigest()
        duration_ms = time.duration_ms
        link = link_sha256(
            previous_link_sha256=self.previous_link_sha256,
            stream_id=self.stream_id,
            sequence=self.sequence,
            captured_at=time.captured_at,
            duration_ms=duration_ms,
            init_sha256=self.init_sha256,
            media_sha256=media_sha256,
            revision_sha256=under.revision.sha256,
            fencing_token=under.fencing_token,
        )
        return SegmentRecord(
            stream_id=self.stream_id,
            sequence=self.sequence,
            fencing_token=under.fencing_token,
            captured_at=time.captured_at,
            ended_at=time.ended_at,
            clock_source=time.clock_source,
            clock_u95_ms=time.clock_u95_ms,
            duration_ms=duration_ms,
            frame_count=fragment.frame_count,
            repaired_timestamps=fragment.repaired_timestamps,
            video=self.video,
            init_sha256=self.init_sha256,
            media_sha256=media_sha256,
            revision=under.revision,
            previous_link_sha256=self.previous_link_sha256,
            link_sha256=link,
            last_in_stream=last,
            presented_ms=time.presented_ms,
            keyframe_first=fragment.keyframe_first,
            **under.place.fields(),
        )

    def advance(self, record: SegmentRecord) -> None:
        """The record is kept: the next segment names its link."""
        self.previous_link_sha256 = record.link_sha256
        self.sequence = record.sequence + 1


async def store_init(
    objects: ObjectStore, camera_id: str, stream_id: UUID, init: bytes
) -> ObjectReference:
    """Store the part that all of a stream's segments share."""
    return await objects.put(
        BUCKET, f"{_folder(camera_id, stream_id)}/init.mp4", init, media_type=INIT_TYPE
    )


async def store_segment(
    database: Database,
    objects: ObjectStore,
    camera_id: str,
    record: SegmentRecord,
    init: ObjectReference,
    media: bytes,
    *,
    live: bool,
) -> bool:
    """Store a segment's media and publish the segment; False when it was published before.

    A `live` segment also moves the time that is accounted for. Raises ValueError when the bytes
    are not those that were recorded.
    """
    with tracer.start_as_current_span("ingest.segment.store") as span:
        span.set_attribute("payesh.camera_id", camera_id)
        span.set_attribute("payesh.stream_id", str(record.stream_id))
        span.set_attribute("payesh.sequence", record.sequence)
        stored = await objects.put(
            BUCKET,
            f"{_folder(camera_id, record.stream_id)}/{record.sequence:08d}.m4s",
            media,
            media_type=MEDIA_TYPE,
        )
        if (init.sha256, stored.sha256) != (record.init_sha256, record.media_sha256):
            raise ValueError("the bytes to store are not those that were recorded")
        event = segment_stored(camera_id, record, init, stored)
        async with database.transaction() as session:
            new = await insert_segment(session, event, record.ended_at)
            if new:
                await advance_chain(session, event, record.ended_at if live else None)
                await outbox.add(session, event)
    return new


def segment_stored(
    camera_id: str, record: SegmentRecord, init: ObjectReference, media: ObjectReference
) -> SegmentStored:
    """The event of a recorded segment whose objects are stored."""
    return SegmentStored(
        camera_id=camera_id,
        **record.place.fields(),
        captured_at=record.captured_at,
        clock_source=record.clock_source,
        clock_u95_ms=record.clock_u95_ms,
        revision=record.revision,
        stream_id=record.stream_id,
        sequence=record.sequence,
        fencing_token=record.fencing_token,
        duration_ms=record.duration_ms,
        frame_count=record.frame_count,
        repaired_timestamps=record.repaired_timestamps,
        video=VideoFormat(
            codec=record.video.codec,
            width_px=record.video.width_px,
            height_px=record.video.height_px,
            rotation_deg=record.video.rotation_deg,
        ),
        init=init,
        media=media,
        previous_link_sha256=record.previous_link_sha256,
        link_sha256=record.link_sha256,
        last_in_stream=record.last_in_stream,
        presented_ms=record.presented_ms,
        keyframe_first=record.keyframe_first,
    )


def _milliseconds(seconds: float) -> int:
    return min(_LONGEST_MS, max(0, round(seconds * 1000)))


def _folder(camera_id: str, stream_id: UUID) -> str:
    return f"{camera_id}/{stream_id}"
