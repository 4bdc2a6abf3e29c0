"""Networks that sources may be in: an address that an operator enters must not lead to our own."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class ForbiddenAddress(Exception):
    """The source resolves to an address that no camera may have."""

    def __init__(self) -> None:
        super().__init__("the source's address is not in a network that cameras may be in")


def networks(text: str) -> tuple[Network, ...]:
    """Comma-separated CIDR networks. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class SourceNetworks:
    """Networks that are `allowed`; when empty, all but loopback, link-local, multicast and
    unspecified addresses."""

    allowed: Sequence[Network] = ()

    def allows(self, address: Address) -> bool:
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if self.allowed:
            return any(address in network for network in self.allowed)
        return not (
            address.is_loopback
            or address.is_link_local
            or address.is_multicast
            or address.is_unspecified
        )

    def require(self, url: str) -> None:
        """Resolves, which blocks. Every address counts: FFmpeg may take any of them.

        Raises ForbiddenAddress; OSError when the name does not resolve; ValueError for a bad URL.
        """
        parts = urlsplit(url)
        found = socket.getaddrinfo(parts.hostname, parts.port or 554, type=socket.SOCK_STREAM)
        if not all(self.allows(ip_address(each[4][0])) for each in found):
            raise ForbiddenAddress()
