"""A camera's plane from what an installer measured, and how sure it is."""

from dataclasses import replace

import numpy as np
import pytest

from payesh.detect.domain.calibration import calibrate
from payesh.detect.domain.survey import MeasuredDistance, NotDetermined, Survey, SurveySigmas
from payesh.detect.domain.vanishing import vanishing_point
from tests.unit.detect.surveyed_road import RoadCamera, pixel

CAMERA = RoadCamera()
PICTURE = CAMERA.picture_px


def test_distances_in_a_chain_and_across_give_back_the_camera() -> None:
    found = calibrate(Survey(PICTURE, CAMERA.surveyed(), vanishing_px=CAMERA.vanishing_px()))
    assert found.camera_height_m == pytest.approx(9.0, rel=0.01)
    assert found.focal_px == pytest.approx(2000.0, rel=0.01)
    assert found.tilt_deg == pytest.approx(20.0, abs=0.1)
    ways = CAMERA.project([(5.0, 22.0), (5.0, 45.0), (9.0, 22.0)])
    ground = found.plane.ground(ways)
    assert ground[1, 1] - ground[0, 1] == pytest.approx(23.0, rel=0.002)
    assert ground[2, 0] - ground[0, 0] == pytest.approx(4.0, rel=0.005)
    assert max(abs(each.difference_m) for each in found.residuals) < 0.02


def test_without_tracks_the_distances_along_the_road_give_its_direction() -> None:
    found = calibrate(Survey(PICTURE, CAMERA.surveyed()))
    ground = found.plane.ground(CAMERA.project([(5.0, 22.0), (5.0, 45.0)]))
    assert ground[1, 0] - ground[0, 0] == pytest.approx(0.0, abs=0.1)


def test_marked_points_keep_the_surveyors_coordinates_even_mirrored() -> None:
    marks = [(x, y) for x in (3.0, 7.0, 11.0) for y in (20.0, 34.0, 48.0)]
    points = tuple(replace(CAMERA.point(mark), ground_m=(-mark[0], mark[1])) for mark in marks)
    found = calibrate(Survey(PICTURE, points=points))
    ground = found.plane.ground(CAMERA.project([(5.0, 30.0)]))
    assert np.allclose(ground, [(-5.0, 30.0)], atol=0.03)
    assert found.camera_height_m == pytest.approx(9.0, rel=0.02)


def test_the_stated_uncertainty_holds_the_true_length() -> None:
    rng = np.random.default_rng(7)
    sigmas = SurveySigmas()
    inside, errors = [], []
    for _ in range(40):
        shifts: dict[tuple[float, float], np.ndarray] = {}

        def set_at(
            mark: tuple[float, float], shifts: dict[tuple[float, float], np.ndarray] = shifts
        ) -> tuple[float, float]:
            key = round(mark[0], 3), round(mark[1], 3)
            moved = np.array(mark) + shifts.setdefault(key, rng.normal(0, sigmas.mark_px, 2))
            return pixel(moved)

        measured = tuple(
            MeasuredDistance(
                set_at(each.from_px),
                set_at(each.to_px),
                each.metres
                + rng.normal(0, np.hypot(sigmas.tape_relative * each.metres, sigmas.tape_m)),
                each.along_road,
            )
            for each in CAMERA.surveyed()
        )
        found = calibrate(Survey(PICTURE, measured, vanishing_px=CAMERA.vanishing_px()))
        ground = found.plane.ground(CAMERA.project([(7.0, 20.0), (7.0, 48.0)]))
        error = (ground[1, 1] - ground[0, 1]) / 28.0 - 1
        errors.append(error)
        inside.append(abs(error) <= found.length_scale_u95)
    assert np.mean(inside) >= 0.9
    # Not timid either: the interval is not twice as wide as the errors are.
    assert found.length_scale_u95 < 2 * 1.96 * np.std(errors)


def test_contradicting_distances_widen_the_uncertainty() -> None:
    honest = CAMERA.surveyed()
    wrong = (*honest[:4], replace(honest[4], metres=29.5), *honest[5:])
    vanishing_px = CAMERA.vanishing_px()
    sure = calibrate(Survey(PICTURE, honest, vanishing_px=vanishing_px))
    unsure = calibrate(Survey(PICTURE, wrong, vanishing_px=vanishing_px))
    assert unsure.misfit > 1.5 > sure.misfit
    assert unsure.length_scale_u95 > 1.5 * sure.length_scale_u95


def test_what_does_not_fix_the_plane_is_refused_with_what_is_missing() -> None:
    along = CAMERA.distance((3.0, 20.0), (3.0, 48.0), along_road=True)
    across = CAMERA.distance((3.0, 20.0), (11.0, 20.0), along_road=False)
    with pytest.raises(NotDetermined, match="one distance alone"):
        calibrate(Survey(PICTURE, (along,)))
    with pytest.raises(NotDetermined, match="no distance along the road"):
        calibrate(Survey(PICTURE, (across, across)))
    with pytest.raises(NotDetermined, match="tracks of vehicles"):
        calibrate(Survey(PICTURE, (along, across)))
    with pytest.raises(NotDetermined, match="0 metres"):
        calibrate(Survey(PICTURE, (along, replace(along, metres=0.0))))


def test_the_vanishing_point_is_found_among_lane_changes_and_points_stuck_at_a_border() -> None:
    rng = np.random.default_rng(2)
    y = np.linspace(60.0, 18.0, 60)
    ways = []
    for number in range(40):
        x = np.full(60, rng.uniform(3.0, 11.0))
        if number % 4 == 0:
            x = x + np.linspace(0.0, 3.5, 60)
        way = CAMERA.project(np.column_stack([x, y])) + rng.normal(0, 0.7, (60, 2))
        stuck = way[-1] + np.column_stack([np.arange(8) * 6.0, np.zeros(8)])
        ways.append(np.concatenate([way, stuck]))
    found = vanishing_point(ways, PICTURE)
    assert found is not None
    assert np.hypot(*(np.array(found) - CAMERA.vanishing_px())) < 15.0
    assert vanishing_point(ways[:10], PICTURE) is None
