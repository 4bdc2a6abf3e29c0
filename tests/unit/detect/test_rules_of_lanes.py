"""Wrong way, no entry and special lane: found beyond doubt, and nothing at the edge of doubt."""

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.domain.marks import MarkedLane, Polygon, Region
from payesh.detect.domain.rules import no_entry, special_lane, wrong_way
from payesh.detect.domain.rules.finding import Facts, Finding
from payesh.detect.domain.rules.rule import RuleKind
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.schedule import Period, Schedule, Scope
from payesh.detect.vision.scenes import scene_of
from payesh.local.junction import layout
from payesh.local.junction.camera_document import camera_document
from tests.unit.detect.driven import Seen, along, box_at, drive

MORNING = Schedule(ZoneInfo("Asia/Tehran"), (Period(frozenset(range(7)), time(7), time(9, 30)),))
SEVEN = datetime(2026, 5, 2, 3, 30, tzinfo=UTC)
DOWN, UP = (150.0, 60.0), (150.0, 460.0)


def rectangle(left: float, top: float, right: float, bottom: float) -> Polygon:
    return Polygon(((left, top), (right, top), (right, bottom), (left, bottom)))


def lane(name: str, left: float, *, up: bool = False, scope: Scope | None = None) -> MarkedLane:
    """A hundred pixels wide, towards the camera unless it goes up."""
    ends = (left + 50.0, 0.0), (left + 50.0, 500.0)
    start, end = reversed(ends) if up else ends
    return MarkedLane(name, rectangle(left, 0.0, left + 100.0, 500.0), start, end, scope or Scope())


STREET = Scene(lanes={"in": lane("in", 100.0), "out": lane("out", 200.0, up=True)})
CLOSED = Scene(regions={"z": Region("z", "no_entry", rectangle(100, 200, 300, 500))})
BUS_LANE = Scene(lanes={"b": lane("b", 100.0, scope=Scope(frozenset({"bus"})))})
BUS_REGION = Scene(
    regions={
        "b": Region(
            "b", "special_lane", rectangle(100, 0, 200, 500), Scope(frozenset({"car", "van"}))
        )
    }
)
CASES: list[tuple[RuleKind, Scene, list[Seen]]] = [
    (wrong_way.RULE, STREET, along(UP, DOWN)),
    (no_entry.RULE, CLOSED, along((200.0, 60.0), (200.0, 450.0))),
    (special_lane.RULE, BUS_LANE, along(DOWN, UP)),
    (special_lane.RULE, BUS_REGION, along(DOWN, UP)),
]
each_case = pytest.mark.parametrize(("kind", "scene", "way"), CASES)


def facts_of(found: Finding | None) -> Facts:
    assert found is not None
    assert isinstance(found.measurement, Facts)
    assert found.measurement.margin.lower_bound > 0.0
    assert found.from_s <= found.at_s <= found.to_s
    return found.measurement


def test_a_vehicle_against_its_lane_is_found_with_its_heading() -> None:
    direction = facts_of(drive(wrong_way.RULE, STREET, along(UP, DOWN))).direction
    assert direction is not None
    assert direction.heading_deg == pytest.approx(0.0)
    assert direction.permitted_deg == 180.0
    assert direction.u95_deg < 10.0


@pytest.mark.parametrize(
    "way",
    [
        along(DOWN, UP),
        along((250.0, 460.0), (250.0, 60.0)),
        along((120.0, 300.0), (280.0, 300.0)),
        along(DOWN, (150.0, 400.0), (150.0, 260.0)),
        along(UP, (150.0, 390.0), (150.0, 460.0), (150.0, 390.0), (150.0, 460.0)),
        along(UP, DOWN, speed_px_s=25.0),
        along((200.0, 460.0), (200.0, 60.0)),
        along((190.0, 460.0), (190.0, 60.0)),
    ],
    ids=[
        "right way",
        "right way up",
        "across",
        "backs 3.5",
        "shunts",
        "reverses",
        "between",
        "edge",
    ],
)
def test_no_vehicle_goes_the_wrong_way_that(way: list[Seen]) -> None:
    assert drive(wrong_way.RULE, STREET, way) is None


def test_a_reversible_lane_has_its_direction_at_its_hours_only() -> None:
    scene = Scene(lanes={"in": lane("in", 100.0, scope=Scope(schedule=MORNING))})
    way = along(UP, DOWN)
    assert drive(wrong_way.RULE, scene, way, began_at=SEVEN + timedelta(hours=1)) is not None
    assert drive(wrong_way.RULE, scene, way, began_at=SEVEN - timedelta(hours=1)) is None


def test_entering_a_closed_region_is_found_with_the_moment_of_entry() -> None:
    found = drive(no_entry.RULE, CLOSED, along((200.0, 60.0), (200.0, 450.0)))
    stay = facts_of(found).stay
    assert found is not None
    assert stay is not None
    assert stay.region == "z"
    assert found.from_s < found.at_s < found.to_s


@pytest.mark.parametrize(
    "way",
    [
        along((200.0, 450.0), (200.0, 60.0)),
        along((200.0, 220.0), (200.0, 450.0)),
        along((200.0, 60.0), (200.0, 250.0), (200.0, 60.0)),
        along((90.0, 60.0), (90.0, 450.0)),
        [*along((200.0, 60.0), (200.0, 190.0))]
        + [Seen(3.0 + n / 10, box_at(200.0, 190.0 + 20.0 * (n % 2))) for n in range(60)],
    ],
    ids=["leaves", "begins inside", "turns round", "passes by", "flickers over the edge"],
)
def test_no_vehicle_enters_that(way: list[Seen]) -> None:
    assert drive(no_entry.RULE, CLOSED, way) is None


def test_a_zone_with_hours_is_closed_to_who_enters_within_them() -> None:
    scope = Scope(frozenset({"truck", "van", "bus"}), MORNING)
    scene = Scene(regions={"z": Region("z", "no_entry", rectangle(100, 200, 300, 500), scope)})
    way = along((200.0, 60.0), (200.0, 450.0))

    def found(minutes: float, vehicle_class: str = "truck") -> bool:
        began_at = SEVEN + timedelta(minutes=minutes)
        kind = no_entry.RULE
        return drive(kind, scene, way, vehicle_class=vehicle_class, began_at=began_at) is not None

    assert found(30)
    assert not found(-0.05), "it enters as the hours begin"
    assert not found(0.5), "the driver's watch may be a minute off"
    assert not found(149.5)
    assert not found(30, "car")
    assert not found(30, "van"), "it may be a car"
    assert not found(30, "unknown")


@pytest.mark.parametrize("scene", [BUS_LANE, BUS_REGION])
def test_a_car_in_the_bus_lane_is_found(scene: Scene) -> None:
    facts = facts_of(drive(special_lane.RULE, scene, along(DOWN, UP)))
    assert facts.stay is not None
    assert facts.stay.region == "b"
    assert facts.margin.grace == 2.0


@pytest.mark.parametrize(
    ("way", "vehicle_class"),
    [
        (along(DOWN, UP), "bus"),
        (along(DOWN, UP), "truck"),
        (along(DOWN, UP), "unknown"),
        (along((60.0, 200.0), (260.0, 300.0)), "car"),
        (along((60.0, 200.0), (150.0, 220.0), (150.0, 300.0), (60.0, 320.0)), "car"),
        (along((100.0, 60.0), (100.0, 460.0)), "motorcycle"),
    ],
    ids=["a bus", "perhaps a bus", "unknown", "crosses", "avoids", "beside"],
)
def test_no_vehicle_uses_the_bus_lane_that(way: list[Seen], vehicle_class: str) -> None:
    assert drive(special_lane.RULE, BUS_LANE, way, vehicle_class=vehicle_class) is None


def test_a_bus_lane_outside_its_hours_is_open_to_all() -> None:
    scene = Scene(lanes={"b": lane("b", 100.0, scope=Scope(frozenset({"bus"}), MORNING))})
    way = along(DOWN, UP)
    assert drive(special_lane.RULE, scene, way, began_at=SEVEN + timedelta(hours=1)) is not None
    assert drive(special_lane.RULE, scene, way, began_at=SEVEN - timedelta(seconds=3)) is None


@each_case
def test_doubt_about_the_vehicle_ends_the_rule(
    kind: RuleKind, scene: Scene, way: list[Seen]
) -> None:
    """It may have been followed before, another box overlaps it, or its track jumps to another."""
    assert drive(kind, scene, way) is not None
    assert drive(kind, scene, way, unsure=True) is None
    assert drive(kind, scene, [seen._replace(alone=False) for seen in way]) is None
    assert drive(kind, scene, [seen._replace(whole=False) for seen in way]) is None
    jumped = [
        seen
        if n < 8
        else seen._replace(
            box=(seen.box[0] + 45.0, *seen.box[1:2], seen.box[2] + 45.0, seen.box[3])
        )
        for n, seen in enumerate(way)
    ]
    assert drive(kind, scene, jumped) is None
    gone = [seen for n, seen in enumerate(way) if not 8 <= n < 20]
    assert drive(kind, scene, gone) is None


@each_case
def test_it_continues_alike_after_a_restart(kind: RuleKind, scene: Scene, way: list[Seen]) -> None:
    undisturbed = drive(kind, scene, way)
    assert undisturbed is not None
    for number in range(1, len(way)):
        assert drive(kind, scene, way, restart_after=number) == undisturbed


@given(
    x=st.floats(90.0, 310.0),
    speed=st.floats(15.0, 200.0),
    size=st.floats(20.0, 90.0),
    noise=st.lists(st.tuples(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0)), min_size=9, max_size=9),
    blinks=st.sets(st.integers(0, 60)),
)
def test_lawful_traffic_is_never_accused(
    x: float,
    speed: float,
    size: float,
    noise: list[tuple[float, float]],
    blinks: set[int],
) -> None:
    """At any place, speed and size, with boxes that scatter and sightings that are missed."""
    down = x < 200.0
    way = along((x, 60.0), (x, 460.0), speed_px_s=speed, size_px=size)
    if not down:
        boxes = [seen.box for seen in reversed(way)]
        way = [seen._replace(box=box) for seen, box in zip(way, boxes, strict=True)]
    scattered = []
    for number, seen in enumerate(way):
        if number in blinks:
            continue
        dx, dy = noise[number % len(noise)]
        left, top, right, bottom = seen.box
        scattered.append(seen._replace(box=(left + dx, top, right + dx, bottom + dy)))
    assert drive(wrong_way.RULE, STREET, scattered) is None
    beside = Scene(regions={"z": Region("z", "no_entry", rectangle(320, 0, 420, 500))})
    assert drive(no_entry.RULE, beside, scattered) is None
    lanes = {"b": lane("b", 320.0, scope=Scope(frozenset({"bus"})))}
    assert drive(special_lane.RULE, Scene(lanes=lanes), scattered) is None


JUNCTION = scene_of(CameraRevision.model_validate_json(json.dumps(camera_document("junction"))))
"""Seen along the lanes from a mast of 10 m, where a way of 25 m is as high as two cars."""


def on_the_road(
    x_m: float, from_m: float, to_m: float, speed_ms: float, *, rate_hz: float = 10.0
) -> list[Seen]:
    """A car on the junction's road from one y to another, in its box."""
    count = round(abs(to_m - from_m) / speed_ms * rate_hz)
    seen = []
    for number in range(count + 1):
        y_m = from_m + (to_m - from_m) * number / max(count, 1)
        (left, bottom), (right, _) = layout.pixel(x_m - 0.87, y_m), layout.pixel(x_m + 0.87, y_m)
        top = layout.pixel(x_m, y_m + 3.5, 1.4)[1]
        seen.append(Seen(number / rate_hz, (left, top, right, bottom)))
    return seen


@pytest.mark.parametrize(
    ("kind", "way", "is_found"),
    [
        (wrong_way.RULE, on_the_road(layout.TOWARDS_2, 14.5, 38.0, 8.0), True),
        (wrong_way.RULE, on_the_road(layout.TOWARDS_2, 14.5, 29.0, 8.0), False),
        (wrong_way.RULE, on_the_road(layout.TOWARDS_2, 14.5, 38.0, 2.5), False),
        (wrong_way.RULE, on_the_road(layout.TOWARDS_2, 38.0, 14.5, 8.0), False),
        (special_lane.RULE, on_the_road(layout.BUS_LANE, 38.0, 16.0, 7.0), True),
        (special_lane.RULE, on_the_road(layout.BUS_LANE, 38.0, 25.0, 4.0), False),
        (special_lane.RULE, on_the_road(layout.TOWARDS_2, 38.0, 16.0, 7.0), False),
    ],
    ids=["against", "14 m against", "at walking pace", "the right way", "in the bus lane",
         "13 m in it", "beside it"],
)  # fmt: skip
def test_where_the_road_is_measured_a_way_counts_in_metres(
    kind: RuleKind, way: list[Seen], is_found: bool
) -> None:
    assert (drive(kind, JUNCTION, way) is not None) is is_found
    if is_found:
        assert drive(kind, replace(JUNCTION, plane=None), way) is None
