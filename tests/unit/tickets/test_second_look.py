"""Rates over second looks: Wilson's interval, and when a camera is suspended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.tickets.domain.second_look import WrongfulRate


@pytest.mark.parametrize(
    ("wrongful", "looked", "low", "high"),
    # R 4.3, prop.test(x, n, correct = FALSE)$conf.int
    [(0, 10, 0.0, 0.2775328), (1, 10, 0.0178762, 0.4041500), (15, 148, 0.0623983, 0.1605300)],
)
def test_the_interval_is_wilsons(wrongful: int, looked: int, low: float, high: float) -> None:
    assert WrongfulRate(wrongful, looked).interval == pytest.approx((low, high), abs=2e-4)


@given(st.integers(0, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_rate_lies_in_its_interval_and_that_in_zero_to_one(case: tuple[int, int]) -> None:
    rate = WrongfulRate(*case)
    low, high = rate.interval
    assert 0.0 <= low <= high <= 1.0
    if rate.value is not None:
        assert low - 1e-12 <= rate.value <= high + 1e-12


def test_a_camera_is_suspended_for_no_chance_and_for_no_single_mistake() -> None:
    assert not WrongfulRate(1, 1).is_beyond(0.05, least=20)
    assert not WrongfulRate(2, 20).is_beyond(0.05, least=20), "two of twenty may be chance"
    assert WrongfulRate(4, 20).is_beyond(0.05, least=20)
    assert not WrongfulRate(0, 0).is_beyond(0.05, least=1)
