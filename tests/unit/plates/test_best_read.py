"""Several shots give one text; another vehicle's plate is not taken."""

from payesh.contracts.plate_text import parse, split_characters
from payesh.plates.domain.best_read import (
    ShotReading,
    best_read,
    own_plate,
    plates_of_vehicle,
)
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.reading import CharacterReading, PlateReading


def read(text: str, confidence: float) -> PlateReading:
    """A reading of `text`, in which `?` is a character that could not be read."""
    letter = "ب" if text[2:3] == "?" else text[2:3]
    filled = (text[:2] + letter + text[3:]).replace("?", "0")
    characters = tuple(
        CharacterReading("?" if text[n] == "?" else each, confidence, ())
        for n, each in enumerate(split_characters(filled))
    )
    layout = "car" if parse(filled) else None
    return PlateReading(text, layout, confidence, characters)


def reading(shot: int, text: str, confidence: float) -> ShotReading:
    return ShotReading(shot, LocatedPlate(0, 0, 100, 22, 0.9), read(text, confidence))


def test_agreeing_shots_keep_the_highest_confidence() -> None:
    best = best_read([reading(0, "12ب34586", 0.7), reading(1, "12ب34586", 0.95)])
    assert best is not None
    assert (best.shot, best.reading.text, best.reading.confidence) == (1, "12ب34586", 0.95)


def test_disagreement_lowers_the_confidence() -> None:
    best = best_read([reading(0, "12ب34586", 0.9), reading(1, "12ن34586", 0.8)])
    assert best is not None
    assert best.reading.text == "12ب34586"
    assert best.confidence < 0.5


def test_two_shots_outvote_one_with_more_confidence() -> None:
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


def test_a_plate_in_the_margin_of_the_crop_is_not_taken() -> None:
    own = LocatedPlate(x=90, y=150, width=60, height=14, score=0.6)
    beside = LocatedPlate(x=0, y=150, width=20, height=14, score=0.99)
    assert plates_of_vehicle([beside, own], (30, 20, 200, 160)) == [own]
    assert plates_of_vehicle([beside], (30, 20, 200, 160)) == []
    assert own_plate(0, [], []) is None


def located(y: float, score: float = 0.93, x: float = 0.0) -> LocatedPlate:
    return LocatedPlate(x, y, 100, 22, score)


def test_of_two_plates_the_nearer_is_taken_and_its_confidence_halved() -> None:
    front, rear = located(200, 0.91), located(80, 0.94)
    shots = [
        own_plate(shot, [rear, front], [read("98ی76543", 0.99), read("12ب34567", 0.98)])
        for shot in range(3)
    ]
    best = best_read([shot for shot in shots if shot is not None])
    assert best is not None
    assert (best.plate, best.reading.text) == (front, "12ب34567")
    assert best.confidence <= 0.5


def test_one_shot_with_two_plates_halves_the_passages_confidence() -> None:
    both = own_plate(
        0, [located(80), located(200)], [read("98ی76543", 0.99), read("12ب34567", 0.98)]
    )
    rear_alone = [own_plate(shot, [located(80)], [read("98ی76543", 0.99)]) for shot in (1, 2)]
    best = best_read([shot for shot in (both, *rear_alone) if shot is not None])
    assert best is not None and best.confidence <= 0.5


def test_an_illegible_plate_located_with_a_high_score_counts_too() -> None:
    legible = read("98ی76543", 0.99)
    muddy = own_plate(0, [located(80), located(200, 0.9)], [legible, read("12ب34567", 0.01)])
    assert muddy is not None
    assert (muddy.reading, muddy.plates) == (legible, 2)


def test_lettering_on_the_vehicle_neither_hides_its_plate_nor_counts_as_one() -> None:
    plate = read("12ب34567", 0.98)
    for score in (0.5, 0.8):
        own = own_plate(
            0, [located(200, score + 0.01), located(80, score)], [read("66ص66166", 0.01), plate]
        )
        assert own is not None and (own.reading, own.plates) == (plate, 1)


def test_one_plate_located_twice_counts_once() -> None:
    whole, part = located(200), located(205, x=55)
    twice = own_plate(0, [whole, part], [read("12ب34567", 0.98), read("34ب34567", 0.3)])
    assert twice is not None and twice.plates == 1
    same = own_plate(0, [whole, located(80)], [read("12ب34567", 0.98), read("12ب34567", 0.4)])
    assert same is not None and same.plates == 1


def test_a_shot_with_a_hidden_character_says_nothing_against_one_that_shows_it() -> None:
    best = best_read(
        [reading(0, "12ب3?586", 0.97), reading(1, "12ب34586", 0.9), reading(2, "12ب3?586", 0.97)]
    )
    assert best is not None
    assert (best.shot, best.reading.text, best.reading.confidence) == (1, "12ب34586", 0.9)


def test_a_hidden_character_does_not_hide_that_the_others_disagree() -> None:
    best = best_read([reading(0, "12ن3?586", 0.9), reading(1, "12ب34586", 0.9)])
    assert best is not None
    assert best.reading.confidence <= 0.45


def test_a_character_that_no_shot_shows_stays_unreadable() -> None:
    best = best_read([reading(0, "12ب3?586", 0.9), reading(1, "12ب3?586", 0.8)])
    assert best is not None
    assert best.reading.text == "12ب3?586"


def test_shots_that_show_little_are_no_reading() -> None:
    assert best_read([reading(0, "1?ب3?5?6", 0.99)]) is None
    best = best_read([reading(0, "1?ب3?5?6", 0.99), reading(1, "12ب34586", 0.6)])
    assert best is not None and best.reading.confidence == 0.6


def test_a_plate_of_hidden_characters_still_counts_as_a_second_plate() -> None:
    covered = read("????????", 0.99)
    two = own_plate(0, [located(80), located(200, 0.9)], [read("98ی76543", 0.99), covered])
    assert two is not None and (two.reading.text, two.plates) == ("98ی76543", 2)


def test_a_plate_read_in_part_counts_as_a_second_plate_whatever_its_score() -> None:
    """The nearer car's plate is dirty: the farther one's is not cited in its place."""
    muddy = read("12???5?7", 0.87)
    two = own_plate(0, [located(80), located(200, 0.6)], [read("98ی76543", 0.99), muddy])
    assert two is not None and two.plates == 2
    best = best_read([two])
    assert best is not None and best.confidence <= 0.5


def test_lettering_of_which_nothing_is_read_does_not_count() -> None:
    lettering = read("????????", 0.95)
    one = own_plate(0, [located(200), located(80, 0.6)], [read("98ی76543", 0.99), lettering])
    assert one is not None and one.plates == 1


def test_a_text_of_no_known_layout_does_not_complete_a_plate() -> None:
    """The letter is dirty, and in one shot the dirt looks like a digit."""
    best = best_read([reading(0, "12?34586", 0.9), reading(1, "12734586", 0.95)])
    assert best is not None
    assert (best.reading.text, best.reading.is_read) == ("12?34586", False)


def test_a_shot_that_shows_little_still_speaks_against_another_vehicles_plate() -> None:
    best = best_read(
        [reading(0, "9?ی7??4?", 0.9), reading(1, "12ب34586", 0.9), reading(2, "9?ی7??4?", 0.9)]
    )
    assert best is not None
    assert best.reading.text == "12ب34586"
    assert best.confidence <= 0.5
