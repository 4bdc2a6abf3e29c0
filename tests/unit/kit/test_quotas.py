"""A quota is a caller's own, comes back in time, and takes bounded memory."""

import pytest

from payesh.kit.errors import TooMany
from payesh.kit.quotas import Quota, Quotas


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_spent_quota_comes_back_evenly() -> None:
    clock = Clock()
    quota = Quota(6, clock_s=clock)
    for _ in range(6):
        quota.take("a")
    with pytest.raises(TooMany) as spent:
        quota.take("a")
    assert spent.value.headers == {"Retry-After": "10"}
    quota.take("b")
    clock.now_s = 10.0
    quota.take("a")
    with pytest.raises(TooMany):
        quota.require("a")
    clock.now_s = 10_000.0
    for _ in range(6):
        quota.take("a")
    with pytest.raises(TooMany):
        quota.take("a")


def test_the_longest_idle_caller_is_forgotten_first() -> None:
    clock = Clock()
    quota = Quota(1, clock_s=clock)
    for number in range(10_000):
        quota.take(f"caller-{number}")
    quota.take("one more")
    quota.take("caller-0")
    with pytest.raises(TooMany):
        quota.take("caller-9999")


def test_spent_refusals_stop_every_request() -> None:
    quotas = Quotas(10, 1)
    quotas.admit("a")
    quotas.refusals.take("a")
    with pytest.raises(TooMany):
        quotas.admit("a")
    quotas.admit("b")
