"""Events of `plates`."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from payesh.contracts.event import CapturedEvent, deterministic_id
from payesh.contracts.values import (
    Box,
    Confidence,
    ModelReference,
    ObjectReference,
    Plate,
    Provenance,
    Uuid,
    Value,
)
from payesh.contracts.vocabulary import Term


class CharacterAlternative(Value):
    character: Annotated[str, Field(min_length=1, max_length=4)]
    confidence: Confidence


class PlateCharacter(Value):
    """`?` stands for a character that cannot be read; `alternatives` are then what it may be."""

    character: Annotated[str, Field(min_length=1, max_length=4)]
    confidence: Confidence
    alternatives: tuple[CharacterAlternative, ...] = Field(max_length=5)


class ReadShot(Value):
    """The crop that was read and the plate's box in it, pixels from the crop's top left."""

    crop: ObjectReference
    plate_box: Box | None


class SecondOpinion(Value):
    """What another network, trained apart, read in the read's shot and plate box. `text` is spelt
    as a plate's, `?` for a character that it cannot read; null where it read nothing. `confidence`
    is the reader's own measure and not calibrated. `reader` is the software with its version."""

    text: Annotated[str, Field(min_length=1, max_length=64)] | None
    confidence: Confidence
    reader: Annotated[str, Field(min_length=1, max_length=100)]
    model: ModelReference


class PlateRead(CapturedEvent):
    """The one read of a passage. `unreadable` is a result: `plate` and `shot` may be null.

    Only the outcome `read` supports a citation. `ambiguous` has `characters`, some of them `?`,
    and no plate. `second_opinion` changes nothing of the read; null where none was made."""

    topic: ClassVar[str] = "plates.plate.read.v1"

    read_id: Uuid
    passage_id: Uuid
    stream_id: Uuid
    outcome: Term
    plate: Plate | None
    confidence: Confidence
    characters: tuple[PlateCharacter, ...] = Field(max_length=32)
    shot: ReadShot | None
    provenance: Provenance
    second_opinion: SecondOpinion | None = None

    def key(self) -> str:
        return str(self.passage_id)

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.passage_id)


class HotlistMatched(CapturedEvent):
    """A read equals an entry of an agency's hot list."""

    topic: ClassVar[str] = "plates.hotlist.matched.v1"

    match_id: Uuid
    passage_id: Uuid
    read_id: Uuid
    hotlist_id: Uuid
    entry_id: Uuid
    agency: Annotated[str, Field(min_length=1, max_length=64)]
    plate: Plate
    confidence: Confidence

    def key(self) -> str:
        return str(self.passage_id)

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.read_id, self.entry_id)
