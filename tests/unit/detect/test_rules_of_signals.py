"""Red light and stop line: found at a lamp that is seen red, and nothing at the edge of doubt."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.detect.domain.geometry import ground_plane
from payesh.detect.domain.marks import Lamp, Line, Polygon, Region, SignalHead
from payesh.detect.domain.rules import red_light, stop_line
from payesh.detect.domain.rules.finding import Facts, Finding
from payesh.detect.domain.rules.rule import RuleKind
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.signals import AMBER, GREEN, NOT_SEEN, RED, Showing
from tests.unit.detect.driven import Seen, Way, along, drive

LINE = Line("stop", "stop", (100.0, 300.0), (300.0, 300.0))
HEAD = SignalHead("north", "stop", (Lamp("red", (0.0, 0.0, 10.0, 10.0)),), grace_ms=500)
JUNCTION = Scene(lines={"stop": LINE}, signal_heads={"north": HEAD})
RUNS = along((200.0, 100.0), (200.0, 460.0))
"""Over the line after 3.3 s."""
STANDS = [
    *along((200.0, 100.0), (200.0, 318.0)),
    *Way((200.0, 318.0), (200.0, 318.0), 3.7, 9.7).seen(),
]


def lit(
    way: list[Seen], *changes: tuple[float, str], scene: Scene = JUNCTION, u95_s: float = 0.1
) -> list[Scene]:
    """The scene at each sighting, with a signal that changes at these times."""
    scenes = []
    for seen in way:
        since_s, lamp = [each for each in changes if each[0] <= seen.time_s][-1]
        scenes.append(replace(scene, showing={"north": Showing(lamp, since_s, u95_s)}))
    return scenes


def facts_of(found: Finding | None) -> Facts:
    assert found is not None
    assert isinstance(found.measurement, Facts)
    assert found.measurement.margin.lower_bound > 0.0
    assert found.from_s <= found.at_s <= found.to_s
    return found.measurement


def test_who_runs_a_red_light_is_found_with_lamp_and_crossing() -> None:
    found = drive(red_light.RULE, lit(RUNS, (0.0, GREEN), (1.0, RED)), RUNS)
    facts = facts_of(found)
    assert found is not None
    assert facts.signal is not None
    assert (facts.signal.signal_head, facts.signal.lamp) == ("north", "red")
    [crossing] = facts.crossings
    assert crossing.line == "stop"
    assert found.at_s == pytest.approx(3.33, abs=0.02)
    assert (crossing.crossed_at - facts.signal.since).total_seconds() == pytest.approx(
        2.33, abs=0.02
    )
    assert facts.margin.grace == 0.5
    assert found.from_s >= 1.6


def test_who_stands_beyond_the_line_at_red_is_found_by_the_stop_line_alone() -> None:
    scenes = lit(STANDS, (0.0, RED))
    facts = facts_of(drive(stop_line.RULE, scenes, STANDS))
    assert facts.signal is not None
    assert facts.crossings
    assert facts.margin.name == "standing_s"
    assert drive(red_light.RULE, scenes, STANDS) is None


@pytest.mark.parametrize(
    "changes",
    [
        [(0.0, GREEN)],
        [(0.0, AMBER)],
        [(0.0, NOT_SEEN)],
        [(0.0, GREEN), (3.2, RED)],
        [(0.0, GREEN), (2.8, RED)],
        [(0.0, GREEN), (3.4, RED)],
        [(0.0, RED), (3.3, GREEN)],
        [(0.0, RED), (3.6, GREEN)],
        [(0.0, RED), (3.5, NOT_SEEN)],
        [(0.0, RED), (3.2, NOT_SEEN), (3.5, RED)],
    ],
    ids=["green", "amber", "not seen", "in grace", "in doubt", "over before",
         "turns green", "turns green just beyond", "lost beyond", "lost at the line"],
)  # fmt: skip
def test_nothing_is_found_at_a_lamp_that_is(changes: list[tuple[float, str]]) -> None:
    assert drive(red_light.RULE, lit(RUNS, *changes), RUNS) is None
    assert drive(stop_line.RULE, lit(STANDS, *changes), STANDS) is None


def test_a_line_of_two_heads_is_red_when_both_are() -> None:
    other = replace(HEAD, name="left")
    scene = replace(JUNCTION, signal_heads={"north": HEAD, "left": other})
    both = lit(RUNS, (0.0, RED), scene=scene)
    assert drive(red_light.RULE, both, RUNS) is None, "one of them is not seen"
    for lamp, is_found in ((RED, True), (GREEN, False)):
        shown = [replace(s, showing={**s.showing, "left": Showing(lamp, 0.0, 0.1)}) for s in both]
        assert (drive(red_light.RULE, shown, RUNS) is not None) is is_found


REAR_VIEW = Line("stop", "stop", (300.0, 300.0), (100.0, 300.0))
AWAY = along((200.0, 480.0), (200.0, 140.0))
LORRY = [
    seen._replace(box=(seen.box[0] - 20.0, seen.box[3] - 170.0, seen.box[2] + 20.0, seen.box[3]))
    for seen in AWAY
]


def test_a_vehicle_seen_from_behind_is_found_if_its_whole_box_was_before_the_line() -> None:
    scene = replace(JUNCTION, lines={"stop": REAR_VIEW})
    assert drive(red_light.RULE, lit(AWAY, (0.0, RED), scene=scene), AWAY) is not None
    assert drive(red_light.RULE, lit(AWAY, (0.0, GREEN), (2.0, RED), scene=scene), AWAY) is None
    assert drive(red_light.RULE, lit(LORRY, (0.0, RED), scene=scene), LORRY) is None


def test_with_a_plane_a_vehicle_may_be_shorter_than_its_box() -> None:
    """The tall box reaches over the line, while the vehicle's foot is farther from it than any of
    its class is long; at 20 pixels a metre."""
    corners = [(0.0, 500.0), (400.0, 500.0), (400.0, 100.0), (0.0, 100.0)]
    metres = [(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)]
    scene = replace(JUNCTION, lines={"stop": REAR_VIEW}, plane=ground_plane(corners, metres))
    short = [
        seen._replace(
            box=(seen.box[0], seen.box[3] - (175.0 if seen.box[3] > 300 else 40.0), *seen.box[2:])
        )
        for seen in AWAY
    ]
    start = [seen for seen in short if seen.box[3] > 300]
    assert start
    for vehicle_class, is_found in (("car", True), ("truck", False), ("unknown", False)):
        way = [*start, *_grown_smaller(start[-1].time_s)]
        found = drive(
            red_light.RULE, lit(way, (-9.0, RED), scene=scene), way, vehicle_class=vehicle_class
        )
        assert (found is not None) is is_found


def _grown_smaller(after_s: float) -> list[Seen]:
    """On beyond the line, in a box that shrinks by less than a jump does."""
    way = []
    for number in range(60):
        foot, height = 296.0 - 6.0 * number, max(175.0 - 6.0 * number, 40.0)
        way.append(Seen(after_s + 0.1 + number / 10, (180.0, foot - height, 220.0, foot)))
    return way


@pytest.mark.parametrize(
    "way",
    [
        along((200.0, 460.0), (200.0, 100.0)),
        along((200.0, 100.0), (200.0, 294.0)),
        along((200.0, 100.0), (200.0, 304.0), (200.0, 290.0), (200.0, 304.0)),
        along((80.0, 100.0), (80.0, 460.0)),
        along((200.0, 303.0), (200.0, 460.0)),
        [s for s in RUNS if not 3.0 < s.time_s < 3.7],
        [s._replace(alone=not 3.0 < s.time_s < 3.7) for s in RUNS],
    ],
    ids=["comes out", "stops before", "creeps over it", "beside", "begins beyond",
         "not seen at the line", "hidden"],
)  # fmt: skip
def test_no_red_light_is_run_by_a_vehicle_that(way: list[Seen]) -> None:
    scenes = lit(way, (-9.0, RED))
    assert drive(red_light.RULE, scenes, way) is None
    assert drive(stop_line.RULE, scenes, way) is None


def test_who_stands_beyond_the_line_since_green_is_not_accused() -> None:
    scenes = lit(STANDS, (0.0, GREEN), (3.8, RED))
    assert drive(stop_line.RULE, scenes, STANDS) is None


def test_a_turn_at_red_is_let_go_where_it_is_permitted() -> None:
    ring = Polygon(((240.0, 310.0), (400.0, 310.0), (400.0, 420.0), (240.0, 420.0)))
    scene = replace(JUNCTION, regions={"turn": Region("turn", "turn_on_red", ring)})
    turns = along((200.0, 100.0), (200.0, 340.0), (330.0, 380.0))
    straight = along((170.0, 100.0), (170.0, 500.0))
    assert drive(red_light.RULE, lit(turns, (0.0, RED), scene=scene), turns) is None
    assert drive(red_light.RULE, lit(straight, (0.0, RED), scene=scene), straight) is not None
    assert drive(red_light.RULE, lit(turns, (0.0, RED)), turns) is not None


CASES: list[tuple[RuleKind, list[Seen]]] = [(red_light.RULE, RUNS), (stop_line.RULE, STANDS)]


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_doubt_about_the_vehicle_ends_the_rule(kind: RuleKind, way: list[Seen]) -> None:
    scenes = lit(way, (0.0, RED))
    assert drive(kind, scenes, way, unsure=True) is None
    assert drive(kind, scenes, [seen._replace(alone=False) for seen in way]) is None
    assert drive(kind, scenes, [seen._replace(whole=False) for seen in way]) is None
    jumped = [
        seen
        if n < 8
        else seen._replace(box=(seen.box[0] + 45, seen.box[1], seen.box[2] + 45, seen.box[3]))
        for n, seen in enumerate(way)
    ]
    assert drive(kind, scenes, jumped) is None


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_it_continues_alike_after_a_restart(kind: RuleKind, way: list[Seen]) -> None:
    scenes = lit(way, (0.0, GREEN), (1.0, RED))
    undisturbed = drive(kind, scenes, way)
    assert undisturbed is not None
    for number in range(1, len(way)):
        assert drive(kind, scenes, way, restart_after=number) == undisturbed


@given(
    red_s=st.floats(0.0, 5.0),
    u95_s=st.floats(0.0, 0.5),
    speed=st.floats(30.0, 200.0),
    height=st.floats(30.0, 120.0),
    away=st.booleans(),
    noise=st.lists(st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)), min_size=7, max_size=7),
)
def test_who_reaches_the_line_before_red_and_grace_are_over_is_never_accused(
    red_s: float, u95_s: float, speed: float, height: float, away: bool,
    noise: list[tuple[float, float]],
) -> None:  # fmt: skip
    """Whatever its speed, size and direction, and however its box scatters."""
    line, ends = (REAR_VIEW, (480.0, 100.0)) if away else (LINE, (100.0, 480.0))
    way = along((200.0, ends[0]), (200.0, ends[1]), speed_px_s=speed)
    tall = []
    for number, seen in enumerate(way):
        dx, dy = noise[number % len(noise)]
        left, _, right, bottom = seen.box
        tall.append(seen._replace(box=(left + dx, bottom + dy - height, right + dx, bottom + dy)))
    # Of a vehicle that drives away, the front is as far ahead as its box is high, at the most.
    front_px = 200.0 - (height if away else 0.0)
    if front_px / speed > red_s + u95_s + 0.5:
        return
    scenes = lit(
        tall, (0.0, GREEN), (red_s, RED), scene=replace(JUNCTION, lines={"stop": line}), u95_s=u95_s
    )
    assert drive(red_light.RULE, scenes, tall) is None
    assert drive(stop_line.RULE, scenes, tall) is None
