"""What a citation's row keeps of its evidence bundle."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from payesh.contracts.detect import StretchDriven
from payesh.contracts.plates import SecondOpinion
from payesh.contracts.values import ClockSource, ObjectReference


class EntryRecord(BaseModel):
    """What the camera saw where the stretch of an average speed begins, and what was driven."""

    model_config = ConfigDict(frozen=True)

    clip: ObjectReference
    shots: tuple[ObjectReference, ...]
    others: tuple[ObjectReference, ...]
    codec: str | None
    duration_ms: int
    place_name: str
    camera_id: str
    revision: int
    links_checked: int
    clock_source: ClockSource
    clock_u95_ms: float
    read_confidence: float
    driven: StretchDriven
    second_opinion: SecondOpinion | None = None

    @property
    def objects(self) -> tuple[ObjectReference, ...]:
        return (self.clip, *self.shots, *self.others)


class EvidenceRecord(BaseModel):
    """References into the evidence bucket, and what pages show without opening it.

    `clip` is the video or, where a still is the evidence, the picture. `viewing_copy` is for a
    codec that browsers don't play; none is made yet, and null then means that. `retained_until`
    is how long the store's lock holds; null in records from before it was noted.
    `statement` is the signed one of the manifest, null where the service had no evidence key.
    `entry` is of the other camera, for an average speed alone. `second_opinion` is the second
    reader's, null where none was made.
    """

    model_config = ConfigDict(frozen=True)

    manifest: ObjectReference
    clip: ObjectReference
    shots: tuple[ObjectReference, ...]
    others: tuple[ObjectReference, ...]
    viewing_copy: ObjectReference | None
    codec: str | None
    duration_ms: int
    place_name: str
    latitude: float
    longitude: float
    revision: int
    links_checked: int
    retained_until: datetime | None = None
    statement: ObjectReference | None = None
    entry: EntryRecord | None = None
    second_opinion: SecondOpinion | None = None

    @classmethod
    def of_stored(cls, document: Mapping[str, Any]) -> Self:
        """From the JSON of a row: values of the contracts are strict, and read arrays as text."""
        return cls.model_validate_json(json.dumps(document))

    @property
    def second_opinions(self) -> tuple[SecondOpinion | None, ...]:
        """Of each read that the citation rests on, the violation's own first."""
        entry = () if self.entry is None else (self.entry.second_opinion,)
        return (self.second_opinion, *entry)

    @property
    def objects(self) -> tuple[ObjectReference, ...]:
        """Everything that the bundle's lock must cover."""
        copies = () if self.viewing_copy is None else (self.viewing_copy,)
        signed = () if self.statement is None else (self.statement,)
        entry = () if self.entry is None else self.entry.objects
        return (self.manifest, *signed, self.clip, *self.shots, *self.others, *copies, *entry)
