"""The interval said with a speed holds the true speed, and is not needlessly wide."""

import numpy as np
import pytest

from payesh.detect.domain.rules import judge_speeding
from payesh.detect.domain.speed import SpeedLimits, estimate_speed

LIMITS = SpeedLimits(
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
    noise = np.zeros(len(time_s))
    for i in range(len(noise)):
        fresh = rng.normal(0, noise_m * np.sqrt(1 - rho**2))
        noise[i] = (rho * noise[i - 1] if i else 0.0) + fresh
    edge_m = rng.uniform(-0.05, 0.15)
    scale = (1 + rng.normal(0, 0.003 / 1.96)) / (1 - edge_m / 6.5)
    along_m = speed_kmh / 3.6 * time_s * scale + noise
    return time_s, along_m, np.full(len(time_s), max(noise_m, 0.01))


@pytest.mark.parametrize("rho", [0.0, 0.6])
@pytest.mark.parametrize("noise_m", [0.03, 0.15])
def test_true_speeds_lie_inside_the_interval(noise_m: float, rho: float) -> None:
    rng = np.random.default_rng(7)
    inside = widths = 0.0
    runs = 400
    for _ in range(runs):
        truth = rng.uniform(35, 110)
        estimate = estimate_speed(*_track(rng, truth, 12.5, noise_m, rho), LIMITS)
        assert estimate is not None
        inside += abs(estimate.speed_kmh - truth) <= estimate.speed_u95_kmh
        widths += estimate.speed_u95_kmh / truth
    assert inside / runs >= 0.95
    assert widths / runs < (0.03 if noise_m < 0.1 else 0.09)


def test_sixty_is_measured_to_two_and_a_half() -> None:
    estimate = estimate_speed(*_track(np.random.default_rng(3), 60.0, 12.5, 0.05, 0.3), LIMITS)
    assert estimate is not None
    assert estimate.speed_kmh == pytest.approx(60.0, abs=estimate.speed_u95_kmh)
    assert estimate.speed_u95_kmh < 2.5


def test_a_few_wild_positions_do_not_move_the_speed() -> None:
    time_s, along_m, sigma_m = _track(np.random.default_rng(4), 72.0, 25.0, 0.03, 0.0)
    clean = estimate_speed(time_s, along_m, sigma_m, LIMITS)
    along_m[[4, 11]] += 3.0
    wild = estimate_speed(time_s, along_m, sigma_m, LIMITS)
    assert clean is not None
    assert wild is not None
    assert wild.speed_kmh == pytest.approx(clean.speed_kmh, abs=0.3)


def test_too_few_positions_or_a_standing_vehicle_give_no_speed() -> None:
    time_s, along_m, sigma_m = _track(np.random.default_rng(5), 60.0, 25.0, 0.03, 0.0)
    assert estimate_speed(time_s[:5], along_m[:5], sigma_m[:5], LIMITS) is None
    assert estimate_speed(time_s, -along_m, sigma_m, LIMITS) is None


def test_an_unsteady_edge_widens_the_interval() -> None:
    rng = np.random.default_rng(6)
    calm = estimate_speed(*_track(rng, 60.0, 12.5, 0.02, 0.0), LIMITS)
    rough = estimate_speed(*_track(rng, 60.0, 12.5, 0.4, 0.5), LIMITS)
    assert calm is not None
    assert rough is not None
    assert rough.speed_u95_kmh > 2 * calm.speed_u95_kmh


def test_only_a_lower_bound_above_the_limit_is_a_violation() -> None:
    assert judge_speeding(62.0, 2.0, 60.0) is None
    assert judge_speeding(62.1, 2.0, 60.0) is not None
    assert judge_speeding(150.0, 2.0, None) is None
