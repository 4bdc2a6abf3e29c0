"""Occupancy and queues of lanes, against streets whose truth is known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from payesh.contracts.camera_revision import Detection, MarkedLane, MarkedRegion
from payesh.contracts.vocabulary import DetectorKind, RegionKind
from payesh.detect.domain.counts import MinuteCounter
from payesh.detect.domain.lane_tally import LaneCount
from payesh.detect.domain.lane_view import VehicleView, counted_lanes, view_of
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import Box, Sighting, Trajectory
from payesh.detect.vision.observations import ObservedCounts
from payesh.detect.vision.scenes import scene_of
from tests.support.observer_builder import checkpoint_of
from tests.support.revision_builder import revision as plain_revision
from tests.unit.detect.box_street import box_revision, project
from tests.unit.detect.driven import box_at
from tests.unit.detect.scripted_stream import recalled_scripted, scripted_observer, watch
from tests.unit.detect.segment_cutter import STARTED_AT

RATE_HZ = 10
MEASURED = scene_of(box_revision())
"""Two lanes, from 42 m down to 21 m before the camera."""


def car_box(x_m: float, y_m: float) -> Box:
    """Of a car that shows its front at `y_m` and is 4.5 m long."""
    corners = project(
        [
            (x_m + dx, y_m + dy, z)
            for dx in (-0.9, 0.9)
            for dy, z in ((0.0, 0.0), (0.0, 1.3), (4.5, 1.3))
        ]
    )
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def moving(box: Box, vehicle_class: str = "car") -> VehicleView:
    return VehicleView(box, ((box[0] + box[2]) / 2, box[3]), vehicle_class, stands=False)


def standing(box: Box, vehicle_class: str = "car") -> VehicleView:
    return replace(moving(box, vehicle_class), stands=True)


def minute(scene: Scene, frames: Iterator[Sequence[VehicleView]]) -> dict[str | None, LaneCount]:
    """The lanes of a minute of frames; counter and frames are written down and read half way."""
    counter = MinuteCounter()
    lanes = counted_lanes(scene)
    for number, vehicles in enumerate(frames):
        time_s = number / RATE_HZ
        counter.advance(STARTED_AT + timedelta(seconds=time_s))
        counter.look(time_s, [lane.view(vehicles) for lane in lanes])
        if number == 30 * RATE_HZ:
            counter = MinuteCounter.from_state(counter.to_state())
    (interval,) = counter.finish(STARTED_AT + timedelta(seconds=59.9))
    return {lane.lane: lane for lane in interval.lanes}


def test_occupancy_is_the_time_that_cars_take_over_the_measuring_place() -> None:
    def frames() -> Iterator[list[VehicleView]]:
        for number in range(60 * RATE_HZ):
            # A car every 6.1 s at 10 m/s: 4.5 m of it cover a place for 0.45 s. Not a whole number
            # of frames: each car would meet the place at the same edge, up to a rounding.
            y_m = 60.0 - 10.0 * ((number / RATE_HZ) % 6.1)
            yield [moving(car_box(-2.0, y_m))]

    lanes = minute(MEASURED, frames())
    assert lanes["1"].occupancy == pytest.approx(0.45 / 6.1, abs=0.012)
    assert (lanes["1"].queue_vehicles, lanes["1"].queue_m) == (0, None)
    assert lanes["2"] == LaneCount("2", 0, None, None, None, 0.0, 0, None)


def test_a_bus_covers_the_place_for_its_own_length() -> None:
    lane = counted_lanes(MEASURED)[0]
    middle_m = (42.0 + 21.0) / 2
    behind_it = car_box(-2.0, middle_m - 8.0)
    assert not lane.view([moving(behind_it)]).covered
    assert lane.view([moving(behind_it, "bus")]).covered
    assert not lane.view([moving(car_box(-2.0, middle_m + 1.0), "bus")]).covered, "not yet there"


def test_a_queue_reaches_from_the_first_to_the_end_of_the_last() -> None:
    lane, other = counted_lanes(MEASURED)
    queue = [standing(car_box(-2.0, y_m)) for y_m in (36.0, 22.0, 29.0)]
    beside = standing(car_box(2.0, 25.0))
    driving = moving(car_box(-2.0, 40.0))
    view = lane.view([*queue, beside, driving])
    assert len(view.queue.vehicles) == 3
    assert view.queue.length_m == pytest.approx(36.0 - 22.0 + 4.5, abs=0.3)
    assert [v.box for v in view.queue.vehicles] == [queue[1].box, queue[2].box, queue[0].box]
    assert other.view([*queue, beside]).queue.length_m == pytest.approx(4.5, abs=0.01)


def test_vehicles_far_apart_are_two_queues_and_the_longer_one_counts() -> None:
    far = scene_of(
        box_revision().model_copy(
            update={"zone": box_revision().zone.model_copy(update={"entry_y_m": 70.0})}  # type: ignore[union-attr]
        )
    )
    lane = counted_lanes(far)[0]
    view = lane.view([standing(car_box(-2.0, y_m)) for y_m in (22.0, 55.0, 62.0)])
    assert len(view.queue.vehicles) == 2
    assert view.queue.length_m == pytest.approx(62.0 - 55.0 + 4.5, abs=0.5)


PICTURED = Scene(lanes=scene_of(
    plain_revision(lanes=(
        MarkedLane(
            name="inner",
            polygon_px=((100, 100), (200, 100), (200, 300), (100, 300)),
            from_px=(150, 100),
            to_px=(150, 300),
        ),
    ))
).lanes)  # fmt: skip


def test_without_a_plane_the_lower_half_of_a_box_covers_and_standing_vehicles_count() -> None:
    (lane,) = counted_lanes(PICTURED)
    assert lane.view([moving(box_at(150, 210))]).covered
    assert not lane.view([moving(box_at(150, 230))]).covered, "its roof hides the place"
    assert not lane.view([moving(box_at(150, 195))]).covered
    view = lane.view([standing(box_at(150, y)) for y in (150, 200, 250)])
    assert (len(view.queue.vehicles), view.queue.length_m) == (3, None)


def test_frames_that_were_not_seen_are_not_watched() -> None:
    (lane,) = counted_lanes(PICTURED)
    counter = MinuteCounter()
    counter.advance(STARTED_AT)
    covered = [moving(box_at(150, 210))]
    empty: list[VehicleView] = []
    for time_s, vehicles in ((0.0, covered), (1.0, covered), (1.5, empty), (9.0, empty)):
        counter.look(time_s, [lane.view(vehicles)])
    counter.look(10.0, [lane.view(covered)])
    (interval,) = counter.finish(STARTED_AT + timedelta(seconds=12))
    assert interval.lanes[0].occupancy == pytest.approx(2.0 / 2.5)


def seen_at(boxes: Sequence[tuple[float, Box]]) -> Trajectory:
    way = Trajectory.begin(Moment(boxes[0][0], STARTED_AT), boxes[0][1], unsure=False)
    for time_s, box in boxes:
        way.see(Sighting(Moment(time_s, STARTED_AT), box, whole=True))
    return way


def test_a_vehicle_stands_after_five_seconds_at_its_place() -> None:
    def stood(box: Box, after: Box, for_s: float) -> bool:
        view = view_of(seen_at([(0.0, box), (for_s / 2, after), (for_s, after)]), PICTURED)
        assert view is not None
        return view.stands

    here = box_at(150, 200)
    assert stood(here, here, 5.0)
    assert not stood(here, here, 4.8)
    assert not stood(here, box_at(150, 230), 5.0)
    # At 100 km/h from 300 m to 161 m before the camera the box grows from 10 px to 18.6 px.
    assert not stood(box_at(150, 200, 10, 10), box_at(150, 204, 18.6, 18.6), 5.0)


def test_who_is_parked_or_cut_by_the_border_is_in_no_lane() -> None:
    region = MarkedRegion(
        name="bay", kind=RegionKind.PARKING, polygon_px=((0, 0), (400, 0), (400, 400), (0, 400))
    )
    here = [(0.0, box_at(150, 200)), (2.0, box_at(150, 200))]
    bays = scene_of(plain_revision(regions=(region,)))
    assert view_of(seen_at(here), PICTURED) is not None
    assert view_of(seen_at(here), bays) is None
    way = seen_at(here)
    way.see(Sighting(Moment(2.2, STARTED_AT), box_at(150, 200), whole=False))
    assert view_of(way, PICTURED) is None


@pytest.mark.parametrize("restart_at_s", [None, 40, 44])
def test_a_stream_counts_its_queue_and_the_same_after_a_restart(restart_at_s: int | None) -> None:
    revision = box_revision(kind=DetectorKind.ONNX)

    def script(time_s: float) -> list[Box]:
        """Three cars drive up behind one another and stand from the 30th second on."""
        return [
            car_box(-2.0, max(stop_m, stop_m + 5.0 * (30.0 - time_s)))
            for stop_m in (23.0, 29.5, 36.0)
            if stop_m + 5.0 * (30.0 - time_s) < 70.0
        ]

    observer = scripted_observer(revision, script)
    found = watch(observer, revision, to_s=restart_at_s or 64)
    if restart_at_s is not None:
        observer = recalled_scripted(checkpoint_of(observer), revision, script)
        found += watch(observer, revision, from_s=restart_at_s, to_s=64)
    (counted,) = [each.interval for each in found if isinstance(each, ObservedCounts)]
    first, second = counted.lanes
    assert first.queue_vehicles == 3
    assert first.queue_m == pytest.approx(36.0 - 23.0 + 4.5, abs=0.5)
    # The first car passes the place, the second one stops over it.
    watched_s = (counted.ended_at - counted.started_at).total_seconds()
    assert first.occupancy == pytest.approx((0.9 + watched_s - 29.6) / watched_s, abs=0.01)
    assert (second.occupancy, second.queue_vehicles) == (0.0, 0)


def test_in_front_of_a_learned_background_nothing_is_claimed_of_what_stands() -> None:
    revision = box_revision(kind=DetectorKind.MOTION)
    assert revision.detection == Detection(kind=DetectorKind.MOTION)
    observer = scripted_observer(revision, lambda time_s: [car_box(-2.0, 60.0 - 5.0 * time_s)])
    found = watch(observer, revision, to_s=64)
    (counted,) = [each.interval for each in found if isinstance(each, ObservedCounts)]
    assert [(lane.occupancy, lane.queue_vehicles) for lane in counted.lanes] == [(None, None)]
