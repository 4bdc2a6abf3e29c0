"""Where a request comes from: entries of `X-Forwarded-For` are counted from the right, over all its
lines, by as many proxies as are ours."""

import pytest
from fastapi import FastAPI, Request
from prometheus_client import REGISTRY
from starlette.types import Scope

from payesh.kit import serving
from payesh.kit.client_address import client_address
from payesh.kit.settings import HttpSettings

PEER = "10.0.0.9"


def address(*lines: str, hops: int = 1, peer: str | None = PEER, **headers: str) -> str:
    """The address of a request with these lines of `X-Forwarded-For`."""
    scope: Scope = {
        "type": "http",
        "client": (peer, 50_000) if peer else None,
        "headers": [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]
        + [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return client_address(Request(scope), hops)


@pytest.mark.parametrize(
    ("lines", "hops", "expected"),
    [
        (["203.0.113.7"], 1, "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7"], 1, "203.0.113.7"),
        # The sender's own line comes first: what our proxy appends is in the last one.
        (["198.51.100.1", "203.0.113.7"], 1, "203.0.113.7"),
        (["198.51.100.1, 198.51.100.2", "203.0.113.7", "10.0.0.2"], 2, "203.0.113.7"),
        (["198.51.100.1,203.0.113.7,10.0.0.2"], 2, "203.0.113.7"),
        (["", "203.0.113.7"], 1, "203.0.113.7"),
        ([",,,,,", "203.0.113.7"], 1, "203.0.113.7"),
        (["203.0.113.7:52011"], 1, "203.0.113.7"),
        (["2001:db8::1"], 1, "2001:db8::1"),
        (["[2001:DB8:0::1]:443"], 1, "2001:db8::1"),
        (["[2001:db8::1]"], 1, "2001:db8::1"),
        (["fe80::1%eth0"], 1, "fe80::1"),
        (["::ffff:203.0.113.7"], 1, "203.0.113.7"),
        (["[::ffff:203.0.113.7]:9"], 1, "203.0.113.7"),
    ],
)
def test_the_entry_of_the_outermost_of_our_proxies_counts(
    lines: list[str], hops: int, expected: str
) -> None:
    assert address(*lines, hops=hops) == expected


@pytest.mark.parametrize(
    ("lines", "hops"),
    [
        ([], 1),
        (["203.0.113.7"], 2),  # it did not pass all of our proxies
        (["203.0.113.7", "unknown"], 1),
        (["203.0.113.7, _hidden"], 1),
        (["203.0.113.7,"], 1),
        (["203.0.113.7, 203.0.113.8 "], 3),
        (["203.0.113.300"], 1),
        (["203.0.113.07"], 1),
        (["203.0.113.7:port"], 1),
        (["203.0.113.7:999999"], 1),
        (["[2001:db8::1"], 1),
        (["[2001:db8::1]443"], 1),
        (["for=203.0.113.7"], 1),
        (["\xff\x00"], 1),
    ],
)
def test_without_an_address_there_the_peer_counts_and_no_entry_that_a_sender_may_choose(
    lines: list[str], hops: int
) -> None:
    name = "payesh_unusable_forwarded_addresses_total"
    before = REGISTRY.get_sample_value(name) or 0
    assert address(*lines, hops=hops) == PEER
    assert REGISTRY.get_sample_value(name) == before + 1


def test_without_proxies_of_ours_no_header_is_read() -> None:
    assert address("203.0.113.7", hops=0) == PEER
    assert address("203.0.113.7", hops=0, peer="::ffff:192.0.2.1") == "192.0.2.1"
    assert address("203.0.113.7", hops=0, peer=None) == "unknown"


def test_forwarded_of_rfc_7239_is_not_read() -> None:
    assert address(hops=1, forwarded="for=203.0.113.7") == PEER
    assert address("203.0.113.8", hops=1, forwarded="for=203.0.113.7") == "203.0.113.8"


def test_the_server_takes_no_address_from_headers_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """uvicorn would replace the peer by what the sender wrote, before the hops are counted."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    config = serving.configuration(FastAPI(), HttpSettings(http_port=0, metrics_port=0), None)
    assert config.proxy_headers is False
    config.load()
    assert type(config.loaded_app).__name__ != "ProxyHeadersMiddleware"
