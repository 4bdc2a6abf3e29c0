"""What the street shows is what its truth says."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from payesh.local.street.geometry import PinholeCamera, Road, control_points
from payesh.local.street.plate_art import draw_plate
from payesh.local.street.production import Street, render_street
from payesh.local.street.rendering import FPS, GOP_FRAMES, Painter, Scene
from payesh.local.street.traffic import TrafficPlan, generate_traffic
from payesh.local.street.truth import Truth, ground_truth

pytestmark = pytest.mark.slow

CAMERA, ROAD = PinholeCamera(), Road()
SMALL = PinholeCamera(width_px=480, height_px=270, focal_px=1050.0)
PLAN = TrafficPlan(vehicles=2, clearly_speeding=1, marginal=1, duration_s=11.0, empty_s=1.0)


def test_pixels_and_metres_convert_back_and_forth() -> None:
    rng = np.random.default_rng(1)
    metres = np.column_stack([rng.uniform(-6, 6, 50), rng.uniform(18, 60, 50)])
    pixels = CAMERA.project(np.column_stack([metres, np.zeros(50)]))
    assert np.allclose(CAMERA.ground(pixels), metres, atol=1e-9)


def test_control_points_fix_the_calibration() -> None:
    points = control_points(CAMERA, ROAD)
    pixels = np.array([(p.u_px, p.v_px) for p in points])
    metres = np.array([(p.x_m, p.y_m) for p in points])
    assert len(points) >= 6
    assert ((pixels >= 0) & (pixels < (CAMERA.width_px, CAMERA.height_px))).all()
    homography, _ = cv2.findHomography(pixels, metres)
    probe = np.array([[[700.0, 600.0]], [[1300.0, 300.0]]])
    found = cv2.perspectiveTransform(probe, homography).reshape(-1, 2)
    assert np.allclose(found, CAMERA.ground(probe.reshape(-1, 2)), atol=0.01)


def test_plate_is_wide_enough_at_the_exit_line_and_zone_long_enough() -> None:
    left, right = CAMERA.project(np.array([(-0.26, 20.0, 0.46), (0.26, 20.0, 0.46)]))
    assert right[0] - left[0] >= 100
    assert ROAD.entry_line_m - ROAD.exit_line_m >= 18


@pytest.fixture(scope="module")
def painted() -> tuple[Painter, Truth]:
    vehicles = generate_traffic(3, TrafficPlan(), ROAD)
    scene = Scene(3, vehicles, CAMERA, ROAD, 160 * FPS)
    green = np.zeros((CAMERA.height_px, CAMERA.width_px, 3), np.uint8)
    green[..., 1] = 255
    truth = ground_truth(3, vehicles, CAMERA, ROAD, fps=FPS, frames=scene.frames)
    return Painter(scene, green), truth


def test_every_plate_shown_is_the_plate_in_truth(painted: tuple[Painter, Truth]) -> None:
    painter, truth = painted
    for vehicle in truth.vehicles[::6]:
        frame = painter.draw(vehicle.best_frame)
        target = np.array([(0, 0), (208, 0), (208, 44), (0, 44)], np.float32)
        corners = np.array(vehicle.plate_px, np.float32)
        homography = cv2.getPerspectiveTransform(corners - 0.5, target - 0.5)
        seen = cv2.cvtColor(cv2.warpPerspective(frame, homography, (208, 44)), cv2.COLOR_BGR2GRAY)
        drawn = cv2.cvtColor(draw_plate(vehicle.plate, height_px=22), cv2.COLOR_RGB2GRAY)
        drawn = cv2.resize(drawn, (208, 44), interpolation=cv2.INTER_LINEAR)
        likeness = np.corrcoef(seen[4:-4, 20:-4].ravel(), drawn[4:-4, 20:-4].ravel())[0, 1]
        assert likeness > 0.9, vehicle.plate


def test_box_in_truth_encloses_the_vehicle(painted: tuple[Painter, Truth]) -> None:
    painter, truth = painted
    alone = [
        v
        for v in truth.vehicles
        if not any(
            o is not v and o.first_frame <= v.best_frame <= o.last_frame for o in truth.vehicles
        )
    ]
    assert alone
    for vehicle in alone[:6]:
        frame = painter.draw(vehicle.best_frame)
        rows, columns = np.nonzero(frame[..., 0] > 20)  # the ground and shadows are green
        left, top, right, bottom = vehicle.box_px
        assert abs(rows.max() - bottom) < 45  # bumpers hang above the ground
        assert abs(rows.min() - top) < 60  # the roof ends before the boot
        assert abs(columns.min() - left) < 45  # mirrors stand out
        assert abs(columns.max() - right) < 45


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Street:
    folder = tmp_path_factory.mktemp("street")
    return render_street(2, folder, plan=PLAN, camera=SMALL, workers=2, quiet=True)


def test_video_has_every_frame_and_a_keyframe_every_two_seconds(street: Street) -> None:
    with av.open(str(street.video)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    assert len(packets) == street.truth.frames == 11 * FPS
    assert [i for i, p in enumerate(packets) if p.is_keyframe] == list(
        range(0, len(packets), GOP_FRAMES)
    )
    assert all(p.pts == p.dts for p in packets)


def test_rendered_street_is_kept_and_its_truth_reads_back(street: Street) -> None:
    written = street.video.stat().st_mtime_ns
    again = render_street(2, street.video.parent, plan=PLAN, camera=SMALL, quiet=True)
    assert again.video.stat().st_mtime_ns == written
    assert Truth.load(street.truth_file) == street.truth
    assert sorted(p.name for p in street.video.parent.iterdir()) == ["street.mp4", "truth.json"]


def test_vehicle_is_seen_between_its_first_and_last_frame_only(street: Street) -> None:
    vehicle = street.truth.vehicles[0]
    shown = _frames(street.video)
    empty = np.median(shown[::10], axis=0)

    def changed(index: int) -> float:
        return float((np.abs(shown[index] - empty) > 25).mean())

    assert changed(vehicle.best_frame) > 0.03
    assert changed(max(vehicle.first_frame - 3, 0)) < 0.001


def _frames(video: Path) -> np.ndarray:
    with av.open(str(video)) as container:
        return np.stack(
            [f.to_ndarray(format="gray").astype(np.float32) for f in container.decode(video=0)]
        )
