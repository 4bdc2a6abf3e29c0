"""The records that lie on the disk between recorder and drain.

Each is one JSON object `{"kind", "version", "body"}`. A file without a version was written before
versions were numbered: it is of version 1. Media and init parts lie beside the records as plain
MP4 and are checked against the hashes in the segment's record, so they need no version of their
own. A body whose fields change takes another version, and its former form goes on being read for
as long as a spool may hold it; an added field with a default keeps the version.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

from pydantic import ValidationError

from payesh.contracts.event import deterministic_id
from payesh.contracts.ingest import PictureSize
from payesh.contracts.values import ClockSource, PlaceClass, RevisionReference, RoadClass, Value
from payesh.contracts.vocabulary import GapReason, Term
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.source_secrets import StoredSource

_UNNUMBERED = 1


class UnreadableRecord(ValueError):
    """The bytes are no record, or not of the kind that was looked for."""


class Record(Value):
    """One file of the spool. Kind and version are the type's, not the instance's."""

    kind: ClassVar[str]
    version: ClassVar[int] = 1

    def to_bytes(self) -> bytes:
        body = self.model_dump_json()
        return f'{{"kind": "{self.kind}", "version": {self.version}, "body": {body}}}'.encode()


R = TypeVar("R", bound=Record)


class _PlacedRecord(Record):
    county: str
    road_class: RoadClass
    place_class: PlaceClass

    @property
    def place(self) -> Place:
        return Place(self.county, self.road_class, self.place_class)


class GapRecord(_PlacedRecord):
    """A time of which nothing is kept."""

    kind: ClassVar[str] = "gap"

    gap_id: UUID
    started_at: datetime
    ended_at: datetime
    reason: Term
    last_stream_id: UUID | None
    last_sequence: int | None


class HealthRecord(_PlacedRecord):
    """A condition of a camera that was raised or cleared."""

    kind: ClassVar[str] = "health"

    condition: Term
    raised: bool
    changed_at: datetime
    value: float | None
    threshold: float | None
    reason: Term | None = None
    found_px: PictureSize | None = None
    expected_px: PictureSize | None = None


class RecordedVideo(Value):
    """The format of a segment's video, as the source announces it. Turned clockwise by
    `rotation_deg` its pictures are upright."""

    codec: str
    width_px: int
    height_px: int
    rotation_deg: Literal[0, 90, 180, 270] = 0

    @property
    def upright_px(self) -> PictureSize:
        """Of a picture that was turned upright."""
        sides = (self.width_px, self.height_px)
        width_px, height_px = reversed(sides) if self.rotation_deg % 180 else sides
        return PictureSize(width_px=width_px, height_px=height_px)


class SegmentRecord(_PlacedRecord):
    """A segment with its link: all of its event but where its objects are stored."""

    kind: ClassVar[str] = "segment"

    stream_id: UUID
    sequence: int
    fencing_token: int
    captured_at: datetime
    ended_at: datetime
    clock_source: ClockSource
    clock_u95_ms: float
    duration_ms: int
    frame_count: int
    repaired_timestamps: int
    video: RecordedVideo
    init_sha256: str
    media_sha256: str
    revision: RevisionReference
    previous_link_sha256: str | None
    link_sha256: str
    last_in_stream: bool
    presented_ms: int | None = None
    keyframe_first: bool = True

    def lost(self) -> GapRecord:
        """The gap that the segment leaves when it cannot be stored."""
        return _gap_of(self.stream_id, self.sequence, self.captured_at, self.ended_at, self.place)


class Assignment(Record):
    """One camera held under one lease: what its recorder needs, noted so that recording can go on
    without the database. `known_until` ends the time accounted for so far; `raised` are the
    conditions last published of the camera; `holder` is the replica that holds the lease;
    `picture_px` is the size that the revision is for."""

    kind: ClassVar[str] = "assignment"

    camera_id: str
    token: int
    source: StoredSource
    place: Place
    revision: RevisionReference
    known_until: datetime
    last_link_sha256: str | None
    last_stream_id: UUID | None
    last_sequence: int | None
    raised: frozenset[str] = frozenset()
    holder: str
    picture_px: PictureSize | None = None


@dataclass(frozen=True, slots=True)
class UnusableRecord:
    """A record that this version cannot store: its kind or version is not known, or its fields are
    not those of its version. `lost` is the gap for its time, where a segment's can be read."""

    kind: str
    reason: str
    lost: GapRecord | None


SpoolRecord = SegmentRecord | GapRecord | HealthRecord
_SPOOLED: Mapping[str, type[SegmentRecord] | type[GapRecord] | type[HealthRecord]] = {
    "segment": SegmentRecord,
    "gap": GapRecord,
    "health": HealthRecord,
}


def read_spooled(data: bytes) -> SpoolRecord | UnusableRecord:
    """Read what waits for the drain. Raises UnreadableRecord for bytes that are no record."""
    kind, version, body = _envelope(data)
    known = _SPOOLED.get(kind)
    try:
        if known is None:
            raise UnreadableRecord(f"kind {kind!r} is not known")
        return _read(known, version, body)
    except UnreadableRecord as error:
        return UnusableRecord(kind, str(error), _lost_segment(body))


def read_assignment(data: bytes) -> Assignment:
    """Raises UnreadableRecord."""
    kind, version, body = _envelope(data, otherwise=Assignment.kind)
    if kind != Assignment.kind:
        raise UnreadableRecord(f"kind {kind!r} is no assignment")
    return _read(Assignment, version, body)


def _envelope(data: bytes, *, otherwise: str | None = None) -> tuple[str, object, dict[str, Any]]:
    """Kind, version and body. `otherwise`: the kind of a document without an envelope, which is
    how assignments of version 1 were written first."""
    try:
        document = json.loads(data)
        if otherwise is not None and "kind" not in document:
            document = {"kind": otherwise, "body": document}
        return str(document["kind"]), document.get("version", _UNNUMBERED), dict(document["body"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableRecord(f"not a record: {type(error).__name__}") from error


def _read(known: type[R], version: object, body: dict[str, Any]) -> R:
    if version != known.version:
        raise UnreadableRecord(f"version {version} of kind {known.kind!r} is not known")
    try:
        # In JSON mode: the contracts' values are strict, and there a time is a string.
        return known.model_validate_json(json.dumps(body))
    except ValidationError as error:
        places = ", ".join(sorted({".".join(map(str, each["loc"])) for each in error.errors()}))
        raise UnreadableRecord(f"fields of kind {known.kind!r} are amiss: {places}") from error


def _lost_segment(body: dict[str, Any]) -> GapRecord | None:
    """The gap for a segment of which its place in the chain and its time can be read."""
    try:
        return _gap_of(
            UUID(body["stream_id"]),
            int(body["sequence"]),
            datetime.fromisoformat(body["captured_at"]),
            datetime.fromisoformat(body["ended_at"]),
            Place(
                str(body["county"]), RoadClass(body["road_class"]), PlaceClass(body["place_class"])
            ),
        )
    # A number may be infinite, and an id something else than a text.
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return None


def _gap_of(
    stream_id: UUID, sequence: int, captured_at: datetime, ended_at: datetime, place: Place
) -> GapRecord:
    return GapRecord(
        gap_id=deterministic_id("gap", stream_id, sequence),
        started_at=captured_at,
        ended_at=ended_at,
        reason=GapReason.CORRUPT,
        last_stream_id=stream_id,
        last_sequence=max(0, sequence - 1),
        **place.fields(),
    )
