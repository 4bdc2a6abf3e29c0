"""One attempt at a delivery: to an address that was checked, and without redirects."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpcore
from httpcore import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream

from payesh.kit.certificates import trusted
from payesh.kit.networks import ForbiddenAddress, Networks

_TIMEOUT_S = 10.0
_ANSWER_BYTES = 4096
_CONNECTIONS = 16
MAX_URL = 500
PORTS = {"https": 443, "http": 80}


class NotSent(Exception):
    """An attempt failed; the text says why in a word, without anything of the receiver's answer."""


class BadUrl(ValueError):
    """An address that no delivery goes to. The text says why."""


class CheckedConnections(AsyncNetworkBackend):
    """Connects to the very address that was checked: a name that is resolved once more may lead
    elsewhere. TLS still holds the server to the name."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        try:
            places = await asyncio.to_thread(self._networks.addresses_of, host.strip("[]"), port)
        except ForbiddenAddress as error:
            raise httpcore.ConnectError("address not allowed") from error
        except OSError as error:
            raise httpcore.ConnectError("name not resolved") from error
        return await self._backend.connect_tcp(
            str(places[0].address[0]), port, timeout, local_address, socket_options
        )

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        raise httpcore.ConnectError("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class Sender:
    """Posts to endpoints within `networks`; `ca_file` is an authority to trust besides nothing
    else, the system's when None."""

    def __init__(self, networks: Networks, *, ca_file: Path | None = None) -> None:
        self._networks = networks
        verified: ssl.SSLContext = (
            trusted(ca_file) if ca_file is not None else ssl.create_default_context()
        )
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=verified,
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_CONNECTIONS,
            keepalive_expiry=5.0,
            network_backend=CheckedConnections(networks),
        )

    async def require(self, url: str) -> None:
        """Raises BadUrl for an address that no delivery may go to. A name that does not resolve
        today is accepted: it is checked again before each connection."""
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS.get(parts.scheme, 0)
        except ValueError:
            raise BadUrl("the URL cannot be read") from None
        if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
            raise BadUrl("the URL is at most 500 printable ASCII characters")
        if parts.scheme not in PORTS or not parts.hostname:
            raise BadUrl("the URL begins with https:// and a host")
        if parts.username is not None or parts.fragment:
            raise BadUrl("the URL has no user and no fragment: deliveries are signed instead")
        try:
            places = await asyncio.to_thread(self._networks.addresses_of, parts.hostname, port)
        except ForbiddenAddress as error:
            raise BadUrl(str(error)) from None
        except OSError:
            places = ()
        if parts.scheme == "http" and not all(_loopback(each.address[0]) for each in places):
            raise BadUrl("the URL begins with https://")

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the receiver's answer. Raises NotSent."""
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), _TIMEOUT_S)
        sent: list[tuple[str, str]] = [
            ("content-type", "application/json"),
            ("user-agent", "Payesh-Webhooks/1"),
            ("host", urlsplit(url).netloc),
            ("content-length", str(len(body))),
            *headers.items(),
        ]
        extensions: dict[str, Any] = {"timeout": timeouts}
        try:
            async with asyncio.timeout(2 * _TIMEOUT_S):
                async with self._pool.stream(
                    "POST", url, headers=sent, content=body, extensions=extensions
                ) as answer:
                    await _drain(answer)
                    return answer.status
        except TimeoutError:
            raise NotSent("no answer in time") from None
        except httpcore.TimeoutException:
            raise NotSent("no answer in time") from None
        except httpcore.ConnectError as error:
            raise NotSent(_why(error)) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            raise NotSent("the connection broke") from None

    async def close(self) -> None:
        await self._pool.aclose()


async def _drain(answer: httpcore.Response) -> None:
    """Read a short answer, so that the connection can be used again; a long one is cut off."""
    seen = 0
    async for part in answer.aiter_stream():
        seen += len(part)
        if seen > _ANSWER_BYTES:
            return


def _why(error: httpcore.ConnectError) -> str:
    text = str(error)
    if text in ("address not allowed", "name not resolved"):
        return text
    return "the certificate does not hold" if "CERTIFICATE" in text.upper() else "cannot connect"


def _loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"
