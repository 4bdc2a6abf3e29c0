"""A character that a camera cannot see is never guessed, and a negative is no plate."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from payesh.contracts import PlateRead
from payesh.contracts.plate_text import ALEF, split_characters
from payesh.contracts.values import ObjectReference
from payesh.contracts.vocabulary import ReadOutcome
from payesh.local.street.plate_art import draw_plate
from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.domain.best_read import best_read, own_plate, plates_of_vehicle
from payesh.plates.handlers.read_event import plate_read
from payesh.plates.settings import Settings
from tests.support.passage_builder import PROVENANCE, passage

pytestmark = pytest.mark.slow

Picture = NDArray[np.uint8]
PLATE_X, PLATE_Y = 250, 225
VEHICLE = (110, 60, 280, 260)
CENTRES_MM = (72, 118, 187, 263, 312, 361, 433, 480)
"""Centres of the characters on the drawn plate of 520 mm."""
CITATION_CONFIDENCE = 0.8
LEAST_CONFIDENCE = float(Settings.model_fields["minimum_confidence"].default)
PICTURE = ObjectReference(
    bucket="shots",
    key="camera-1/passage/0.jpg",
    version_id=None,
    sha256="0" * 64,
    size_bytes=1,
    media_type="image/jpeg",
)


@pytest.fixture(scope="module")
def networks() -> tuple[OnnxPlateLocator, OnnxPlateReader]:
    return OnnxPlateLocator(), OnnxPlateReader()


Networks = tuple[OnnxPlateLocator, OnnxPlateReader]


def read(networks: Networks, *pictures: Picture) -> PlateRead:
    """The event that follows a passage with these pictures as its shots."""
    locator, reader = networks
    shots = []
    for number, picture in enumerate(pictures):
        plates = plates_of_vehicle(locator.locate(picture), VEHICLE)
        own = own_plate(number, plates, reader.read_all(picture, plates))
        if own is not None:
            shots.append(own)
    seen = passage(crops=[PICTURE] * len(pictures))
    return plate_read(seen, shots, best_read(shots), LEAST_CONFIDENCE, PROVENANCE)


def plate(text: str, width_px: int = 110) -> Picture:
    large = cv2.cvtColor(draw_plate(text, height_px=110), cv2.COLOR_RGB2BGR)
    size = (width_px, round(width_px * 110 / 520))
    return np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.uint8)


def scene(face: Picture, blur_px: float = 0.5, noise: float = 3.0) -> Picture:
    """A dark car's back on grey asphalt with the plate on it, as a camera shows it."""
    picture = np.full((360, 480, 3), 128, np.uint8)
    cv2.rectangle(picture, (110, 60), (390, 320), (60, 40, 35), -1)
    cv2.rectangle(picture, (140, 80), (360, 160), (90, 80, 75), -1)
    height, width = face.shape[:2]
    left = PLATE_X - width // 2
    picture[PLATE_Y : PLATE_Y + height, left : left + width] = face
    seen = cv2.GaussianBlur(picture, (0, 0), blur_px).astype(float)
    seen += np.random.default_rng(2).normal(0, noise, seen.shape)
    return np.asarray(np.clip(seen, 0, 255), np.uint8)


def splashed(face: Picture, seed: int) -> Picture:
    """Six splashes of mud anywhere on the plate."""
    dice = np.random.default_rng(seed)
    dirty = face.copy()
    for _ in range(6):
        at = (int(dice.integers(0, face.shape[1])), int(dice.integers(0, face.shape[0])))
        cv2.circle(dirty, at, int(dice.integers(2, 5)), (70, 90, 110), -1)
    return dirty


def covered(face: Picture, place: int, tone: Sequence[float]) -> Picture:
    """The plate with one character behind a patch."""
    height, width = face.shape[:2]
    x = CENTRES_MM[place] * width / 520
    half = (34 if place == 2 else 23) * width / 520
    patched = face.copy()
    corners = (round(x - half), round(height * 0.1)), (round(x + half), round(height * 0.93))
    cv2.rectangle(patched, *corners, tone, -1)
    return patched


def glared(face: Picture, place: int) -> Picture:
    """The plate with the sun's reflection over one character."""
    height, width = face.shape[:2]
    x, y = CENTRES_MM[place] * width / 520, height / 2
    ys, xs = np.mgrid[0:height, 0:width]
    light = np.exp(-((((xs - x) / (width * 0.055)) ** 2 + ((ys - y) / (height * 0.6)) ** 2) ** 2))
    return np.asarray(np.clip(face + light[..., None] * 500, 0, 255), np.uint8)


def is_honest(read: PlateRead, truth: str, hidden: Sequence[int]) -> bool:
    """Whether nothing was guessed: unreadable, or ambiguous with the hidden places as such."""
    if read.outcome == ReadOutcome.UNREADABLE:
        return read.plate is None
    characters = split_characters(truth)
    return (
        read.outcome == ReadOutcome.AMBIGUOUS
        and read.plate is None
        and all(read.characters[place].character == "?" for place in hidden)
        and all(
            seen.character in (true, "?")
            for seen, true in zip(read.characters, characters, strict=True)
        )
    )


def test_dirt_makes_no_other_plate(networks: Networks) -> None:
    """The letter and digits under splashes are read, or named unreadable, but not invented."""
    invented = []
    for seed in range(40):
        text = ("12ب34567", "63ج28914", "45د93178", "87س16542")[seed % 4]
        seen = read(networks, scene(splashed(plate(text), seed)))
        if seen.plate is not None and seen.plate.text != text:
            invented.append((seed, seen.plate.text, seen.confidence))
    assert invented == []


@pytest.mark.parametrize(
    "tone", [(60, 80, 95), (235, 238, 238), (25, 25, 25), (150, 150, 150)],
    ids=["mud", "snow", "tape", "grey"],
)  # fmt: skip
def test_a_covered_character_is_not_guessed(networks: Networks, tone: Sequence[float]) -> None:
    guessed = []
    for place in range(8):
        seen = read(networks, scene(covered(plate("63ج28914", 120), place, tone)))
        if not is_honest(seen, "63ج28914", [place]):
            guessed.append((place, seen.outcome, seen.plate, seen.confidence))
    assert guessed == []


def test_a_covered_character_has_what_it_may_be(networks: Networks) -> None:
    seen = read(networks, scene(covered(plate("63ج28914", 120), 4, (60, 80, 95))))
    assert seen.outcome == ReadOutcome.AMBIGUOUS
    assert "".join(each.character for each in seen.characters) == "63ج2?914"
    assert seen.characters[4].alternatives, "what a search can go by"
    assert seen.shot is not None


def test_another_shot_that_shows_the_character_completes_the_plate(networks: Networks) -> None:
    face = plate("63ج28914", 120)
    hidden = scene(covered(face, 4, (60, 80, 95)))
    seen = read(networks, hidden, scene(face), hidden)
    assert seen.plate is not None and seen.plate.text == "63ج28914"
    assert seen.confidence >= CITATION_CONFIDENCE


def test_a_character_in_glare_is_not_guessed(networks: Networks) -> None:
    guessed = []
    for place in range(8):
        seen = read(networks, scene(glared(plate("63ج28914", 120), place)))
        if seen.plate is not None and seen.plate.text != "63ج28914":
            guessed.append((place, seen.plate.text, seen.confidence))
        assert seen.plate is None or seen.confidence < CITATION_CONFIDENCE, place
    assert guessed == []


@pytest.mark.parametrize(
    "text",
    ["12ب34567", "63ج28914", "45د93178", "87س16542", "31ت72846", f"24{ALEF}57913", "52پ68391"],
)
def test_a_photographic_negative_is_no_plate(networks: Networks, text: str) -> None:
    negative = np.asarray(255 - scene(plate(text)), np.uint8)
    seen = read(networks, negative)
    assert (seen.outcome, seen.plate) == (ReadOutcome.UNREADABLE, None)


def test_a_plate_seen_in_a_mirror_is_no_plate(networks: Networks) -> None:
    mirrored = np.ascontiguousarray(scene(plate("12ب34567"))[:, ::-1])
    seen = read(networks, mirrored)
    assert seen.plate is None


@pytest.mark.parametrize("letter", [ALEF, "پ", "ث", "ف", "ز", "ت", "ع", "ک", "ش"])
def test_plates_of_every_colour_are_read(networks: Networks, letter: str) -> None:
    text = f"63{letter}28914"
    seen = read(networks, scene(plate(text, 120)))
    assert seen.plate is not None and seen.plate.text == text
    assert seen.confidence >= CITATION_CONFIDENCE
