"""The plate's place in the recording: the crop's place and the plate's place in the crop."""

from payesh.contracts.plates import ReadShot
from payesh.contracts.values import Box
from payesh.tickets.evidence.plate_place import plate_at
from tests.support.violation_builder import plate_read, reference, violation

CROP, ANOTHER = reference("shots", "a.jpg", b"a"), reference("shots", "b.jpg", b"b")


def test_the_plate_lies_in_the_frame_that_its_crop_was_cut_from() -> None:
    seen = violation(shots=[ANOTHER, CROP])
    box = Box(x_px=30.0, y_px=90.0, width_px=60.0, height_px=14.0)
    read = plate_read(seen).model_copy(update={"shot": ReadShot(crop=CROP, plate_box=box)})
    found = plate_at(seen.shots, read)
    assert found is not None
    assert found.frame_at == seen.shots[1].frame_at
    assert found.box == Box(x_px=110.0, y_px=170.0, width_px=60.0, height_px=14.0)


def test_a_read_of_another_picture_has_no_place() -> None:
    seen = violation(shots=[ANOTHER])
    assert plate_at(seen.shots, plate_read(seen)) is None
    for box in (None, Box(x_px=0.0, y_px=0.0, width_px=9.0, height_px=9.0)):
        shot = ReadShot(crop=CROP, plate_box=box)
        assert plate_at(seen.shots, plate_read(seen).model_copy(update={"shot": shot})) is None
