"""Geometry is for one picture size: of another one it is scaled, or nothing is measured."""

from dataclasses import replace
from pathlib import Path

import pytest

from payesh.detect.vision.observations import ObservedPassage, ObservedViolation
from payesh.detect.vision.scenes import scene_of
from tests.support.observer_builder import checkpoint_of, recalled_observer, stream_observer
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.conftest import CARS, STREAM
from tests.unit.detect.encoded_again import encoded_again
from tests.unit.detect.segment_cutter import CutSegment, cut


def observed(segments: list[CutSegment]) -> tuple[list[ObservedPassage], list[ObservedViolation]]:
    """With a takeover in the middle."""
    observer, found = stream_observer(box_revision()), list[object]()
    for segment in segments:
        found += observer.observe_segment(segment.event, segment.init, segment.media)
        if segment.event.sequence == 2:
            observer = recalled_observer(checkpoint_of(observer), box_revision())[0]
    return (
        [each for each in found if isinstance(each, ObservedPassage)],
        [each for each in found if isinstance(each, ObservedViolation)],
    )


def in_size(video: Path, folder: Path, size_px: tuple[int, int]) -> list[CutSegment]:
    sent = encoded_again(video, folder / "sized.mp4", size_px=size_px)
    return cut(sent, box_revision(), stream_id=STREAM)


@pytest.mark.parametrize("size_px", [(704, 396), (480, 270), (1280, 720), (426, 240)])
def test_a_picture_of_the_same_shape_gives_the_same_speeds(
    box_video: Path, tmp_path: Path, size_px: tuple[int, int]
) -> None:
    passages, violations = observed(in_size(box_video, tmp_path, size_px))
    assert len(passages) == len(CARS)
    true_kmh = sorted(car.speed_kmh for car in CARS)
    speeds = sorted((p.speed for p in passages if p.speed), key=lambda s: s.speed_kmh)
    for speed, kmh in zip(speeds, true_kmh, strict=True):
        assert abs(speed.speed_kmh - kmh) <= speed.speed_u95_kmh < 4
    assert len(violations) == 2


@pytest.mark.parametrize("size_px", [(640, 480), (360, 640)])
def test_a_picture_of_another_shape_gives_no_speed_and_no_violation(
    box_video: Path, tmp_path: Path, size_px: tuple[int, int]
) -> None:
    passages, violations = observed(in_size(box_video, tmp_path, size_px))
    assert passages, "vehicles are still seen"
    assert all(each.speed is None and each.lane is None for each in passages)
    assert not violations


def test_everything_that_is_marked_is_scaled() -> None:
    scene, marked = scene_of(box_revision(), (1280, 720)), scene_of(box_revision())
    assert scene.plane is not None and marked.plane is not None
    near, far = (200.0, 300.0), (300.0, 120.0)
    for point in (near, far):
        doubled = tuple(2 * each for each in point)
        assert scene.plane.ground([doubled])[0] == pytest.approx(marked.plane.ground([point])[0])


def test_no_vehicle_is_measured_across_a_change_of_size(
    box_video: Path, segments: list[CutSegment], tmp_path: Path
) -> None:
    """Within one stream, which a recorder does not write: its last segments are of another size."""
    larger = in_size(box_video, tmp_path, (704, 396))
    passages, _ = observed([*segments[:3], *(replace(each) for each in larger[3:])])
    speeds = [each.speed for each in passages if each.speed is not None]
    assert speeds
    for speed in speeds:
        assert any(abs(speed.speed_kmh - car.speed_kmh) <= speed.speed_u95_kmh < 4 for car in CARS)


@pytest.mark.parametrize("turned_deg", [90, 180, 270])
def test_a_camera_that_hangs_turned_is_measured_upright(
    box_video: Path, tmp_path: Path, turned_deg: int
) -> None:
    sent = encoded_again(box_video, tmp_path / "turned.mp4", turned_deg=turned_deg)
    segments = [
        replace(
            each,
            event=each.event.model_copy(
                update={"video": each.event.video.model_copy(update={"rotation_deg": turned_deg})}
            ),
        )
        for each in cut(sent, box_revision(), stream_id=STREAM)
    ]
    passages, violations = observed(segments)
    assert [each.speed is not None for each in passages] == [True] * len(CARS)
    assert len(violations) == 2
    for passage in passages:
        for box in (shot.box for shot in passage.shots):
            assert box.x_px + box.width_px <= 640
            assert box.y_px + box.height_px <= 360
