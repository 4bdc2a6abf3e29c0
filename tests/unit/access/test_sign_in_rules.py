"""Passwords, throttling and the addresses that a code may be sent to."""

from datetime import UTC, datetime, timedelta

import pytest

from payesh.access.domain.passwords import password_fault
from payesh.access.domain.redirect_uris import origin, redirect_uri_fault
from payesh.access.domain.throttle import Failures, Throttle, sender_of


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("correct horse battery", None),
        ("گذرواژهٔ بلند و خوب", None),
        ("elevenchars", "at least 12"),
        ("aaaaaaaaaaaabb", "different"),
        ("my-name-REZA.karimi-1", "username"),
        ("x" * 100 + "abcdefgh" * 30, "at most"),
    ],
)
def test_a_password_is_long_and_does_not_contain_the_username(
    password: str, fault: str | None
) -> None:
    found = password_fault(password, "reza.karimi")
    assert found == fault if fault is None else fault in (found or "")


THROTTLE = Throttle(free=3, per_account=20, per_address=10, window=timedelta(minutes=15))
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def failures(count: int, *, first_s: float = 0, last_s: float = 0) -> Failures:
    """So many failures, the first and the last of them so long ago."""
    return Failures(count, NOW - timedelta(seconds=first_s), NOW - timedelta(seconds=last_s))


def test_each_failure_beyond_the_free_ones_doubles_the_pause_up_to_the_window() -> None:
    pauses = [THROTTLE.pause(failures(n), NOW).total_seconds() for n in range(14)]
    assert pauses == [0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900, 900, 900, 900]
    assert THROTTLE.pause(failures(4, last_s=20), NOW) == timedelta(seconds=10)
    assert THROTTLE.pause(failures(4, last_s=31), NOW) == timedelta()
    assert THROTTLE.pause(failures(10**9), NOW) == THROTTLE.window


def test_strangers_wait_until_the_oldest_of_too_many_failures_is_forgotten() -> None:
    assert THROTTLE.pause_of_strangers(failures(19), failures(9), NOW) == timedelta()
    on_account = THROTTLE.pause_of_strangers(failures(20, first_s=600), Failures(), NOW)
    assert on_account == timedelta(seconds=300)
    assert THROTTLE.pause_of_strangers(Failures(), failures(10), NOW) == THROTTLE.window


@pytest.mark.parametrize(
    ("address", "sender"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_site_of_ipv6_is_one_sender(address: str, sender: str) -> None:
    assert sender_of(address) == sender


@pytest.mark.parametrize(
    ("uri", "good"),
    [
        ("https://tickets.example/sign-in/callback", True),
        ("http://127.0.0.1:8080/sign-in/callback", True),
        ("http://tickets.example/sign-in/callback", False),
        ("https://user@tickets.example/cb", False),
        ("https://tickets.example/cb#fragment", False),
        ("https://*.example/cb", False),
        ("https://tickets.example\\@evil.example/cb", False),
        ("javascript:alert(1)", False),
        ("/sign-in/callback", False),
    ],
)
def test_a_code_is_sent_over_tls_to_one_registered_address(uri: str, good: bool) -> None:
    assert (redirect_uri_fault(uri) is None) == good


def test_the_origin_has_scheme_host_and_port() -> None:
    assert origin("https://tickets.example:8443/a/b?c=d") == "https://tickets.example:8443"
