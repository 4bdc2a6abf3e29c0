"""An address that an operator types leads to cameras and nowhere else."""

import base64
from ipaddress import ip_address

import pytest
from pydantic import SecretStr

from payesh.ingest.adapters.live_sources import LiveSources
from payesh.ingest.adapters.rtsp import SourceFailure
from payesh.ingest.adapters.source_networks import ForbiddenAddress, SourceNetworks, networks
from payesh.ingest.adapters.source_secrets import SourceSeal, StoredSource


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


def test_the_address_is_checked_again_before_a_connection() -> None:
    seal = SourceSeal(SecretStr(base64.urlsafe_b64encode(bytes(32)).decode()))
    source = StoredSource("rtsp://127.0.0.1/live", None, None)
    with pytest.raises(SourceFailure), LiveSources(seal, SourceNetworks(), 1, 1).open(source):
        raise AssertionError("a connection was opened")
    listed = LiveSources(seal, SourceNetworks(networks("127.0.0.0/8")), 1, 1)
    assert listed.address(source).url == source.url
