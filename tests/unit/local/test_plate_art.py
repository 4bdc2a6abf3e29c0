"""Drawn plates carry the layout and the colours of their letter's class."""

from __future__ import annotations

import numpy as np
import pytest

from payesh.local.street.plate_art import PRIVATE_LETTERS, draw_plate, plate_colours, split_plate

FACE_RGB = {
    "12ب34567": (244, 244, 240),
    "12ت34567": (247, 190, 24),
    "12ع34567": (247, 190, 24),
    "12الف34567": (186, 24, 32),
    "12پ34567": (14, 84, 48),
}


@pytest.mark.parametrize(("text", "face"), FACE_RGB.items())
def test_face_has_the_colour_of_the_letters_class(text: str, face: tuple[int, int, int]) -> None:
    plate = draw_plate(text, height_px=110)
    assert plate.shape == (110, 520, 3)
    assert plate.dtype == np.uint8
    inside = plate[8:102, 46:388].reshape(-1, 3)
    assert np.allclose(np.median(inside, axis=0), face, atol=2)


def test_glyphs_stand_out_of_the_face_on_every_plate() -> None:
    for text in FACE_RGB:
        colours = plate_colours(split_plate(text)[1])
        plate = draw_plate(text, height_px=110)[8:102, 46:388].astype(int)
        distance_to_ink = np.abs(plate - colours.glyph).sum(axis=2)
        share_of_ink = float((distance_to_ink < 60).mean())
        assert 0.12 < share_of_ink < 0.5, text


def test_strip_is_blue_and_every_digit_and_letter_looks_different() -> None:
    plate = draw_plate("12ب34567")
    red, green, blue = plate[100, 10].astype(int)
    assert blue > 100 and blue > 2 * green and blue > 2 * red
    letters = [draw_plate(f"12{letter}34567") for letter in (*PRIVATE_LETTERS, "ت", "الف")]
    digits = [draw_plate(f"{digit}2ب34567") for digit in range(1, 10)]
    for family in (letters, digits):
        assert len({image.tobytes() for image in family}) == len(family)


@pytest.mark.parametrize("text", ["", "12ب3456", "1234567", "12ب345678", "ab ب34567"])
def test_text_that_is_no_plate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a canonical car plate"):
        draw_plate(text)
