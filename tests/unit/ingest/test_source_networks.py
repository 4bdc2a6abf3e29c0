"""An address that an operator types leads to cameras and nowhere else."""

import base64
from ipaddress import ip_address

import pytest
from pydantic import SecretStr

from payesh.ingest.adapters.live_sources import LiveSources
from payesh.ingest.adapters.rtsp import SourceFailure
from payesh.ingest.adapters.source_networks import SourceNetworks
from payesh.ingest.adapters.source_secrets import SourceSeal, StoredSource
from payesh.kit.networks import ForbiddenAddress, networks


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "169.254.169.254",
        "224.0.0.1",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",  # IPv4-compatible
        "[::169.254.169.254]",
        "[::ffff:0:127.0.0.1]",  # IPv4-translated
        "[64:ff9b::7f00:1]",  # NAT64
        "[64:ff9b::169.254.169.254]",
        "[64:ff9b:1::127.0.0.1]",  # NAT64, a prefix of the network's own, a /96
        "[64:ff9b:1:a9fe:a9:fe00::]",  # the same, 169.254.169.254 behind a /48
        "[64:ff9b:1:0:7f:0:100::]",  # 127.0.0.1 behind a /64
        "[2002:7f00:1::1]",  # 6to4
        "[2002:a9fe:a9fe::1]",
        "[2001:0:c000:201::80ff:fffe]",  # Teredo: the client is 127.0.0.1
        "[2001:0:a9fe:a9fe::3fff:fdfe]",  # Teredo: the server is 169.254.169.254
        "localhost",
    ],
)
def test_our_own_addresses_are_no_cameras_however_they_are_written(host: str) -> None:
    with pytest.raises(ForbiddenAddress):
        SourceNetworks().require(f"rtsp://{host}/live")


def test_any_other_address_may_be_one_and_a_list_is_exact() -> None:
    SourceNetworks().require("rtsp://192.0.2.1:8554/live")
    listed = SourceNetworks(networks("127.0.0.0/8, 10.1.0.0/16"))
    listed.require("rtsp://127.0.0.1/live")
    assert listed.allows(ip_address("10.1.2.3"))
    assert not listed.allows(ip_address("10.2.2.3"))
    with pytest.raises(ValueError, match="host bits"):
        networks("10.1.0.1/16")


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:10.1.2.3",
        "::10.1.2.3",
        "::ffff:0:10.1.2.3",
        "64:ff9b::10.1.2.3",
        "64:ff9b:1::10.1.2.3",
        "2002:a01:203::1",
        "2001:0:a01:203::f5fe:fdfc",
    ],
)
def test_an_address_that_carries_another_is_allowed_with_the_other_alone(
    address: str,
) -> None:
    assert SourceNetworks().allows(ip_address(address))
    assert SourceNetworks(networks("::/0, 10.1.0.0/16")).allows(ip_address(address))
    assert not SourceNetworks(networks("::/0, 10.2.0.0/16")).allows(ip_address(address))


def test_an_address_that_carries_none_is_judged_by_itself() -> None:
    listed = SourceNetworks(networks("2001:db8::/32"))
    assert listed.allows(ip_address("2001:db8::7f00:1"))
    assert not listed.allows(ip_address("2001:db9::7f00:1"))


def test_the_address_is_checked_again_before_a_connection() -> None:
    seal = SourceSeal(SecretStr(base64.urlsafe_b64encode(bytes(32)).decode()))
    source = StoredSource("rtsp://127.0.0.1/live", None, None)
    with pytest.raises(SourceFailure), LiveSources(seal, SourceNetworks(), 1, 1).open(source):
        raise AssertionError("a connection was opened")
    listed = LiveSources(seal, SourceNetworks(networks("127.0.0.0/8")), 1, 1)
    assert listed.address(source).url == source.url
