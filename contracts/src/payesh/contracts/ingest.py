"""Events of `ingest`."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from payesh.contracts.event import CameraEvent, CapturedEvent, deterministic_id
from payesh.contracts.values import (
    NonNegative,
    ObjectReference,
    RevisionReference,
    Sha256,
    UtcTime,
    Uuid,
    Value,
)
from payesh.contracts.vocabulary import Term


class CameraConfigured(CameraEvent):
    """A new revision of a camera's configuration stands in the object store."""

    topic: ClassVar[str] = "ingest.camera.configured.v1"

    name: Annotated[str, Field(min_length=1, max_length=200)]
    enabled: bool
    revision: RevisionReference
    configured_at: UtcTime

    def key(self) -> str:
        return self.camera_id

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.camera_id, self.revision.revision)


class VideoFormat(Value):
    codec: Annotated[str, Field(pattern=r"^[a-z0-9]{2,16}$")]
    width_px: Annotated[int, Field(ge=16, le=16384)]
    height_px: Annotated[int, Field(ge=16, le=16384)]
    rotation_deg: Literal[0, 90, 180, 270] = Field(
        default=0, description="clockwise turn that makes the decoded picture upright"
    )


class PictureSize(Value):
    width_px: Annotated[int, Field(ge=1, le=16384)]
    height_px: Annotated[int, Field(ge=1, le=16384)]


class SegmentStored(CapturedEvent):
    """About two seconds of video, cut at a keyframe, lie in the object store.

    `captured_at` is the time of the first frame. `init` plus the `media` parts of one stream, in
    order, are a playable file. `link_sha256` is `payesh.contracts.chain.link_sha256`.
    """

    topic: ClassVar[str] = "ingest.segment.stored.v1"

    revision: RevisionReference
    stream_id: Uuid
    sequence: Annotated[int, Field(ge=0)]
    fencing_token: Annotated[int, Field(ge=0)]
    duration_ms: Annotated[int, Field(ge=0, le=60_000)]
    frame_count: Annotated[int, Field(ge=1)]
    repaired_timestamps: Annotated[int, Field(ge=0)]
    video: VideoFormat
    init: ObjectReference
    media: ObjectReference
    previous_link_sha256: Sha256 | None
    link_sha256: Sha256
    last_in_stream: bool
    presented_ms: Annotated[int, Field(ge=0, le=60_000)] | None = Field(
        default=None, description="length by the frames' presentation times"
    )
    keyframe_first: bool = Field(
        default=True, description="false where decoding needs the segments before"
    )

    def key(self) -> str:
        return self.camera_id

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.stream_id, self.sequence)


class DeviceMeasurement(Value):
    """What an enforcement camera or radar measured itself."""

    speed_kmh: Annotated[float, Field(ge=0, le=400)]
    speed_u95_kmh: NonNegative
    measured_at: UtcTime
    certificate_number: Annotated[str, Field(min_length=1, max_length=64)]


class SnapshotStored(CapturedEvent):
    """A still from an enforcement camera or radar lies in the object store.

    Width and height are those of the upright picture, as its EXIF orientation turns it.
    """

    topic: ClassVar[str] = "ingest.snapshot.stored.v1"

    revision: RevisionReference
    stream_id: Uuid
    sequence: Annotated[int, Field(ge=0)]
    width_px: Annotated[int, Field(ge=16, le=16384)]
    height_px: Annotated[int, Field(ge=16, le=16384)]
    image: ObjectReference
    measurement: DeviceMeasurement | None
    previous_link_sha256: Sha256 | None
    link_sha256: Sha256
    warning: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="what is wrong with the picture, which is kept all the same"
    )

    def key(self) -> str:
        return self.camera_id

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.stream_id, self.sequence)


class GapRecorded(CameraEvent):
    """Between two moments nothing of a camera was kept, and why."""

    topic: ClassVar[str] = "ingest.gap.recorded.v1"

    gap_id: Uuid
    started_at: UtcTime
    ended_at: UtcTime
    reason: Term
    last_stream_id: Uuid | None
    last_sequence: Annotated[int, Field(ge=0)] | None

    def key(self) -> str:
        return self.camera_id

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.gap_id)


class CameraHealthChanged(CameraEvent):
    """A condition of a camera was raised or cleared: its `value` against the `threshold`."""

    topic: ClassVar[str] = "ingest.camera.health-changed.v1"

    condition: Term
    raised: bool
    changed_at: UtcTime
    value: float | None
    threshold: float | None
    reason: Term | None = None
    found_px: PictureSize | None = Field(
        default=None, description="size of the picture, where it is what is wrong"
    )
    expected_px: PictureSize | None = Field(
        default=None, description="size that the revision in force is for"
    )

    def key(self) -> str:
        return self.camera_id

    def event_id(self) -> UUID:
        return deterministic_id(
            self.topic, self.camera_id, self.condition, self.raised, self.changed_at.isoformat()
        )
