"""What leaves this machine is encrypted: addresses that may be reached in plain text."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

_UNREADABLE = "?"  # the address of no machine


def is_loopback(host: str | None) -> bool:
    """Whether the host is this machine by its own word; no name is resolved."""
    if host in (None, "", "localhost"):  # None: a socket in the file system
        return True
    try:
        return ip_address(str(host).strip("[]")).is_loopback
    except ValueError:
        return False


def hosts_of(url: str) -> list[str | None]:
    """The host of an address, and those that SQLAlchemy takes from `host` in its query.

    An address that cannot be read has one that is not loopback; why not would hold parts of it.
    """
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query).get("host", [])
        return [parts.hostname, *(urlsplit(f"//{each}").hostname for each in asked)]
    except ValueError:
        return [_UNREADABLE]


def require_encrypted(hosts: Iterable[str | None], *, encrypted: bool, remedy: str) -> None:
    """Raises ValueError with the remedy for a connection in plain text that leaves this machine."""
    if not encrypted and not all(map(is_loopback, hosts)):
        raise ValueError(f"the connection leaves this machine in plain text: {remedy}")


def require_https(url: str, *, otherwise_encrypted: bool, remedy: str) -> None:
    """The same for an address of HTTP. Raises ValueError."""
    encrypted = url.lower().startswith("https:") or otherwise_encrypted
    require_encrypted(hosts_of(url), encrypted=encrypted, remedy=remedy)
