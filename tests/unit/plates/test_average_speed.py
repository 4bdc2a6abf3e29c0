"""An average speed accuses nobody who kept to the limit, whatever was off within its bounds."""

import doctest
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from payesh.plates.domain import average_speed as module
from payesh.plates.domain import similar_plates
from payesh.plates.domain.average_speed import (
    EDGE_M,
    LONGEST_VEHICLE_M,
    Passing,
    Way,
    average_speed,
)

BEGAN = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
share = st.floats(-1.0, 1.0)


def passing(seconds: float, **changes: float | bool) -> Passing:
    fields = {"u95_s": 0.05, "clock_u95_s": 0.1, "approaching": True, **changes}
    return Passing(at=BEGAN + timedelta(seconds=seconds), **fields)  # type: ignore[arg-type]


@given(
    way_m=st.floats(100.0, 20_000.0),
    way_u95_m=st.floats(0.0, 20.0),
    true_kmh=st.floats(5.0, 200.0),
    limit_kmh=st.floats(30.0, 120.0),
    length_m=st.floats(2.0, LONGEST_VEHICLE_M),
    clocks_s=st.tuples(st.floats(0.0, 0.5), st.floats(0.0, 0.5)),
    crossings_s=st.tuples(st.floats(0.0, 0.3), st.floats(0.0, 0.3)),
    approaching=st.tuples(st.booleans(), st.booleans()),
    off=st.lists(share, min_size=7, max_size=7),
)
def test_the_lower_bound_is_never_above_the_speed_that_was_driven(
    way_m: float,
    way_u95_m: float,
    true_kmh: float,
    limit_kmh: float,
    length_m: float,
    clocks_s: tuple[float, float],
    crossings_s: tuple[float, float],
    approaching: tuple[bool, bool],
    off: list[float],
) -> None:
    """A vehicle at an even speed; way, clocks, films and edges err as far as they may."""
    driven_m = way_m + way_u95_m * off[0]
    pace_ms = true_kmh / 3.6
    # Where the front is when each line is seen crossed: at the line, or its rear is.
    at_entry_m = (0.0 if approaching[0] else length_m) + EDGE_M * off[1]
    at_exit_m = driven_m + (0.0 if approaching[1] else length_m) + EDGE_M * off[2]
    true_s = (at_exit_m - at_entry_m) / pace_ms
    seen_s = true_s - clocks_s[0] * off[3] + clocks_s[1] * off[4]
    seen_s += -crossings_s[0] * off[5] + crossings_s[1] * off[6]
    assume(seen_s > 0.01)
    speed = average_speed(
        Way(way_m, way_u95_m, limit_kmh),
        passing(0.0, u95_s=crossings_s[0], clock_u95_s=clocks_s[0], approaching=approaching[0]),
        passing(seen_s, u95_s=crossings_s[1], clock_u95_s=clocks_s[1], approaching=approaching[1]),
    )
    if speed is None:
        return
    assert speed.lower_bound_kmh <= true_kmh + 1e-3
    if true_kmh <= limit_kmh:
        assert not speed.exceeds(limit_kmh + 1e-3)


@given(seconds=st.floats(20.0, 600.0), more=st.floats(0.0, 2.0))
def test_each_uncertainty_lowers_the_bound(seconds: float, more: float) -> None:
    way, entered = Way(1000.0, 2.0, 60.0), passing(0.0)
    sure = average_speed(way, entered, passing(seconds))
    assert sure is not None
    for unsure in (
        average_speed(way, entered, passing(seconds, clock_u95_s=0.1 + more)),
        average_speed(way, entered, passing(seconds, u95_s=0.05 + more)),
        average_speed(way, passing(0.0, clock_u95_s=0.1 + more), passing(seconds)),
        average_speed(Way(1000.0, 2.0 + more, 60.0), entered, passing(seconds)),
    ):
        assert unsure is not None
        assert unsure.lower_bound_kmh <= sure.lower_bound_kmh


def test_a_rear_that_begins_and_a_front_that_ends_leave_out_the_vehicle() -> None:
    way, left = Way(1000.0, 2.0, 60.0), passing(40.0)
    rear = average_speed(way, passing(0.0, approaching=False), left)
    front = average_speed(way, passing(0.0), left)
    assert rear is not None
    assert front is not None
    assert front.least_way_m - rear.least_way_m == LONGEST_VEHICLE_M


def test_crossings_that_may_be_in_the_other_order_have_no_speed() -> None:
    assert average_speed(Way(1000.0, 2.0, 60.0), passing(0.0), passing(0.29)) is None
    assert average_speed(Way(1000.0, 2.0, 60.0), passing(0.0), passing(-40.0)) is None


def test_a_way_that_is_no_longer_than_its_uncertainty_has_no_speed() -> None:
    assert average_speed(Way(20.0, 17.0, 60.0), passing(0.0), passing(5.0)) is None


def test_the_examples_hold() -> None:
    for each in (module, similar_plates):
        outcome = doctest.testmod(each)
        assert outcome.attempted
        assert not outcome.failed
