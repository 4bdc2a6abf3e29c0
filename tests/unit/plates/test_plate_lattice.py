"""The probabilities of a read are shown in an appeal: they must be the exact sums."""

import itertools

import numpy as np

from payesh.contracts.plate_text import DIGITS, LETTERS
from payesh.plates.adapters.onnx_reader import CLASSES
from payesh.plates.domain.plate_lattice import Layout, PlateLattice, slot_posteriors
from payesh.plates.domain.reading import UNREADABLE

LETTER_PLACE = 2
CAR = Layout("car", tuple(frozenset(LETTERS if n == LETTER_PLACE else DIGITS) for n in range(8)))
LATTICE = PlateLattice(CLASSES, CAR)


def test_the_network_reads_every_character_that_a_plate_carries_and_no_other() -> None:
    assert CLASSES[0] == ""
    assert sorted(CLASSES[1:]) == sorted((*DIGITS, *LETTERS, UNREADABLE))


def test_posteriors_equal_the_sum_over_every_path() -> None:
    columns = np.random.default_rng(0).dirichlet(np.ones(4), 6)
    allowed = np.array([[False, True, True, False], [False, True, True, True]])
    total, posterior = 0.0, np.zeros((2, 4))
    for path in itertools.product(range(4), repeat=6):
        spelt = [c for t, c in enumerate(path) if c and (t == 0 or path[t - 1] != c)]
        if len(spelt) == 2 and all(allowed[slot, c] for slot, c in enumerate(spelt)):
            chance = float(np.prod([columns[t, c] for t, c in enumerate(path)]))
            total += chance
            for slot, c in enumerate(spelt):
                posterior[slot, c] += chance

    probability, slots = slot_posteriors(columns, allowed)

    np.testing.assert_allclose(probability, total, rtol=1e-9)
    np.testing.assert_allclose(slots, posterior / total, rtol=1e-9, atol=1e-12)


def _columns(characters: list[str], sureness: float = 0.99) -> np.ndarray:
    """Ideal network output: every character followed by a blank."""
    rest = (1 - sureness) / (len(CLASSES) - 1)
    columns = np.full((48, len(CLASSES)), rest)
    columns[:, 0] = sureness
    for place, character in enumerate(characters):
        columns[3 + 5 * place] = rest
        columns[3 + 5 * place, CLASSES.index(character)] = sureness
    return columns


def test_a_clear_plate_is_read_with_a_confidence_per_character() -> None:
    characters = ["1", "2", "الف", "3", "3", "4", "1", "0"]
    columns = _columns(characters)
    two, seven = CLASSES.index("2"), CLASSES.index("7")
    columns[8, two], columns[8, seven] = 0.6, 0.37

    reading = LATTICE.reading(columns)

    assert (reading.text, reading.layout) == ("12الف33410", "car")
    assert [c.char for c in reading.characters] == characters
    assert 0.5 < reading.characters[1].confidence < 0.7
    assert reading.characters[1].alternatives[0][0] == "7"
    assert reading.characters[2].confidence > 0.95


def test_another_layout_is_not_forced_into_a_car_plate() -> None:
    reading = LATTICE.reading(_columns(["1", "2", "3", "4", "5"], 0.999))
    assert (reading.text, reading.layout) == ("12345", None)


def test_what_is_illegible_has_an_empty_text() -> None:
    reading = LATTICE.reading(_columns([], 0.999))
    assert (reading.text, reading.layout, reading.confidence) == ("", None, 0.0)


def test_a_hidden_character_is_not_guessed_and_has_what_it_may_be() -> None:
    columns = _columns(list("12ب34567"))
    hidden, three, two = (CLASSES.index(c) for c in (UNREADABLE, "3", "2"))
    columns[3 + 5 * 3] = 0.0
    columns[3 + 5 * 3, [three, hidden, two]] = 0.6, 0.35, 0.05

    reading = LATTICE.reading(columns)

    assert (reading.text, reading.layout) == ("12ب?4567", "car")
    assert (reading.unreadable_places, reading.is_complete, reading.is_legible) == (1, False, True)
    place = reading.characters[3]
    assert place.char == UNREADABLE
    assert place.alternatives[0][0] == "3"
    assert place.alternatives[0][1] > place.confidence, "likelier, and a guess all the same"
    assert reading.confidence < 0.4, "that it is unreadable is the less likely reading"


def test_a_little_doubt_lowers_the_confidence_of_a_character_only() -> None:
    columns = _columns(list("12ب34567"))
    columns[3 + 5 * 3, [CLASSES.index("3"), CLASSES.index(UNREADABLE)]] = 0.8, 0.19

    reading = LATTICE.reading(columns)

    assert reading.text == "12ب34567"
    assert 0.7 < reading.confidence < 0.85


def test_a_plate_of_hidden_characters_is_not_legible() -> None:
    reading = LATTICE.reading(_columns(["1", "2", *"?????", "7"]))
    assert (reading.text, reading.is_legible, reading.is_complete) == ("12?????7", False, False)
