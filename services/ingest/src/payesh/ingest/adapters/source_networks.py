"""Networks that sources may be in: an address that an operator enters must not lead to our own."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


PORT, TLS_PORT = 554, 322


class SocketAddress(NamedTuple):
    """Where to connect: an address family and a socket address, which no name stands in."""

    family: int
    address: tuple[Any, ...]


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

    def require(self, url: str) -> tuple[SocketAddress, ...]:
        """The addresses that the URL leads to, in the order to try them. Resolves, which blocks.

        Connect to these: a name that is resolved once more may lead elsewhere. Every address has
        to be allowed. Raises ForbiddenAddress; OSError when the name does not resolve; ValueError
        for a bad URL.
        """
        parts = urlsplit(url)
        port = parts.port or (TLS_PORT if parts.scheme == "rtsps" else PORT)
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        places = tuple(SocketAddress(each[0], each[4]) for each in found)
        if not all(self.allows(ip_address(each.address[0])) for each in places):
            raise ForbiddenAddress()
        return places
