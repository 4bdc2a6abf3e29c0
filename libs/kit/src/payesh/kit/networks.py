"""Where a connection may lead: what a caller enters must not lead to our own machines."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IPv4-compatible (RFC 4291), IPv4-translated (RFC 2765) and NAT64's well-known prefix (RFC 6052)
# end with the IPv4 address.
_ENDING_WITH_IPV4 = tuple(map(IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96")))
# A network picks a prefix of its own below this one (RFC 8215), and its length says where the IPv4
# address lies.
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_THIS_NETWORK = IPv4Network("0.0.0.0/8")


class SocketAddress(NamedTuple):
    """Where to connect: an address family and a socket address, which no name stands in."""

    family: int
    address: tuple[Any, ...]


class ForbiddenAddress(Exception):
    """A name leads to an address that is not allowed."""


def networks(text: str) -> tuple[Network, ...]:
    """Comma-separated CIDR networks. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class Networks:
    """Networks that are `allowed`; when empty, all but loopback, link-local, multicast and
    unspecified addresses, and with `public` the Internet's addresses alone."""

    allowed: Sequence[Network] = ()
    public: bool = False

    def allows(self, address: Address) -> bool:
        """Whether the address may be connected to; an IPv4 address that it carries has to be
        allowed as well, because a translator or a tunnel leads there."""
        if isinstance(address, IPv6Address):
            if address.ipv4_mapped is not None:
                return self._allows(address.ipv4_mapped)
            return self._allows(address) and all(map(self._allows, _carried(address)))
        return self._allows(address)

    def _allows(self, address: Address) -> bool:
        if self.allowed:
            return any(address in network for network in self.allowed)
        if self.public:
            return address.is_global and not address.is_multicast
        return not (
            address.is_loopback
            or address.is_link_local
            or address.is_multicast
            or address.is_unspecified
        )

    def addresses_of(self, host: str | None, port: int) -> tuple[SocketAddress, ...]:
        """The addresses that the host has, in the order to try them. Resolves, which blocks.

        Connect to these: a name that is resolved once more may lead elsewhere. Every address has
        to be allowed. Raises ForbiddenAddress; OSError when the name does not resolve.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        places = tuple(SocketAddress(each[0], each[4]) for each in found)
        if not all(self.allows(ip_address(each.address[0])) for each in places):
            raise ForbiddenAddress("the address is in no network that is allowed")
        return places


def _carried(address: IPv6Address) -> Sequence[IPv4Address]:
    """The IPv4 addresses that a translator or a tunnel may read from an IPv6 address."""
    if any(address in network for network in _ENDING_WITH_IPV4):
        return [IPv4Address(address.packed[12:])]
    if address in _LOCAL_NAT64:
        return _below_local_prefix(address.packed)
    if address.sixtofour is not None:
        return [address.sixtofour]
    return address.teredo or []


def _below_local_prefix(packed: bytes) -> Sequence[IPv4Address]:
    """The address behind a prefix of 48, 56, 64 and 96 bits (RFC 6052, 2.2; octet 8 is skipped).

    Which length is in use is not known here. A reading of the wrong length mostly falls into
    0.0.0.0/8, where nothing is; those are left out beside others.
    """
    without_octet_8 = packed[:8] + packed[9:]
    readings = [IPv4Address(without_octet_8[at : at + 4]) for at in (6, 7, 8)]
    readings.append(IPv4Address(packed[12:]))
    return [each for each in readings if each not in _THIS_NETWORK] or [IPv4Address(0)]
