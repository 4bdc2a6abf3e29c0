"""Marks and limits of a revision reach the rules as stated; what it has arms the rules."""

from datetime import UTC, datetime, timedelta

import pytest

from payesh.contracts.camera_revision import (
    CameraRevision,
    Lamp,
    MarkedLane,
    MarkedLine,
    MarkedRegion,
    Movement,
    Period,
    Schedule,
    SignalHead,
    SpeedLimit,
    Weekday,
)
from payesh.detect.domain.marks import Line
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.finding import Finding, Quantity
from payesh.detect.domain.rules.registry import armed, register
from payesh.detect.domain.rules.speeding import RULE
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import Sighting, Trajectory
from payesh.detect.vision.scenes import scene_of
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.segment_cutter import STARTED_AT

NIGHT = Schedule(
    name="night",
    periods=(Period(weekdays=tuple(Weekday), since="22:00", until="06:00"),),
)
RUSH = Schedule(
    name="rush",
    periods=(
        Period(weekdays=(Weekday.SATURDAY, Weekday.SUNDAY), since="07:00", until="09:30"),
        Period(weekdays=(Weekday.THURSDAY,), since="23:00", until="01:00"),
    ),
)
SATURDAY = datetime(2026, 5, 2, tzinfo=UTC)
TEHRAN = timedelta(hours=3, minutes=30)


def revised(**marks: object) -> CameraRevision:
    return box_revision().model_copy(update=marks)


def at(clock: str, day: int = 0) -> datetime:
    """A local time in Tehran, days after a Saturday, in UTC."""
    hours, minutes = clock.split(":")
    local = SATURDAY + timedelta(days=day, hours=int(hours), minutes=int(minutes))
    return local - TEHRAN


def test_the_lowest_limit_that_applies_counts() -> None:
    scene = scene_of(
        revised(
            schedules=(NIGHT,),
            limits=(
                SpeedLimit(speed_limit_kmh=50.0, vehicle_classes=("truck", "bus")),
                SpeedLimit(speed_limit_kmh=40.0, schedule="night"),
                SpeedLimit(speed_limit_kmh=70.0),
                SpeedLimit(speed_limit_kmh=30.0, lanes=("2",)),
            ),
        )
    )
    noon, midnight = at("12:00"), at("00:30")
    assert scene.speed_limit_kmh("car", "1", noon) == 60.0
    assert scene.speed_limit_kmh("truck", "1", noon) == 50.0
    assert scene.speed_limit_kmh("unknown", "1", noon) == 60.0, "of no class that is named"
    assert scene.speed_limit_kmh("car", "2", noon) == 30.0
    assert scene.speed_limit_kmh("car", None, midnight) == 40.0


@pytest.mark.parametrize(
    ("clock", "day", "holds"),
    [
        ("06:59", 0, False),
        ("07:00", 0, True),
        ("09:29", 1, True),
        ("09:30", 1, False),
        ("08:00", 2, False),
        ("22:59", 5, False),
        ("23:30", 5, True),
        ("00:30", 6, True),
        ("01:00", 6, False),
        ("00:30", 5, False),
    ],
)
def test_a_schedule_holds_in_local_time_and_over_midnight(
    clock: str, day: int, holds: bool
) -> None:
    scene = scene_of(
        revised(schedules=(RUSH,), limits=(SpeedLimit(speed_limit_kmh=20.0, schedule="rush"),))
    )
    limit = scene.speed_limit_kmh("car", None, at(clock, day))
    assert limit == (20.0 if holds else 60.0)


@pytest.mark.parametrize(
    "schedules",
    [
        (),
        (NIGHT.model_copy(update={"time_zone": "Nowhere/Town"}),),
        (NIGHT.model_copy(update={"time_zone": "Asia"}),),
    ],
)
def test_a_schedule_that_is_not_known_never_holds(schedules: tuple[Schedule, ...]) -> None:
    limits = (SpeedLimit(speed_limit_kmh=20.0, schedule="night"),)
    scene = scene_of(revised(schedules=schedules, limits=limits))
    assert scene.speed_limit_kmh("car", None, at("23:00")) == 60.0


def test_marks_are_found_by_name_and_kind() -> None:
    ring = ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0))
    scene = scene_of(
        revised(
            lines=(
                MarkedLine(name="a", kind="stop", from_px=(0.0, 50.0), to_px=(100.0, 50.0)),
                MarkedLine(name="b", kind="gate", from_px=(0.0, 90.0), to_px=(100.0, 90.0)),
            ),
            regions=(
                MarkedRegion(
                    name="c", kind="no_stopping", polygon_px=ring, vehicle_classes=("car",)
                ),
            ),
            lanes=(MarkedLane(name="d", polygon_px=ring, from_px=(50.0, 0.0), to_px=(50.0, 99.0)),),
            movements=(Movement(entry="b", exit="b", allowed=False),),
            signal_heads=(
                SignalHead(
                    name="e",
                    stop_line="a",
                    lamps=(Lamp(state="red", x_px=10.0, y_px=20.0, width_px=5.0, height_px=6.0),),
                    grace_ms=500,
                ),
            ),
        )
    )
    assert [line.name for line in scene.lines_of("stop")] == ["a"]
    assert [line.name for line in scene.lines_of("gate")] == ["b"]
    [region] = scene.regions_of("no_stopping")
    assert region.polygon.holds((50.0, 50.0))
    assert region.scope.applies_to("car", STARTED_AT)
    assert not region.scope.applies_to("bus", STARTED_AT)
    assert scene.lanes["d"].scope.applies_to("bus", STARTED_AT)
    assert not scene.movements[0].allowed
    assert scene.signal_heads["e"].lamps[0].box == (10.0, 20.0, 15.0, 26.0)


def test_a_trajectory_crosses_a_line_where_its_foot_does() -> None:
    """Once for each time, with the direction, and not beside the line's ends."""
    line = Line("stop", "stop", (0.0, 100.0), (200.0, 100.0))
    beside = Line("beside", "stop", (300.0, 100.0), (400.0, 100.0))
    feet = [80.0, 95.0, 105.0, 100.0, 90.0, 130.0]
    moments = [Moment(n / 10, STARTED_AT + timedelta(seconds=n / 10)) for n in range(len(feet))]
    boxes = [(50.0, foot - 40.0, 90.0, foot) for foot in feet]
    trajectory = Trajectory.begin(moments[0], boxes[0], unsure=False)
    for moment, box in zip(moments, boxes, strict=True):
        trajectory.see(Sighting(moment, box, whole=True))
    found = trajectory.crossings(line)
    assert [crossing.positive for crossing in found] == [True, False, True]
    assert found[0].time_s == pytest.approx(0.15)
    [latest] = trajectory.crossings(line, since_s=0.35)
    assert latest.positive
    assert latest.time_s == pytest.approx(0.425)
    assert trajectory.crossings(beside) == []


def test_rules_are_armed_by_what_the_revision_has() -> None:
    assert [kind.name for kind in armed(scene_of(box_revision()))] == ["speeding"]
    for lacking in (
        box_revision(calibrated=False),
        revised(zone=None),
        revised(speed_limit_kmh=None),
    ):
        assert armed(scene_of(lacking)) == []
    assert armed(Scene()) == []
    with pytest.raises(ValueError, match="registered already"):
        register(RULE)


def test_a_speed_is_held_against_the_limit_at_the_moment_of_the_offence() -> None:
    """A vehicle at 36 km/h leaves the zone 20 ms before a limit of 20 km/h begins and is seen
    beyond it afterwards."""
    limits = (SpeedLimit(speed_limit_kmh=20.0, schedule="night"),)
    scene = scene_of(revised(schedules=(NIGHT,), limits=limits))

    def finding(left_at: datetime) -> Finding | None:
        rule, trajectory = RULE.factory(), None
        for number in range(26):
            since_s = 0.1 * number - 0.05
            moment = Moment(since_s, left_at + timedelta(seconds=since_s - 2.4))
            box = (10.0 * number, 100.0, 10.0 * number + 40.0, 140.0)
            trajectory = trajectory or Trajectory.begin(moment, box, unsure=False)
            trajectory.see(
                Sighting(moment, box, whole=True, x_m=-2.0, y_m=45.0 - 10.0 * since_s, sigma_m=0.05)
            )
            found = rule.observe(trajectory, scene, moment)
            if found is not None:
                return found
        return None

    assert finding(at("22:00") - timedelta(milliseconds=20)) is None
    found = finding(at("22:00") + timedelta(milliseconds=20))
    assert found is not None
    assert isinstance(found.measurement, Quantity)
    assert found.measurement.limit == 20.0
