"""A read has what was read of its passage, and admits what was not."""

from dataclasses import replace

import pytest

from payesh.contracts.values import ObjectReference
from payesh.contracts.vocabulary import ReadOutcome
from payesh.plates.domain.best_read import ShotReading
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.reading import CharacterReading, PlateReading
from payesh.plates.handlers.read_event import plate_read
from tests.support.passage_builder import PROVENANCE, passage

CROPS = [
    ObjectReference(
        bucket="shots",
        key=f"camera-1/passage/{n}.jpg",
        version_id=None,
        sha256=f"{n}" * 64,
        size_bytes=1,
        media_type="image/jpeg",
    )
    for n in range(2)
]
SEEN = passage(crops=CROPS)


def shot(
    number: int, text: str, layout: str | None, confidence: float, score: float = 0.9
) -> ShotReading:
    """A reading at the left edge of its crop, each of its characters with an alternative."""
    characters = tuple(CharacterReading(each, 1.0 + 1e-12, (("1", 0.1),)) for each in text)
    reading = PlateReading(text, layout, confidence, characters)
    return ShotReading(number, LocatedPlate(-3.0, 200.0, 100.0, 21.0, score), reading)


def test_a_plate_read_with_enough_confidence_is_published_with_its_shot() -> None:
    best = shot(1, "12ب34567", "car", 0.9)
    read = plate_read(SEEN, [shot(0, "12ب34567", "car", 0.8), best], best, 0.2, PROVENANCE)
    assert read.outcome == ReadOutcome.READ
    assert read.plate is not None
    assert (read.plate.layout, read.plate.text) == ("car", "12ب34567")
    assert [each.character for each in read.characters] == list("12ب34567")
    assert read.characters[0].confidence == 1.0, "a rounding error stays within 0 and 1"
    assert read.shot is not None
    assert read.shot.crop == CROPS[1]
    assert read.shot.plate_box is not None
    assert read.shot.plate_box.x_px == 0.0, "a box begins inside its crop"


def test_a_text_of_no_known_layout_is_published_as_unknown() -> None:
    best = shot(0, "12345", None, 0.9)
    read = plate_read(SEEN, [best], best, 0.2, PROVENANCE)
    assert read.plate is not None
    assert read.plate.layout == "unknown"


@pytest.mark.parametrize("confidence", [0.0, 0.19])
def test_below_the_least_confidence_the_text_is_not_published_but_the_place_is(
    confidence: float,
) -> None:
    best = shot(0, "12ب34567", "car", confidence)
    read = plate_read(SEEN, [best], best, 0.2, PROVENANCE)
    assert read.outcome == ReadOutcome.UNREADABLE
    assert (read.plate, read.characters) == (None, ())
    assert read.confidence == confidence
    assert read.shot is not None


def test_of_illegible_plates_the_one_with_the_highest_score_is_shown() -> None:
    readings = [shot(0, "", None, 0.0, score=0.6), shot(1, "", None, 0.0, score=0.8)]
    read = plate_read(SEEN, readings, None, 0.2, PROVENANCE)
    assert (read.outcome, read.confidence) == (ReadOutcome.UNREADABLE, 0.0)
    assert read.shot is not None
    assert read.shot.crop == CROPS[1]


def test_a_passage_without_a_plate_has_no_shot() -> None:
    read = plate_read(SEEN, [], None, 0.2, PROVENANCE)
    assert (read.outcome, read.shot, read.plate) == (ReadOutcome.UNREADABLE, None, None)


def test_a_plate_with_a_hidden_character_is_ambiguous_and_names_what_it_may_be() -> None:
    best = shot(0, "12ب3?567", "car", 0.9)
    read = plate_read(SEEN, [best], best, 0.2, PROVENANCE)
    assert read.outcome == ReadOutcome.AMBIGUOUS
    assert read.plate is None, "only a complete plate may be accused"
    assert "".join(each.character for each in read.characters) == "12ب3?567"
    assert read.characters[4].alternatives[0].character == "1"
    assert read.shot is not None and read.shot.plate_box is not None
    assert read.confidence == 0.9


def test_a_text_that_is_as_likely_wrong_is_ambiguous_and_not_a_plate() -> None:
    best = shot(0, "12ب34567", "car", 0.49)
    read = plate_read(SEEN, [best], best, 0.2, PROVENANCE)
    assert (read.outcome, read.plate, read.confidence) == (ReadOutcome.AMBIGUOUS, None, 0.49)
    assert "".join(each.character for each in read.characters) == "12ب34567", "searched by this"


def test_a_sure_reading_of_one_of_two_plates_is_read_with_half_the_confidence() -> None:
    best = replace(shot(0, "12ب34567", "car", 0.9), plates=2)
    read = plate_read(SEEN, [best], best, 0.2, PROVENANCE)
    assert read.plate is not None and read.outcome == ReadOutcome.READ
    assert read.confidence == 0.45
