"""What an owner sees of a picture: the lower vehicle and its plate, the rest made unreadable."""

import io

import numpy as np
import pytest
from PIL import Image

from payesh.contracts.detect import Shot
from payesh.contracts.values import Box
from payesh.tickets.evidence.masking import WINDOWS, pictures_for_owner, shot_for_owner
from tests.support.violation_builder import plate_read, reference, violation

WIDTH, HEIGHT = 240, 200
VEHICLE = Box(x_px=120.0, y_px=100.0, width_px=160.0, height_px=160.0)
CROP = Box(x_px=80.0, y_px=80.0, width_px=240.0, height_px=200.0)
PLATE = Box(x_px=90.0, y_px=150.0, width_px=60.0, height_px=14.0)
SHOT = Shot(
    stream_id=violation().stream_id,
    sequence=0,
    frame_at=violation().captured_at,
    box=VEHICLE,
    crop=reference("shots", "x.jpg"),
    crop_box=CROP,
    sharpness=1.0,
)


def checkered(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Detail of four pixels everywhere, that no average keeps."""
    rows, columns = np.indices((height, width)) // 4
    grey = ((rows + columns) % 2 * 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(grey).convert("RGB").save(out, "PNG")
    return out.getvalue()


def detail(picture: bytes, left: int, top: int, right: int, bottom: int) -> float:
    """Standard deviation of the grey levels of an area."""
    area = Image.open(io.BytesIO(picture)).convert("L").crop((left, top, right, bottom))
    return float(np.asarray(area, float).std())


def test_only_the_lower_vehicle_and_its_plate_keep_their_detail() -> None:
    vehicle, plate = pictures_for_owner(checkered(), SHOT, PLATE)
    left, top = int(VEHICLE.x_px - CROP.x_px), int(VEHICLE.y_px - CROP.y_px)
    windows = top + int(VEHICLE.height_px * WINDOWS)
    bottom = top + int(VEHICLE.height_px)
    assert detail(vehicle.body, left + 8, windows + 8, left + 152, bottom - 8) > 80
    assert detail(vehicle.body, left, top, left + 160, windows - 8) < 25, "windows"
    assert detail(vehicle.body, 0, 0, left - 8, HEIGHT) < 25, "beside it"
    assert detail(vehicle.body, 0, 0, WIDTH, top) < 25, "above it"
    assert (vehicle.shows, plate.shows) == ("vehicle", "plate")
    assert detail(plate.body, 60, 40, 200, 60) > 60


def test_a_plate_in_the_upper_part_stays_and_nothing_around_it() -> None:
    high = Box(x_px=90.0, y_px=40.0, width_px=60.0, height_px=14.0)
    vehicle, _ = pictures_for_owner(checkered(), SHOT, high)
    assert detail(vehicle.body, 92, 42, 148, 52) > 80
    assert detail(vehicle.body, 44, 24, 84, 90) < 25


def test_a_crop_that_was_stored_smaller_is_masked_in_its_own_pixels() -> None:
    (vehicle,) = pictures_for_owner(checkered(120, 100), SHOT, None)
    assert detail(vehicle.body, 24, 54, 96, 86) > 80
    assert detail(vehicle.body, 0, 0, 120, 44) < 25


def test_no_metadata_is_left_and_no_picture_is_refused() -> None:
    vehicle, _ = pictures_for_owner(checkered(), SHOT, PLATE)
    assert not Image.open(io.BytesIO(vehicle.body)).getexif()
    with pytest.raises(ValueError, match="picture"):
        pictures_for_owner(b"no picture", SHOT, PLATE)


def test_the_shot_that_was_read_is_shown_else_the_first() -> None:
    seen = violation(shots=[reference("shots", f"{n}.jpg", bytes([n])) for n in range(3)])
    read = plate_read(seen)
    assert shot_for_owner(seen, read) == 0
    third = {"crop": seen.shots[2].crop, "plate_box": PLATE}
    named = type(read).model_validate({**vars(read), "shot": third})
    assert shot_for_owner(seen, named) == 2
    assert shot_for_owner(violation(shots=[]), read) in (None, 0)
