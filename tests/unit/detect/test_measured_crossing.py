"""A crossing of a line of a measurement is sure in every respect, or none."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.contracts.camera_revision import MarkedLine
from payesh.detect.domain.marks import Line
from payesh.detect.domain.measured_crossing import (
    MEASUREMENT,
    MeasuredCrossing,
    measured_crossing,
)
from payesh.detect.domain.trajectory import Trajectory
from payesh.detect.vision.observations import ObservedPassage
from tests.support.observer_builder import checkpoint_of, recalled_observer, stream_observer
from tests.unit.detect.box_street import box_revision, project
from tests.unit.detect.conftest import CARS
from tests.unit.detect.driven import Seen, along, followed
from tests.unit.detect.segment_cutter import STARTED_AT, CutSegment

DOWN = Line("begins", MEASUREMENT, (0.0, 200.0), (400.0, 200.0))
"""Crossed by what drives down the picture."""
UP = Line("begins", MEASUREMENT, (400.0, 200.0), (0.0, 200.0))


def crossed(seen: list[Seen], line: Line = DOWN) -> MeasuredCrossing | None:
    return measured_crossing(followed(seen), line, row_px=1.0)


def test_what_drives_towards_the_camera_crosses_with_its_front() -> None:
    found = crossed(along((200.0, 100.0), (200.0, 300.0), speed_px_s=100.0))
    assert found is not None
    assert found.approaching
    assert found.time_s == pytest.approx(1.0, abs=0.01)


def test_what_drives_away_crosses_with_its_rear() -> None:
    found = crossed(along((200.0, 300.0), (200.0, 100.0), speed_px_s=100.0), UP)
    assert found is not None
    assert not found.approaching


@given(
    speed_px_s=st.floats(40.0, 400.0), first_px=st.floats(90.0, 120.0), size_px=st.floats(20.0, 60)
)
def test_the_true_moment_lies_within_the_bounds(
    speed_px_s: float, first_px: float, size_px: float
) -> None:
    """However far the foot is off within its uncertainty."""
    seen = along((200.0, first_px), (200.0, 320.0), speed_px_s=speed_px_s, size_px=size_px)
    steps = [after.time_s - before.time_s for before, after in pairwise(seen)]
    found = crossed(seen)
    if found is None:
        return
    pace_px_s = (seen[-1].box[3] - seen[0].box[3]) / (seen[-1].time_s - seen[0].time_s)
    true_s = seen[0].time_s + (200.0 - seen[0].box[3]) / pace_px_s
    off_s = ((4.0 + 0.02 * size_px) ** 2 + (0.1 * size_px) ** 2) ** 0.5 / pace_px_s
    assert abs(found.time_s - true_s) + off_s <= found.u95_s + 1e-6
    assert found.u95_s <= off_s + max(steps) + 0.01


def _near(seen: list[Seen], *, alone: bool = True, whole: bool = True) -> list[Seen]:
    """The same way, in doubt near the line."""
    return [s._replace(alone=alone, whole=whole) if abs(s.time_s - 1.0) < 0.15 else s for s in seen]


ONCE = along((200.0, 100.0), (200.0, 300.0), speed_px_s=100.0)


@pytest.mark.parametrize(
    "seen",
    [
        along((200.0, 300.0), (200.0, 100.0), speed_px_s=100.0),  # against the line's direction
        along((200.0, 100.0), (200.0, 190.0), speed_px_s=100.0),  # never reached it
        along((200.0, 100.0), (200.0, 203.0), speed_px_s=100.0),  # not surely beyond it
        along((200.0, 100.0), (200.0, 260.0), (200.0, 120.0), (200.0, 280.0), speed_px_s=100.0),
        along((50.0, 180.0), (350.0, 220.0), speed_px_s=100.0),  # across the line of sight
        along((200.0, 100.0), (200.0, 300.0), speed_px_s=8.0),  # too slow to time
        _near(ONCE, alone=False),
        _near(ONCE, whole=False),
        [s for s in ONCE if not 0.4 < s.time_s < 1.6],  # out of sight at the line
        [*ONCE[:5], *along((60.0, 140.0), (60.0, 300.0), speed_px_s=100.0)[5:]],  # another vehicle
    ],
)
def test_a_crossing_in_doubt_is_none(seen: list[Seen]) -> None:
    assert crossed(ONCE) is not None
    assert crossed(seen) is None


def _short(seen: Seen, share: float) -> Seen:
    """The same sighting with the lower part of its box alone."""
    left, top, right, bottom = seen.box
    return seen._replace(box=(left, bottom - share * (bottom - top), right, bottom))


def test_an_upper_edge_that_flickers_is_no_other_vehicle_s_and_no_surer() -> None:
    flickering = [_short(each, 0.3) if n % 5 == 2 else each for n, each in enumerate(ONCE)]
    found, sure = crossed(flickering), crossed(ONCE)
    assert found is not None and sure is not None
    assert found.time_s == pytest.approx(sure.time_s)
    assert found.u95_s >= sure.u95_s - 1e-9


def test_a_box_that_becomes_another_size_all_round_is_another_vehicle_s() -> None:
    larger = [
        s._replace(box=(s.box[0] - 30, s.box[1] - 40, s.box[2] + 30, s.box[3])) if s.time_s > 1.4
        else s
        for s in ONCE
    ]  # fmt: skip
    assert crossed(larger) is None


def test_a_vehicle_that_may_have_been_followed_before_crosses_nothing() -> None:
    trajectory = replace(followed(ONCE), began_unsure=True)
    assert measured_crossing(trajectory, DOWN, 1.0) is None


def test_times_that_may_be_wrong_widen_the_bounds() -> None:
    trajectory = followed(ONCE)
    sure = measured_crossing(trajectory, DOWN, 1.0)
    trajectory.widen_time(0.04)
    wider = measured_crossing(trajectory, DOWN, 1.0)
    assert sure is not None
    assert wider is not None
    assert wider.u95_s > sure.u95_s


def test_a_crossing_survives_a_trajectory_that_was_written_down() -> None:
    trajectory = followed(ONCE)
    again = Trajectory.from_state(*trajectory.to_state())
    assert measured_crossing(again, DOWN, 1.0) == measured_crossing(trajectory, DOWN, 1.0)


LINE_M = 30.0


def _marked_street() -> dict[str, tuple[MarkedLine, ...]]:
    ends = project([(-4.0, LINE_M, 0.0), (4.0, LINE_M, 0.0)])
    from_px, to_px = ((float(x), float(y)) for x, y in ends)
    line = MarkedLine(name="ends", kind=MEASUREMENT, from_px=from_px, to_px=to_px)
    return {"lines": (line,)}


@pytest.mark.slow
@pytest.mark.parametrize("killed_after", [None, 2, 4])
def test_passages_carry_their_crossings_and_what_proves_them_after_a_takeover_too(
    segments: list[CutSegment], killed_after: int | None
) -> None:
    revision = box_revision().model_copy(update=_marked_street())
    observer = stream_observer(revision)
    passages: list[ObservedPassage] = []
    for number, segment in enumerate(segments):
        if number == killed_after:
            observer = recalled_observer(checkpoint_of(observer), revision)[0]
        found = observer.observe_segment(segment.event, segment.init, segment.media)
        passages += [each for each in found if isinstance(each, ObservedPassage)]
    assert len(passages) == len(CARS)
    for passage, car in zip(passages, sorted(CARS, key=lambda car: car.exits_at_s), strict=True):
        [crossing] = passage.crossings
        true_s = car.exits_at_s - 3.6 * (LINE_M - 20.0) / car.speed_kmh
        true_at = STARTED_AT + timedelta(seconds=true_s)
        off_ms = 1000.0 * abs((crossing.crossed_at - true_at).total_seconds())
        assert crossing.approaching
        assert off_ms <= crossing.u95_ms <= 250.0
        assert passage.links[0].captured_at <= crossing.crossed_at
        assert passage.links[-1].media in [segment.event.media for segment in segments]
