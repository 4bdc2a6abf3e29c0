"""One rendered box street, cut into segments once for all tests."""

from pathlib import Path
from uuid import UUID

import cv2
import pytest

from tests.unit.detect.box_street import BoxCar, box_revision, render
from tests.unit.detect.segment_cutter import CutSegment, cut

STREAM = UUID("00000000-0000-4000-8000-000000000007")

CARS = [
    BoxCar(x_m=-2.0, speed_kmh=48.0, exits_at_s=7.0),
    BoxCar(x_m=2.0, speed_kmh=83.0, exits_at_s=6.0, colour=(40, 60, 200)),
    BoxCar(x_m=2.0, speed_kmh=59.0, exits_at_s=9.5, colour=(40, 200, 220)),
    BoxCar(x_m=-2.0, speed_kmh=71.0, exits_at_s=11.6),
]


@pytest.fixture(scope="session")
def box_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cv2.setNumThreads(1)
    return render(tmp_path_factory.mktemp("box-street") / "street.mp4", CARS, 14.0)


@pytest.fixture(scope="session")
def segments(box_video: Path) -> list[CutSegment]:
    return cut(box_video, box_revision(), stream_id=STREAM)
