"""The manifest of an evidence bundle: written with it, and read to verify it offline."""

import json
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from payesh.contracts.detect import BoxAt, Shot, VehicleTrack
from payesh.contracts.plates import SecondOpinion
from payesh.contracts.tickets import LawReference
from payesh.contracts.values import (
    Certificate,
    ClockSource,
    Measurement,
    NonNegative,
    ObjectReference,
    Plate,
    Provenance,
    RevisionReference,
    SegmentLink,
    Sha256,
    UtcTime,
    Uuid,
    Value,
)

_Bytes = Annotated[int, Field(ge=0)]


class ClipPart(Value):
    """Where a segment's part lies in the clip; `source` is what ingest stored. `sequence` is null
    for the init part."""

    part: Literal["init", "media"]
    sequence: int | None
    offset_bytes: _Bytes
    size_bytes: _Bytes
    sha256: Sha256
    source: ObjectReference


class ManifestClip(Value):
    """The video or, where a still is the evidence, the picture. `segments_left_out` counts links
    of the chain, all before the clip's first, whose media is not in it."""

    object: ObjectReference
    codec: str | None
    parts: tuple[ClipPart, ...]
    segments_left_out: Annotated[int, Field(ge=0)]
    viewing_copy: ObjectReference | None


class ManifestShot(Value):
    """`object` is the picture in the bundle, `taken` what the violation records of it."""

    object: ObjectReference
    taken: Shot


class ManifestChain(Value):
    format: Literal["payesh-link-v1"]
    revision_sha256: Sha256
    links: tuple[SegmentLink, ...]


class ManifestModels(Value):
    detect: Provenance
    plates: Provenance


class ManifestEntry(Value):
    """What the camera saw where the stretch of an average speed begins; its files lie in `entry/`.
    The violation's are named in the manifest itself."""

    passage_id: Uuid
    captured_at: UtcTime
    clock_source: ClockSource
    clock_u95_ms: NonNegative
    certificate: Certificate | None
    revision: RevisionReference
    plate: Plate | None
    chain: ManifestChain
    clip: ManifestClip
    shots: tuple[ManifestShot, ...]
    documents: tuple[ObjectReference, ...]
    plate_at: BoxAt | None = None
    second_opinion: SecondOpinion | None = None

    @property
    def objects(self) -> tuple[ObjectReference, ...]:
        return (self.clip.object, *(shot.object for shot in self.shots), *self.documents)


class Manifest(Value):
    """What the bundle can be checked with, without the service: each hash, each link, the clip
    from its parts, and the amount from the law's row in `law.json`.

    `track` is the vehicle over the clip's frames as the violation has it, `plate_at` the plate's
    box in the frame that it was read from; both are null where detect or plates did not say.
    `second_opinion` is the second reader's of the plate, null where none was made."""

    format: Literal["payesh-evidence-manifest-v1"]
    citation_id: Uuid
    violation_id: Uuid
    passage_id: Uuid
    software_version: str
    built_at: UtcTime
    retained_until: UtcTime
    captured_at: UtcTime
    clock_source: ClockSource
    clock_u95_ms: NonNegative
    measurement: Measurement
    certificate: Certificate | None
    law: LawReference
    revision: RevisionReference
    plate: Plate | None
    chain: ManifestChain
    clip: ManifestClip
    shots: tuple[ManifestShot, ...]
    documents: tuple[ObjectReference, ...]
    models: ManifestModels
    track: VehicleTrack | None = None
    plate_at: BoxAt | None = None
    entry: ManifestEntry | None = None
    second_opinion: SecondOpinion | None = None

    def to_json(self) -> bytes:
        return json.dumps(
            self.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True
        ).encode()

    @property
    def objects(self) -> tuple[ObjectReference, ...]:
        """Every object of the bundle but the manifest itself."""
        copy = () if self.clip.viewing_copy is None else (self.clip.viewing_copy,)
        entry = () if self.entry is None else self.entry.objects
        shots = (shot.object for shot in self.shots)
        return (self.clip.object, *copy, *shots, *self.documents, *entry)


def name_in_bundle(citation_id: UUID, reference: ObjectReference) -> str:
    """The name of an object in its citation's folder, for example `shots/0.jpg`.

    Raises ValueError for an object of another folder.
    """
    folder, _, name = reference.key.partition("/")
    if folder != str(citation_id) or not name:
        raise ValueError(f"{reference.key} lies outside of the bundle")
    return name
