"""Passwords, throttling and the addresses that a code may be sent to."""

from datetime import timedelta

import pytest

from payesh.access.domain.passwords import password_fault
from payesh.access.domain.redirect_uris import origin, redirect_uri_fault
from payesh.access.domain.throttle import Throttle


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


def test_either_limit_throttles() -> None:
    throttle = Throttle(per_account=3, per_address=10, window=timedelta(minutes=15))
    assert not throttle.refuses(2, 9)
    assert throttle.refuses(3, 0)
    assert throttle.refuses(0, 10)


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
