"""Several pictures, one text; a neighbour's plate is not the vehicle's."""

from payesh.plates.domain.best_read import ShotReading, best_read, plate_of_vehicle
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.plate_text import layout_of
from payesh.plates.domain.reading import PlateReading


def reading(shot: int, text: str, confidence: float) -> ShotReading:
    plate = LocatedPlate(0, 0, 100, 22, 0.9)
    return ShotReading(shot, plate, PlateReading(text, layout_of(text), confidence, ()))


def test_agreeing_pictures_keep_the_surest_confidence() -> None:
    best = best_read([reading(0, "12ب34586", 0.7), reading(1, "12ب34586", 0.95)])
    assert best is not None
    assert (best.shot, best.reading.text, best.reading.confidence) == (1, "12ب34586", 0.95)


def test_disagreement_makes_unsure() -> None:
    best = best_read([reading(0, "12ب34586", 0.9), reading(1, "12ن34586", 0.8)])
    assert best is not None
    assert best.reading.text == "12ب34586"
    assert best.reading.confidence < 0.5


def test_two_pictures_outvote_one_that_is_surer() -> None:
    readings = [
        reading(0, "12ب34586", 0.6),
        reading(1, "12ن34586", 0.9),
        reading(2, "12ب34586", 0.6),
    ]
    best = best_read(readings)
    assert best is not None
    assert best.reading.text == "12ب34586"


def test_a_text_of_no_known_layout_counts_only_alone() -> None:
    both = best_read([reading(0, "12ب345", 0.99), reading(1, "12ب34586", 0.4)])
    assert both is not None and both.reading.text == "12ب34586"
    alone = best_read([reading(0, "12ب345", 0.99)])
    assert alone is not None and alone.reading.text == "12ب345"
    assert best_read([]) is None
    assert best_read([reading(0, "", 0.0)]) is None


def test_a_neighbours_plate_in_the_margin_is_not_taken() -> None:
    own = LocatedPlate(x=90, y=150, width=60, height=14, score=0.6)
    neighbour = LocatedPlate(x=0, y=150, width=20, height=14, score=0.99)
    assert plate_of_vehicle([neighbour, own], (30, 20, 200, 160)) == own
    assert plate_of_vehicle([neighbour], (30, 20, 200, 160)) is None
