"""Networks that sources may be in: an address that an operator enters must not lead to our own."""

from urllib.parse import urlsplit

from payesh.kit.networks import Networks, SocketAddress

PORT, TLS_PORT = 554, 322


class SourceNetworks(Networks):
    """Networks that cameras may be in."""

    __slots__ = ()

    def require(self, url: str) -> tuple[SocketAddress, ...]:
        """The addresses that a camera's URL leads to, as `addresses_of` finds them.

        Raises ForbiddenAddress; OSError when the name does not resolve; ValueError for a bad URL.
        """
        parts = urlsplit(url)
        port = parts.port or (TLS_PORT if parts.scheme == "rtsps" else PORT)
        return self.addresses_of(parts.hostname, port)
