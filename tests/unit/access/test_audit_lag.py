"""The lag from a service's commit to the audit log, as `/readyz` shows it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from payesh.access.dependencies import Dependencies
from payesh.access.domain.lag import WINDOW_S, LagWindow
from payesh.access.handlers.audit_state import _lag


@pytest.mark.parametrize(
    ("lags_s", "shown"),
    [
        ([], "no record in the last minutes"),
        ([0.2] * 100, "ok: p95 0.20 s of 5 s"),
        ([0.2] * 95 + [60.0] * 5, "ok: p95 0.20 s of 5 s"),
        ([0.2] * 94 + [60.0] * 6, "too long: p95 60.00 s of 5 s"),
        ([5.01], "too long: p95 5.01 s of 5 s"),
        ([-3.0], "ok: p95 0.00 s of 5 s"),
    ],
)
def test_the_lag_that_is_promised_is_told_from_one_that_is_too_long(
    lags_s: list[float], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, now_s = LagWindow(), 1000.0
    for lag_s in lags_s:
        window.add(lag_s, now_s)
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    dependencies: Any = SimpleNamespace(audit_lag=window)
    assert _lag(cast(Dependencies, dependencies)) == shown


def test_an_old_lag_is_forgotten() -> None:
    window = LagWindow()
    window.add(60.0, 0.0)
    window.add(0.1, WINDOW_S)
    assert window.p95_s(WINDOW_S + 1) == 0.1
    assert window.p95_s(2 * WINDOW_S + 1) is None
