"""Standing over a stop line: seen from behind, and with the queue that closes up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.detect.domain.geometry import ground_plane
from payesh.detect.domain.rules import red_light, stop_line
from payesh.detect.domain.signals import RED
from tests.unit.detect.driven import Seen, Way, along, drive
from tests.unit.detect.test_rules_of_signals import JUNCTION, REAR_VIEW, STANDS, facts_of, lit

MEASURED = ground_plane(
    [(0.0, 500.0), (400.0, 500.0), (400.0, 100.0), (0.0, 100.0)],
    [(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)],
)
"""20 pixels a metre."""
FROM_BEHIND = replace(JUNCTION, lines={"stop": REAR_VIEW}, plane=MEASURED)


def comes_to_stand(rear_px: float, x_px: float = 200.0) -> list[Seen]:
    """Away from the camera, then still, its rear in this row."""
    way = along((x_px, 480.0), (x_px, rear_px))
    since_s = way[-1].time_s + 0.1
    return [*way, *Way((x_px, rear_px), (x_px, rear_px), since_s, since_s + 5.0).seen()]


@pytest.mark.parametrize(
    ("rear_px", "x_px", "vehicle_class", "is_found"),
    [
        (330.0, 200.0, "car", True),
        (330.0, 200.0, "truck", True),
        (330.0, 200.0, "motorcycle", False),
        (330.0, 200.0, "unknown", False),
        (330.0, 340.0, "car", False),
        (356.0, 200.0, "car", False),
        (288.0, 200.0, "motorcycle", True),
    ],
    ids=["car", "truck", "too short", "unknown", "beside the line", "2.8 m before it", "beyond"],
)
def test_the_front_of_a_vehicle_that_drives_away_may_stand_over_the_line(
    rear_px: float, x_px: float, vehicle_class: str, is_found: bool
) -> None:
    way = comes_to_stand(rear_px, x_px)
    scenes = lit(way, (-9.0, RED), scene=FROM_BEHIND)
    found = drive(stop_line.RULE, scenes, way, vehicle_class=vehicle_class)
    assert (found is not None) is is_found
    if found is not None:
        assert len(facts_of(found).crossings) == 1
    assert drive(red_light.RULE, scenes, way, vehicle_class=vehicle_class) is None
    unmeasured = [replace(scene, plane=None) for scene in scenes]
    assert rear_px < 300.0 or drive(stop_line.RULE, unmeasured, way) is None


@given(
    length_m=st.floats(2.7, 5.0),
    before_m=st.floats(0.0, 3.0),
    noise=st.lists(st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)), min_size=7, max_size=7),
)
def test_no_vehicle_whose_front_stands_before_the_line_is_accused(
    length_m: float, before_m: float, noise: list[tuple[float, float]]
) -> None:
    way = comes_to_stand(300.0 + 20.0 * (length_m + before_m))
    scattered = []
    for number, seen in enumerate(way):
        dx, dy = noise[number % len(noise)]
        left, top, right, bottom = seen.box
        scattered.append(seen._replace(box=(left + dx, top + dy, right + dx, bottom + dy)))
    scenes = lit(scattered, (-9.0, RED), scene=FROM_BEHIND)
    assert drive(stop_line.RULE, scenes, scattered) is None


@pytest.mark.parametrize(
    ("moved_px", "alone_s", "is_found"), [(0.0, 0.5, True), (14.0, 0.5, False), (0.0, 0.0, False)]
)
def test_who_stands_over_the_line_may_be_overlapped_by_the_queue_behind(
    moved_px: float, alone_s: float, is_found: bool
) -> None:
    """If it stood alone before, and its box stays."""
    since_s = 3.7 + alone_s
    way = [
        s
        if s.time_s < since_s
        else s._replace(
            alone=False, box=(s.box[0] + moved_px, s.box[1], s.box[2] + moved_px, s.box[3])
        )
        for s in STANDS
    ]
    scenes = lit(way, (0.0, RED))
    undisturbed = drive(stop_line.RULE, scenes, way)
    assert (undisturbed is not None) is is_found
    if is_found:
        for number in range(1, len(way)):
            assert drive(stop_line.RULE, scenes, way, restart_after=number) == undisturbed
