"""A source's clock is believed while it agrees with ours; its error becomes the uncertainty."""

from datetime import UTC, datetime

import pytest

from payesh.ingest.domain.capture_clock import CaptureClock

ZERO_S = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def clock(latency_s: float) -> CaptureClock:
    made = CaptureClock(limit_s=2.0, floor_u95_ms=100.0, unverified_u95_ms=5000.0)
    for number in range(50):
        jitter_s = 0.5 if number < 10 else 0.0  # buffered packets come late and do not count
        made.observe(number * 0.04, ZERO_S + number * 0.04 + latency_s + jitter_s)
    return made


def test_the_sources_time_is_taken_and_its_disagreement_is_the_uncertainty() -> None:
    taken = clock(0.25).at(10.0, ZERO_S)
    assert taken.verified
    assert taken.captured_at.timestamp() == pytest.approx(ZERO_S + 10)
    assert taken.u95_ms == pytest.approx(250, abs=1)
    assert clock(0.01).at(0.0, ZERO_S).u95_ms == 100


@pytest.mark.parametrize("source_zero_s", [None, ZERO_S - 30, ZERO_S + 30])
def test_no_clock_or_a_wrong_one_is_unverified_and_ours_is_used(
    source_zero_s: float | None,
) -> None:
    taken = clock(0.0).at(10.0, source_zero_s)
    assert not taken.verified
    assert taken.captured_at.timestamp() == pytest.approx(ZERO_S + 10, abs=0.01)


@pytest.mark.parametrize("drift", [50e-6, -50e-6])
def test_a_media_clock_that_drifts_for_hours_stays_verified(drift: float) -> None:
    made = CaptureClock(limit_s=2.0, floor_u95_ms=100.0, unverified_u95_ms=5000.0)
    for second in range(12 * 3600):
        media_s = second * (1 - drift)  # a slow clock counts less than passes
        jitter_s = 0.0 if second % 20 == 0 else 0.3
        made.observe(media_s, ZERO_S + second + 0.02 + jitter_s)
        if second % 600 == 599:
            # Sender reports map media time to the source's true clock, drift included.
            taken = made.at(media_s, ZERO_S + second - media_s)
            assert taken.verified
            assert taken.u95_ms == 100
            ours = made.at(media_s, None)
            assert ours.captured_at.timestamp() == pytest.approx(ZERO_S + second, abs=0.1)
