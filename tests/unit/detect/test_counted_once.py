"""A vehicle whose track breaks is counted once; two vehicles are counted twice."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from payesh.detect.domain.counts import MinuteCounter, Passed
from payesh.detect.domain.lane_tally import LaneCount
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.trajectory import Sighting, Trajectory
from tests.unit.detect.driven import Seen, Way
from tests.unit.detect.segment_cutter import STARTED_AT


def driven(seen: Sequence[Seen]) -> Trajectory:
    def moment(each: Seen) -> Moment:
        return Moment(each.time_s, STARTED_AT)

    way = Trajectory.begin(moment(seen[0]), seen[0].box, unsure=False)
    for each in seen:
        way.see(Sighting(moment(each), each.box, each.whole))
    return way


BEFORE = Way((100, 200), (300, 200), 0.0, 3.0)
"""Sixty-seven pixels a second to the right, in a box of forty."""


def counted(*ways: Trajectory) -> int:
    """Each is concluded when the next one begins, as a tracker does, and the state is written down
    and read in between."""
    counter = MinuteCounter(started_at=STARTED_AT)
    for way in ways:
        counter.count(way, Passed("1", "car", None, way.last.at))
        counter.lost(way)
        counter = MinuteCounter.from_state(counter.to_state())
    return sum(tally.vehicles for tally in counter.tallies.values())


@pytest.mark.parametrize(
    ("after", "vehicles"),
    [
        (Way((310, 200), (500, 200), 3.1, 6.0), 1),
        (Way((400, 210), (560, 210), 4.5, 7.0), 1),
        (Way((310, 200), (500, 200), 3.1, 6.0, width_px=100, height_px=100), 2),
        (Way((310, 300), (500, 300), 3.1, 6.0), 2),
        (Way((310, 200), (120, 200), 3.1, 6.0), 2),
        (Way((100, 200), (300, 200), 3.1, 6.0), 2),
        (Way((400, 200), (560, 200), 6.0, 9.0), 2),
        (Way((310, 200), (500, 200), 2.0, 6.0), 2),
    ],
    ids=[
        "lost for a frame",
        "hidden for a second and a half",
        "far larger",
        "in another lane",
        "coming the other way",
        "following behind",
        "hidden for long",
        "seen at the same time",
    ],
)
def test_what_goes_on_with_a_lost_way_is_not_counted_again(after: Way, vehicles: int) -> None:
    assert counted(driven(BEFORE.seen()), driven(after.seen())) == vehicles


def test_one_lost_way_goes_on_as_one_vehicle() -> None:
    after = driven(Way((310, 200), (500, 200), 3.1, 6.0).seen())
    beside = driven(Way((312, 204), (502, 204), 3.1, 6.0).seen())
    again = driven(Way((505, 200), (700, 200), 6.1, 9.0).seen())
    assert counted(driven(BEFORE.seen()), after, beside) == 2
    assert counted(driven(BEFORE.seen()), after, again) == 1


def test_what_never_moved_is_not_counted() -> None:
    assert counted(driven(Way((100, 200), (105, 200), 0.0, 3.0).seen())) == 0


def test_a_lane_has_its_speeds_and_headways_minute_by_minute() -> None:
    counter = MinuteCounter()
    counter.advance(STARTED_AT)
    ways = [driven(Way((100, 200), (300, 200), t, t + 1.0).seen()) for t in (0.0, 30.0, 60.0)]
    passages = [(2.0, 50.0), (6.0, 70.0), (7.0, None), (12.0, 60.0)]
    for seconds, speed_kmh in passages:
        at = STARTED_AT + timedelta(seconds=seconds)
        counter.count(ways[0], Passed("1", "car", speed_kmh, at))
    counter.count(ways[0], Passed(None, "truck", None, STARTED_AT))
    counter = MinuteCounter.from_state(counter.to_state())
    (first,) = counter.advance(STARTED_AT + timedelta(seconds=50))
    assert first.lanes == (
        LaneCount(None, 1, None, None, None),
        LaneCount("1", 4, 60.0, 70.0, 3.33),
    )
    counter.count(ways[1], Passed("1", "car", 40.0, STARTED_AT + timedelta(seconds=52)))
    (second,) = counter.advance(STARTED_AT + timedelta(seconds=110))
    assert second.lanes == (LaneCount("1", 1, 40.0, 40.0, 40.0),)
    counter.break_off()
    counter.advance(STARTED_AT + timedelta(seconds=200))
    counter.count(ways[2], Passed("1", "car", 40.0, STARTED_AT + timedelta(seconds=201)))
    (third,) = counter.finish(STARTED_AT + timedelta(seconds=230))
    assert third.lanes == (LaneCount("1", 1, 40.0, 40.0, None),), "the clock stepped in between"
