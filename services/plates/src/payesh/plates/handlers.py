"""The one read that follows each passage."""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass

from payesh.contracts import PassageObserved, PlateRead
from payesh.contracts.detect import Shot
from payesh.contracts.event import deterministic_id
from payesh.contracts.plates import (
    CharacterAlternative,
    PlateCharacter,
    ReadOutcome,
    ReadShot,
)
from payesh.contracts.values import Box, ModelReference, Plate, Provenance
from payesh.kit.objects import ObjectStore
from payesh.plates.adapters.pictures import decode_picture
from payesh.plates.domain.best_read import (
    ShotReading,
    best_read,
    own_plate,
    plates_of_vehicle,
)
from payesh.plates.ports import PlateLocator, PlateReader

_CROP_LIMIT_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """Everything that reading rests on."""

    store: ObjectStore
    locator: PlateLocator
    reader: PlateReader
    executor: Executor
    minimum_confidence: float
    software_version: str

    @property
    def provenance(self) -> Provenance:
        return Provenance(
            software_version=self.software_version,
            models=(
                ModelReference(name="plate_locator", sha256=self.locator.sha256),
                ModelReference(name="plate_reader", sha256=self.reader.sha256),
            ),
        )


async def read_passage(passage: PassageObserved, reading: Reading) -> PlateRead:
    """Locate and read the vehicle's plate in every shot, and answer with the best supported text.

    "Unreadable" is a result. Raises MessageFault for a crop that is no picture, and what the
    store raises.
    """
    crops = await asyncio.gather(
        *(reading.store.get(shot.crop, limit_bytes=_CROP_LIMIT_BYTES) for shot in passage.shots)
    )
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(
        reading.executor, _read_shots, passage.shots, crops, reading.locator, reading.reader
    )
    return _event(passage, best_read(found), found, reading)


def _read_shots(
    shots: tuple[Shot, ...], crops: list[bytes], locator: PlateLocator, reader: PlateReader
) -> list[ShotReading]:
    found = []
    for number, (shot, content) in enumerate(zip(shots, crops, strict=True)):
        picture = decode_picture(content)
        vehicle = (
            shot.box.x_px - shot.crop_box.x_px,
            shot.box.y_px - shot.crop_box.y_px,
            shot.box.width_px,
            shot.box.height_px,
        )
        plates = plates_of_vehicle(locator.locate(picture), vehicle)
        own = own_plate(number, plates, reader.read_all(picture, plates))
        if own is not None:
            found.append(own)
    return found


def _event(
    passage: PassageObserved,
    best: ShotReading | None,
    found: list[ShotReading],
    reading: Reading,
) -> PlateRead:
    sure = best is not None and best.reading.confidence >= reading.minimum_confidence
    # An unreadable plate is still shown where it is, if one was found.
    shown = best or max(found, key=lambda each: each.plate.score, default=None)
    return PlateRead(
        camera_id=passage.camera_id,
        county=passage.county,
        road_class=passage.road_class,
        place_class=passage.place_class,
        captured_at=passage.captured_at,
        clock_source=passage.clock_source,
        clock_u95_ms=passage.clock_u95_ms,
        read_id=deterministic_id("read", passage.passage_id),
        passage_id=passage.passage_id,
        stream_id=passage.stream_id,
        outcome=ReadOutcome.READ if sure else ReadOutcome.UNREADABLE,
        plate=Plate(layout=best.reading.layout, text=best.reading.text) if best and sure else None,
        confidence=_probability(best.reading.confidence) if best else 0.0,
        characters=_characters(best) if best and sure else (),
        shot=_shot(passage, shown) if shown else None,
        provenance=reading.provenance,
    )


def _shot(passage: PassageObserved, shown: ShotReading) -> ReadShot:
    return ReadShot(
        crop=passage.shots[shown.shot].crop,
        plate_box=Box(
            x_px=max(0.0, float(shown.plate.x)),
            y_px=max(0.0, float(shown.plate.y)),
            width_px=float(shown.plate.width),
            height_px=float(shown.plate.height),
        ),
    )


def _characters(best: ShotReading) -> tuple[PlateCharacter, ...]:
    return tuple(
        PlateCharacter(
            character=each.char,
            confidence=_probability(each.confidence),
            alternatives=tuple(
                CharacterAlternative(character=char, confidence=_probability(confidence))
                for char, confidence in each.alternatives[:5]
                if char
            ),
        )
        for each in best.reading.characters
    )


def _probability(value: float) -> float:
    """Within 0 and 1, whatever floating-point sums say."""
    return min(1.0, max(0.0, float(value)))
