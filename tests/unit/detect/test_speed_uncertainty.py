"""The interval of a speed holds the true speed, and is not needlessly wide."""

import numpy as np
import pytest

from payesh.detect.domain.rules.speeding import exceeded
from payesh.detect.domain.speed import SpeedEstimate, SpeedUncertaintyBudget, estimate_speed

BUDGET = SpeedUncertaintyBudget(
    camera_height_m=6.5,
    length_scale_u95=0.003,
    ground_u95_m=0.02,
    survey_span_m=22.0,
    edge_height_m=0.05,
    edge_height_u95_m=0.12,
)


def _track(
    rng: np.random.Generator, speed_kmh: float, rate_hz: float, noise_m: float, rho: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    duration_s = 22.0 / (speed_kmh / 3.6)
    time_s = np.arange(0, duration_s, 1 / rate_hz)
    noise = rng.normal(0, noise_m, len(time_s))
    for i in range(1, len(noise)):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * noise[i]
    edge_m = rng.uniform(-0.05, 0.15)
    scale = (1 + rng.normal(0, 0.003 / 1.96)) / (1 - edge_m / 6.5)
    along_m = speed_kmh / 3.6 * time_s * scale + noise
    return time_s, along_m, np.full(len(time_s), max(noise_m, 0.01))


@pytest.mark.parametrize("rho", [0.0, 0.6])
@pytest.mark.parametrize("noise_m", [0.03, 0.15, 0.3])
@pytest.mark.parametrize("rate_hz", [12.5, 25.0])
def test_true_speeds_lie_inside_the_interval(noise_m: float, rho: float, rate_hz: float) -> None:
    rng = np.random.default_rng(7)
    inside = above = widths = 0.0
    runs = 400
    for _ in range(runs):
        truth = rng.uniform(35, 110)
        estimate = estimate_speed(*_track(rng, truth, rate_hz, noise_m, rho), BUDGET)
        assert estimate is not None
        inside += abs(estimate.speed_kmh - truth) <= estimate.speed_u95_kmh
        above += estimate.lower_bound_kmh > truth
        widths += estimate.speed_u95_kmh / truth
    assert inside / runs >= 0.95
    assert above / runs <= 0.025
    assert widths / runs < {0.03: 0.03, 0.15: 0.06, 0.3: 0.12}[noise_m]


def test_a_box_that_sticks_to_the_pictures_edge_does_not_bend_the_speed() -> None:
    """Where it sticks a pixel is worth least, so a fit that begins with all of it follows it."""
    rng = np.random.default_rng(8)
    time_s, along_m, _ = _track(rng, 72.0, 50.0, 0.03, 0.0)
    sigma_m = np.linspace(0.3, 0.02, len(time_s))
    stuck = along_m.copy()
    stuck[-2:] = along_m[-3]
    estimate = estimate_speed(time_s, stuck, sigma_m, BUDGET)
    assert estimate is not None
    assert estimate.speed_kmh == pytest.approx(72.0, abs=1.5)
    stuck[-12:] = along_m[-13]
    assert estimate_speed(time_s, stuck, sigma_m, BUDGET) is None


@pytest.mark.parametrize("share", [0.5, 0.65, 0.75, 0.85, 0.9])
@pytest.mark.parametrize("gap_m", [3.0, 4.5, 6.0])
def test_a_track_that_goes_over_to_the_vehicle_in_front_has_no_speed(
    share: float, gap_m: float
) -> None:
    """The first at 90 km/h for a share of the way, then one at 60 km/h so far in front of it: the
    pictures show the second, and its plate must not get the first one's speed."""
    rng = np.random.default_rng(9)
    wrong = 0
    for _ in range(100):
        time_s = np.arange(0, 22 / (75 / 3.6), 0.04)
        over_s = share * time_s[-1]
        second = 25 * over_s + gap_m + 60 / 3.6 * (time_s - over_s)
        along_m = np.where(time_s < over_s, 25 * time_s, second)
        along_m += rng.normal(0, 0.05, len(time_s))
        estimate = estimate_speed(time_s, along_m, np.full(len(time_s), 0.05), BUDGET)
        wrong += estimate is not None and estimate.lower_bound_kmh > 62.0
    assert wrong <= 2


def test_sixty_is_measured_to_two_and_a_half() -> None:
    estimate = estimate_speed(*_track(np.random.default_rng(3), 60.0, 12.5, 0.05, 0.3), BUDGET)
    assert estimate is not None
    assert estimate.speed_kmh == pytest.approx(60.0, abs=estimate.speed_u95_kmh)
    assert estimate.speed_u95_kmh < 2.5


def test_a_few_wild_positions_do_not_move_the_speed() -> None:
    time_s, along_m, sigma_m = _track(np.random.default_rng(4), 72.0, 25.0, 0.03, 0.0)
    clean = estimate_speed(time_s, along_m, sigma_m, BUDGET)
    along_m[[4, 11]] += 3.0
    wild = estimate_speed(time_s, along_m, sigma_m, BUDGET)
    assert clean is not None
    assert wild is not None
    assert wild.speed_kmh == pytest.approx(clean.speed_kmh, abs=0.3)


def test_too_few_positions_or_a_standing_vehicle_give_no_speed() -> None:
    time_s, along_m, sigma_m = _track(np.random.default_rng(5), 60.0, 25.0, 0.03, 0.0)
    assert estimate_speed(time_s[:5], along_m[:5], sigma_m[:5], BUDGET) is None
    assert estimate_speed(time_s, -along_m, sigma_m, BUDGET) is None


def test_an_unsteady_edge_widens_the_interval() -> None:
    rng = np.random.default_rng(6)
    calm = estimate_speed(*_track(rng, 60.0, 12.5, 0.02, 0.0), BUDGET)
    rough = estimate_speed(*_track(rng, 60.0, 12.5, 0.4, 0.5), BUDGET)
    assert calm is not None
    assert rough is not None
    assert rough.speed_u95_kmh > 2 * calm.speed_u95_kmh


def test_only_a_lower_bound_above_the_limit_is_a_violation() -> None:
    assert exceeded(SpeedEstimate(62.0, 2.0, 20, 20.0), 60.0) is None
    broken = exceeded(SpeedEstimate(62.1, 2.0, 20, 20.0), 60.0)
    assert broken is not None
    assert (broken.value, broken.u95, broken.limit) == (62.1, 2.0, 60.0)
    assert exceeded(SpeedEstimate(150.0, 2.0, 20, 20.0), None) is None
    assert exceeded(None, 60.0) is None
