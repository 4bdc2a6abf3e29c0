"""Forbidden stopping and forbidden turn: found beyond doubt, and nothing at the edge of doubt."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.detect.domain.marks import Line, Movement, Polygon, Region
from payesh.detect.domain.rules import forbidden_stopping, forbidden_turn
from payesh.detect.domain.rules.finding import Facts, Finding
from payesh.detect.domain.rules.rule import RuleKind
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.schedule import NEVER, Scope
from tests.unit.detect.driven import Seen, along, box_at, drive


def square(left: float, top: float, right: float, bottom: float) -> Polygon:
    return Polygon(((left, top), (right, top), (right, bottom), (left, bottom)))


KERB = Scene(regions={"kerb": Region("kerb", "no_stopping", square(100, 250, 300, 500))})
AT = (200.0, 350.0)
ARRIVES = along((200.0, 60.0), AT)
ARRIVED_S = ARRIVES[-1].time_s


def stands(until_s: float, *, every_s: float = 0.5, since_s: float = ARRIVED_S) -> list[Seen]:
    count = round((until_s - since_s) / every_s)
    return [Seen(since_s + (n + 1) * every_s, box_at(*AT)) for n in range(count)]


PARKS = [*ARRIVES, *stands(320.0)]
GATES = {
    "south": Line("south", "gate", (100.0, 400.0), (300.0, 400.0)),
    "north": Line("north", "gate", (100.0, 100.0), (300.0, 100.0)),
    "west": Line("west", "gate", (60.0, 150.0), (60.0, 350.0)),
}
TURNS = along((200.0, 480.0), (200.0, 250.0), (0.0, 250.0))
FORBIDDEN = Movement("south", "west", allowed=False)
JUNCTION = Scene(lines=GATES, movements=(FORBIDDEN, Movement("south", "north", allowed=True)))


def facts_of(found: Finding | None) -> Facts:
    assert found is not None
    assert isinstance(found.measurement, Facts)
    assert found.measurement.margin.lower_bound > 0.0
    assert found.from_s <= found.at_s <= found.to_s
    return found.measurement


def test_who_stands_for_longer_than_allowed_is_found_with_the_length_of_the_stay() -> None:
    facts = facts_of(drive(forbidden_stopping.RULE, KERB, PARKS))
    assert facts.stay is not None
    assert facts.stay.region == "kerb"
    assert facts.stay.stationary_ms == pytest.approx(300_500, abs=500)


def test_a_parked_car_stays_parked_behind_what_passes_and_when_its_box_flickers() -> None:
    """A box is cut to two thirds now and then, strays once, is hidden or overlapped for 15 s."""
    way = []
    for number, seen in enumerate(PARKS):
        left, top, right, bottom = seen.box
        if seen.time_s > ARRIVED_S + 2:
            if number % 4 == 0:
                seen = seen._replace(box=(left, top + 13.0, right, bottom))
            if number % 23 == 0:
                seen = seen._replace(box=(left + 30.0, top, right + 30.0, bottom))
            if 60.0 < seen.time_s < 75.0:
                continue
            if 100.0 < seen.time_s < 115.0:
                seen = seen._replace(alone=False)
        way.append(seen)
    stay = facts_of(drive(forbidden_stopping.RULE, KERB, way)).stay
    assert stay is not None
    assert stay.stationary_ms == pytest.approx(300_500, abs=2500)


MOVES_UP = [*ARRIVES, *stands(200.0), *(
    Seen(200.5 + n / 2, box_at(200.0, 350.0 + min(3.0 * n, 60.0))) for n in range(400)
)]  # fmt: skip


@pytest.mark.parametrize(
    "way",
    [
        [*ARRIVES, *stands(295.0)],
        stands(400.0),
        MOVES_UP,
        [*ARRIVES, *stands(150.0), *stands(440.0, since_s=172.0)],
        [*ARRIVES, *(s._replace(alone=False) for s in stands(400.0))],
        [*ARRIVES, *stands(200.0), *(Seen(201 + n, box_at(290.0, 450.0)) for n in range(320))],
        [s._replace(box=(s.box[0], s.box[1] - 100, s.box[2], s.box[3] - 100)) for s in PARKS],
        [s._replace(box=(s.box[0] + 95, s.box[1], s.box[2] + 95, s.box[3])) for s in PARKS],
    ],
    ids=["drives on in time", "never came", "moves up", "hidden too long", "always overlapped",
         "becomes another vehicle", "at the edge of the region", "at its side"],
)  # fmt: skip
def test_no_stop_is_forbidden_of_a_vehicle_that(way: list[Seen]) -> None:
    assert drive(forbidden_stopping.RULE, KERB, way) is None


def test_a_bay_inside_the_region_is_for_parking() -> None:
    bay = Region("bay", "parking", square(150, 300, 260, 400))
    scene = replace(KERB, regions={**KERB.regions, "bay": bay})
    assert drive(forbidden_stopping.RULE, scene, PARKS) is None


def test_a_stay_counts_from_when_the_region_applies() -> None:
    kerb = replace(KERB.regions["kerb"], scope=Scope(schedule=NEVER))
    free = Scene(regions={"kerb": kerb})
    scenes = [free if seen.time_s < 100.0 else KERB for seen in PARKS]
    assert drive(forbidden_stopping.RULE, scenes, PARKS) is None
    longer = [*ARRIVES, *stands(420.0)]
    scenes = [free if seen.time_s < 100.0 else KERB for seen in longer]
    stay = facts_of(drive(forbidden_stopping.RULE, scenes, longer)).stay
    assert stay is not None
    assert stay.stationary_ms == pytest.approx(300_500, abs=500)


def test_a_forbidden_turn_is_found_with_both_gates() -> None:
    facts = facts_of(drive(forbidden_turn.RULE, JUNCTION, TURNS))
    assert [each.line for each in facts.crossings] == ["south", "west"]
    assert facts.crossings[0].crossed_at < facts.crossings[1].crossed_at


def test_a_turn_back_is_found_if_it_went_far_enough_in() -> None:
    scene = replace(JUNCTION, movements=(Movement("south", "south", allowed=False),))
    back = along((170.0, 490.0), (170.0, 150.0), (230.0, 150.0), (230.0, 490.0))
    shunts = along((170.0, 490.0), (170.0, 300.0), (170.0, 490.0))
    assert drive(forbidden_turn.RULE, scene, back) is not None
    assert drive(forbidden_turn.RULE, scene, shunts) is None


@pytest.mark.parametrize(
    "way",
    [
        along((200.0, 480.0), (200.0, 20.0)),
        along((0.0, 250.0), (200.0, 250.0), (200.0, 480.0)),
        along((200.0, 330.0), (200.0, 250.0), (0.0, 250.0)),
        along((200.0, 480.0), (200.0, 250.0), (58.0, 250.0)),
        along((340.0, 480.0), (340.0, 250.0), (0.0, 250.0)),
        [s._replace(alone=not 6.0 < s.time_s < 9.5) for s in TURNS],
    ],
    ids=["goes straight on", "comes the other way", "begins inside", "only reaches the gate",
         "enters beside the gate", "is overlapped at the exit"],
)  # fmt: skip
def test_no_turn_is_forbidden_of_a_vehicle_that(way: list[Seen]) -> None:
    assert drive(forbidden_turn.RULE, JUNCTION, way) is None


def test_a_turn_is_forbidden_to_those_it_surely_applies_to() -> None:
    lorries = replace(FORBIDDEN, scope=Scope(frozenset({"truck", "bus", "van"})))
    scene = replace(JUNCTION, movements=(lorries,))
    found = {
        each: drive(forbidden_turn.RULE, scene, TURNS, vehicle_class=each) is not None
        for each in ("truck", "van", "car", "unknown")
    }
    assert found == {"truck": True, "van": False, "car": False, "unknown": False}
    both = replace(JUNCTION, movements=(FORBIDDEN, replace(FORBIDDEN, allowed=True)))
    assert drive(forbidden_turn.RULE, both, TURNS) is None, "the revision contradicts itself"


CASES: list[tuple[RuleKind, Scene, list[Seen]]] = [
    (forbidden_stopping.RULE, KERB, PARKS),
    (forbidden_turn.RULE, JUNCTION, TURNS),
]
each_case = pytest.mark.parametrize(("kind", "scene", "way"), CASES)


@each_case
def test_doubt_about_the_vehicle_ends_the_rule(
    kind: RuleKind, scene: Scene, way: list[Seen]
) -> None:
    assert drive(kind, scene, way, unsure=True) is None
    assert drive(kind, scene, [seen._replace(alone=False) for seen in way]) is None
    assert drive(kind, scene, [seen._replace(whole=False) for seen in way]) is None


@each_case
def test_it_continues_alike_after_a_restart(kind: RuleKind, scene: Scene, way: list[Seen]) -> None:
    undisturbed = drive(kind, scene, way)
    assert undisturbed is not None
    for number in range(1, len(way), max(1, len(way) // 60)):
        assert drive(kind, scene, way, restart_after=number) == undisturbed


@given(
    y=st.floats(120.0, 380.0),
    noise=st.lists(st.tuples(st.floats(-4.0, 4.0), st.floats(-4.0, 4.0)), min_size=5, max_size=5),
)
def test_who_stands_at_a_gate_with_a_box_that_scatters_has_not_turned(
    y: float, noise: list[tuple[float, float]]
) -> None:
    way = along((200.0, 480.0), (200.0, y), (62.0, y))
    waits = [
        Seen(way[-1].time_s + 0.1 * (n + 1), box_at(62.0 + noise[n % 5][0], y + noise[n % 5][1]))
        for n in range(80)
    ]
    assert drive(forbidden_turn.RULE, JUNCTION, [*way, *waits]) is None
