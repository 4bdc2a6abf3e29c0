"""What an owner's copies hide: the plate of the car beside is read before, and not after."""

import io
from datetime import timedelta
from uuid import uuid4

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from payesh.contracts.detect import BoxAt, Shot
from payesh.contracts.values import Box, SegmentLink
from payesh.local.street.truth import VehicleTruth
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.tickets.evidence.masked_clip import box_at, masked_clip, moment_of
from payesh.tickets.evidence.masking import WINDOWS, pictures_for_owner
from tests.support.drawn_pair import DrawnPair, drawn_pair
from tests.support.violation_builder import CAPTURED_AT, chained, reference

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pair() -> DrawnPair:
    return drawn_pair()


@pytest.fixture(scope="module")
def reader() -> OnnxPlateReader:
    return OnnxPlateReader()


@pytest.fixture(scope="module")
def masked(pair: DrawnPair) -> list[NDArray[np.uint8]]:
    """Frames of the copy for the owner of the first car."""
    return decoded(masked_clip(pair.film(), links(), pair.boxes(0)))


def links() -> list[SegmentLink]:
    media = [reference("segments", "0.m4s", b"x")]
    return [
        each.model_copy(update={"captured_at": CAPTURED_AT})
        for each in chained(uuid4(), None, media)
    ]


def decoded(body: bytes) -> list[NDArray[np.uint8]]:
    with av.open(io.BytesIO(body), "r") as container:
        return [np.asarray(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]


def plate_of(car: VehicleTruth, scale: float = 1.0) -> LocatedPlate:
    xs, ys = ([corner[axis] * scale for corner in car.plate_px] for axis in (0, 1))
    return LocatedPlate(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys), 1.0)


def test_the_plate_beside_is_read_in_the_film_and_not_in_the_owners_copy(
    pair: DrawnPair, masked: list[NDArray[np.uint8]], reader: OnnxPlateReader
) -> None:
    own, other = pair.truth.vehicles
    small = cv2.resize(pair.frames[-1], (960, 540), interpolation=cv2.INTER_AREA)
    assert reader.read(np.asarray(small, np.uint8), plate_of(other, 0.5)).text == other.plate
    hidden = reader.read(masked[-1], plate_of(other, 0.5))
    assert hidden.confidence < 0.3
    assert not set(hidden.text) & set(other.plate)
    assert reader.read(masked[-1], plate_of(own, 0.5)).text == own.plate


def test_what_is_not_the_vehicle_never_changes_from_frame_to_frame(
    pair: DrawnPair, masked: list[NDArray[np.uint8]]
) -> None:
    """A plate that moves under a fixed mosaic could be computed from many frames of it."""
    left, _, right, _ = (side / 2 for side in pair.truth.vehicles[0].box_px)
    assert len(masked) == len(pair.frames)
    for frame in masked[1:]:
        apart = np.abs(frame.astype(int) - masked[0].astype(int))
        assert apart[:, int(right) + 8 :].mean() < 1, "to its right"
        assert apart[:, : max(0, int(left) - 8)].mean() < 1, "to its left"


def test_windows_of_the_own_vehicle_are_hidden(
    pair: DrawnPair, masked: list[NDArray[np.uint8]]
) -> None:
    left, top, right, bottom = (side / 2 for side in pair.truth.vehicles[0].box_px)
    middle = int(top + (bottom - top) * WINDOWS)
    windows = (slice(int(top) + 6, middle - 6), slice(int(left) + 6, int(right) - 6))
    below = (slice(middle + 6, int(bottom) - 6), slice(int(left) + 6, int(right) - 6))
    laplacian = cv2.Laplacian(cv2.cvtColor(masked[-1], cv2.COLOR_BGR2GRAY), cv2.CV_64F)
    assert np.abs(laplacian[windows]).mean() < 0.3 * np.abs(laplacian[below]).mean()


def test_a_still_hides_the_plate_beside(pair: DrawnPair, reader: OnnxPlateReader) -> None:
    own, other = pair.truth.vehicles
    height, width = pair.frames[-1].shape[:2]
    box = pair.boxes(0)[0].box
    shot = Shot(
        stream_id=uuid4(),
        sequence=0,
        frame_at=CAPTURED_AT,
        box=box,
        crop=reference("shots", "x.jpg"),
        crop_box=Box(x_px=0.0, y_px=0.0, width_px=float(width), height_px=float(height)),
        sharpness=1.0,
    )
    body = cv2.imencode(".png", pair.frames[-1])[1].tobytes()
    (picture,) = pictures_for_owner(body, shot, None)
    shown = np.asarray(cv2.imdecode(np.frombuffer(picture.body, np.uint8), cv2.IMREAD_COLOR))
    assert reader.read(np.asarray(shown, np.uint8), plate_of(own)).text == own.plate
    hidden = reader.read(np.asarray(shown, np.uint8), plate_of(other))
    assert hidden.confidence < 0.3
    assert not set(hidden.text) & set(other.plate)


def test_nothing_of_the_vehicle_is_shown_where_its_place_is_not_known() -> None:
    def at(ms: int) -> BoxAt:
        box = Box(x_px=float(ms), y_px=10.0, width_px=20.0, height_px=20.0)
        return BoxAt(frame_at=CAPTURED_AT + timedelta(milliseconds=ms), box=box)

    boxes = [at(0), at(40), at(2000)]
    moments = [CAPTURED_AT + timedelta(milliseconds=ms) for ms in (-1, 20, 40, 1000, 2000, 2001)]
    found = [box_at(boxes, each) for each in moments]
    assert [None if box is None else box.x_px for box in found] == [
        None,
        20.0,
        40.0,
        None,
        2000.0,
        None,
    ]


def test_a_moment_of_the_clip_is_by_the_times_of_its_segments() -> None:
    media = [reference("segments", f"{n}.m4s", b"x") for n in range(3)]
    found = chained(uuid4(), None, media)
    assert moment_of(found, 3.0) == found[1].captured_at + timedelta(seconds=1)
    assert moment_of(found, 7.0) == found[2].captured_at + timedelta(seconds=3)


def test_what_is_no_video_or_shows_no_track_makes_no_copy(pair: DrawnPair) -> None:
    with pytest.raises(ValueError, match="no video"):
        masked_clip(b"no video", links(), pair.boxes(0))
    later = [
        BoxAt(frame_at=each.frame_at + timedelta(hours=1), box=each.box) for each in pair.boxes(0)
    ]
    with pytest.raises(ValueError, match="nothing of the vehicle"):
        masked_clip(pair.film(), links(), later)
