"""The event `plates.plate.read.v1`, made from a passage and the readings of its shots."""

from collections.abc import Sequence

from payesh.contracts import PassageObserved, PlateRead
from payesh.contracts.event import deterministic_id
from payesh.contracts.plate_text import LAYOUT_UNKNOWN
from payesh.contracts.plates import (
    CharacterAlternative,
    PlateCharacter,
    ReadShot,
    SecondOpinion,
)
from payesh.contracts.values import Box, Plate, Provenance
from payesh.contracts.vocabulary import ReadOutcome
from payesh.plates.domain.best_read import ShotReading

_MOST_ALTERNATIVES = 5
"""Alternatives of a character that the event's schema admits."""


def plate_read(
    passage: PassageObserved,
    readings: Sequence[ShotReading],
    best: ShotReading | None,
    minimum_confidence: float,
    provenance: Provenance,
    second_opinion: SecondOpinion | None = None,
) -> PlateRead:
    """The read of a passage: `read` where every character was; `ambiguous`, with its characters
    and what they may be, where some were not or the text is as likely wrong as right; unreadable
    where `best` is below `minimum_confidence`.
    """
    readable = best if best and best.confidence >= minimum_confidence else None
    # The place of an unreadable plate is published too, if one was located.
    shown = best or max(readings, key=lambda each: each.plate.score, default=None)
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
        outcome=_outcome(readable),
        plate=_plate(readable) if readable and readable.reading.is_read else None,
        confidence=_probability(best.confidence) if best else 0.0,
        characters=_characters(readable) if readable else (),
        shot=_shot(passage, shown) if shown else None,
        provenance=provenance,
        second_opinion=second_opinion,
    )


def _outcome(readable: ShotReading | None) -> ReadOutcome:
    if readable is None:
        return ReadOutcome.UNREADABLE
    return ReadOutcome.READ if readable.reading.is_read else ReadOutcome.AMBIGUOUS


def _plate(best: ShotReading) -> Plate:
    return Plate(layout=best.reading.layout or LAYOUT_UNKNOWN, text=best.reading.text)


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
                for char, confidence in each.alternatives[:_MOST_ALTERNATIVES]
                if char
            ),
        )
        for each in best.reading.characters
    )


def _probability(value: float) -> float:
    """Within 0 and 1: floating-point sums may leave the interval by a rounding error."""
    return min(1.0, max(0.0, float(value)))
