"""Another rate is measured at once, and no network is taken for one."""

import random
from collections.abc import Callable

import pytest

from payesh.ingest.domain.arrival_rate import ArrivalRate

STEP_S = 0.04


def excess(arrival_s: Callable[[int], float], frames: int) -> float | None:
    rate, last_s = ArrivalRate(), 0.0
    for number in range(frames):
        last_s = max(last_s, arrival_s(number))  # in order, as over TCP
        rate.observe(number * STEP_S, last_s)
    measured = rate.measured()
    return None if measured is None else measured.excess


@pytest.mark.parametrize("frames_per_s", [20.0, 21.0, 23.5, 27.0, 30.0])
def test_a_rate_that_differs_is_measured_in_the_first_two_seconds(frames_per_s: float) -> None:
    jitter = random.Random(1)  # noqa: S311 - jitter
    found = excess(lambda number: number / frames_per_s + jitter.uniform(0, 0.015), 50)
    assert found == pytest.approx(25 / frames_per_s - 1, abs=0.03)


def test_two_percent_are_found_in_half_a_minute() -> None:
    assert excess(lambda number: number * STEP_S * 1.02, 750) == pytest.approx(0.02, abs=0.002)


@pytest.mark.parametrize("frames", [75, 250, 1500])
def test_jitter_stalls_and_what_was_sent_before_are_no_other_rate(frames: int) -> None:
    jitter = random.Random(2)  # noqa: S311 - jitter

    def arrival_s(number: int) -> float:
        sent_s = number * STEP_S
        if sent_s < 0.6:  # probed, then given at once
            return 0.6
        stalled = 0.4 if int(sent_s) % 3 == 2 and sent_s % 1 < 0.4 else 0.0
        return sent_s + jitter.uniform(0, 0.03) + stalled

    assert excess(arrival_s, frames) == 0.0


def test_a_slow_camera_is_as_slow_as_it_stamps() -> None:
    rate = ArrivalRate()
    for number in range(20):
        rate.observe(number * 1.5, number * 1.5 + 0.02)
    measured = rate.measured()
    assert measured is not None
    assert measured.excess == 0.0


def test_a_burst_alone_shows_nothing() -> None:
    assert excess(lambda number: 2.0 + number * 0.001, 50) is None


def watched(arrival_s: Callable[[float], float], seconds: float) -> ArrivalRate:
    rate, last_s = ArrivalRate(), 0.0
    for number in range(round(seconds / STEP_S)):
        last_s = max(last_s, arrival_s(number * STEP_S))
        rate.observe(number * STEP_S, last_s)
    return rate


@pytest.mark.parametrize("honest_s", [4.0, 10.0, 20.0, 60.0])
def test_a_rate_that_changes_is_measured_over_the_first_segment(honest_s: float) -> None:
    rate = watched(lambda sent_s: sent_s + 0.19 * max(0.0, sent_s - honest_s), honest_s + 2.04)
    assert rate.grows_over(honest_s, honest_s + 2.0) == pytest.approx(0.19, abs=0.03)
    assert rate.grows_over(honest_s - 2.0, honest_s) == 0.0


@pytest.mark.parametrize("slower", [0.033, 0.042, 0.046])
def test_a_small_change_of_rate_is_measured_from_the_second_segment_on(slower: float) -> None:
    """Else speeds would be too high by more than their own uncertainty until the window is full."""
    jitter = random.Random(4)  # noqa: S311 - jitter
    rate = watched(
        lambda at_s: at_s + slower * max(0.0, at_s - 40.0) + jitter.uniform(0, 0.01), 56.04
    )
    shares = [rate.grows_over(at, at + 2.0) for at in (42.0, 44.0, 48.0, 54.0)]
    assert shares == [pytest.approx(slower, abs=0.01)] * 4
    assert [rate.grows_over(at, at + 2.0) for at in range(26, 38, 2)] == [0.0] * 6


@pytest.mark.parametrize("longer_s", [0.09, 0.15, 0.4])
def test_a_way_through_the_network_that_becomes_longer_at_once_is_no_other_rate(
    longer_s: float,
) -> None:
    rate = watched(lambda at_s: at_s + (longer_s if at_s >= 11.0 else 0.0), 25.0)
    assert [rate.grows_over(at, at + 2.0) for at in (4, 6, 8, 12, 14, 16, 18)] == [0.0] * 7


@pytest.mark.parametrize("stalled_s", [0.3, 1.0, 1.9, 2.5])
def test_a_stall_is_seen_through_once_it_is_over(stalled_s: float) -> None:
    """Frames from 11 s on come at once, when it is over."""
    rate = watched(lambda at_s: max(at_s, 11.0 + stalled_s) if at_s >= 11.0 else at_s, 14.5)
    assert [rate.grows_over(at, at + 2.0) for at in (8.0, 10.0, 12.0)] == [0.0, 0.0, 0.0]


def test_jitter_of_a_mobile_network_is_no_other_rate() -> None:
    jitter = random.Random(3)  # noqa: S311 - jitter
    rate = watched(lambda at_s: at_s + jitter.expovariate(1 / 0.06), 25.0)
    assert [rate.grows_over(at, at + 2.0) for at in range(1, 22)] == [0.0] * 21
