"""A stream may begin in the middle of traffic, as each does after a lost connection."""

from pathlib import Path

import numpy as np
import pytest

from payesh.detect.adapters.motion_detector import MotionDetector
from payesh.detect.domain.detections import pairwise_iou
from payesh.detect.frames import Frame
from payesh.detect.vision.observations import ObservedPassage
from tests.support.observer_builder import stream_observer
from tests.unit.detect.box_street import BoxCar, box_revision, render
from tests.unit.detect.conftest import STREAM
from tests.unit.detect.segment_cutter import cut

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("slow_kmh", [9.0, 18.0])
def test_a_vehicle_in_the_way_at_the_start_hides_no_later_one(
    tmp_path: Path, slow_kmh: float
) -> None:
    first = BoxCar(x_m=-2.0, speed_kmh=slow_kmh, exits_at_s=1.5)
    later = BoxCar(x_m=-2.0, speed_kmh=71.0, exits_at_s=13.0)
    video = render(tmp_path / "street.mp4", [first, later], 14.5)
    observer = stream_observer(box_revision())
    found = []
    for segment in cut(video, box_revision(), stream_id=STREAM):
        found += observer.observe_segment(segment.event, segment.init, segment.media)
    passages = [each for each in found if isinstance(each, ObservedPassage)]
    last = passages[-1]
    assert last.speed is not None and last.ended_by == "exit_line"
    assert abs(last.speed.speed_kmh - later.speed_kmh) <= last.speed.speed_u95_kmh < 4


def test_heavy_snow_hides_no_vehicle_and_is_not_followed_flake_by_flake() -> None:
    grey = np.full((180, 320), 128, np.uint8)

    def frame(index: int, luma: np.ndarray) -> Frame:
        return Frame(luma, grey, grey, index / 25)

    road = np.full((360, 640), 90, np.uint8)
    detector = MotionDetector()
    for index in range(20):
        assert len(detector.detect(frame(index, road))) == 0
    snow = road.copy()
    rng = np.random.default_rng(5)
    for y in range(2, 340, 30):
        for x in range(2, 620, 24):
            side = int(rng.integers(12, 15))
            snow[y : y + side, x : x + side] = 240
    snow[195:295, 290:430] = 90
    snow[200:290, 300:420] = 200
    found = detector.detect(frame(20, snow))
    assert len(found) <= 60
    assert pairwise_iou(found.xyxy, np.array([[300, 200, 420, 290]])).max() > 0.7
