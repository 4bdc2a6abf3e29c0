"""The network address that a request comes from, as the outermost of our own proxies saw it.

Each proxy appends the address of its caller to `X-Forwarded-For`, as a further entry or in a
further line; the lines are one list, in their order. What stands farther left than our proxies'
entries is what the sender wrote, so entries are counted from the right. RFC 7239's `Forwarded` is
not read: a proxy that does not know it passes on what the sender wrote.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from fastapi import Request

from payesh.kit import metrics

Address = IPv4Address | IPv6Address
UNKNOWN = "unknown"
"""What a peer is called that has no network address (a socket in the file system)."""


def client_address(request: Request, forwarded_hops: int) -> str:
    """The address in its canonical form, without a port; the connection's peer with 0 hops.

    The peer too where our proxies left no address at that place: a shared one, but none that a
    sender chose. That is counted in `payesh_unusable_forwarded_addresses`.
    """
    peer = request.client.host if request.client else UNKNOWN
    if forwarded_hops == 0:
        return str(_parsed(peer) or peer)
    forwarded = _forwarded(request.headers.getlist("x-forwarded-for"), forwarded_hops)
    if forwarded is None:
        metrics.forwarded_unusable.inc()
    return str(forwarded or _parsed(peer) or peer)


def _forwarded(lines: Sequence[str], hops: int) -> Address | None:
    entries = ",".join(lines).split(",")
    return _parsed(entries[-hops]) if len(entries) >= hops else None


def _parsed(entry: str) -> Address | None:
    """`192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`; None for anything else.

    An IPv4 address that is mapped into IPv6 is the IPv4 address; a zone is left out.
    """
    host = entry.strip()
    if host.startswith("["):
        host, bracket, port = host[1:].partition("]")
        if not bracket or (port and not _is_port(port)):
            return None
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
        if not _is_port(":" + port):
            return None
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_port(text: str) -> bool:
    return text[0] == ":" and len(text) <= 6 and text[1:].isascii() and text[1:].isdigit()
