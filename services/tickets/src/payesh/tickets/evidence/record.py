"""What a citation's row keeps of its evidence bundle."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from payesh.contracts.values import ObjectReference


class EvidenceRecord(BaseModel):
    """References into the evidence bucket, and what pages show without opening it.

    `clip` is the video or, where a still is the evidence, the picture. `viewing_copy` is for a
    codec that browsers don't play; none is made yet, and null then means that. `retained_until`
    is how long the store's lock holds; null in records from before it was noted.
    `statement` is the signed one of the manifest, null where the service had no evidence key.
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

    @property
    def objects(self) -> tuple[ObjectReference, ...]:
        """Everything that the bundle's lock must cover."""
        copies = () if self.viewing_copy is None else (self.viewing_copy,)
        signed = () if self.statement is None else (self.statement,)
        return (self.manifest, *signed, self.clip, *self.shots, *self.others, *copies)
