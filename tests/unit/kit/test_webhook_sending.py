"""Deliveries go to the address that was checked, over TLS that names its server, and no further."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from payesh.kit.networks import Networks, networks
from payesh.kit.webhooks.sending import BadUrl, NotSent, Sender
from tests.support.certificates import Authority, Certificate

LOOPBACK = Networks(networks("127.0.0.0/8"))
Answer = Callable[[asyncio.StreamWriter], Any]


@asynccontextmanager
async def listening(answer: bytes, certificate: Certificate | None = None) -> AsyncIterator[int]:
    """A server on loopback that answers every request with these bytes: its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    context = None if certificate is None else certificate.server_context()
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def sending(allowed: Networks, ca_file: Path | None = None) -> AsyncIterator[Sender]:
    sender = Sender(allowed, ca_file=ca_file)
    yield sender
    await sender.close()


NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),  # noqa: S104 - refused
        ("224.0.0.1", False),
        ("fd00::1", False),
        ("fe80::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_only_the_internet_is_reached_where_no_network_is_named(
    address: str, allowed: bool
) -> None:
    assert Networks(public=True).allows(ip_address(address)) is allowed


async def test_a_name_that_leads_elsewhere_later_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = ["8.8.8.8", "127.0.0.1"]

    def resolved(host: str, port: int, **_: Any) -> list[Any]:
        place = places.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port))]

    async with listening(NO_CONTENT) as port, sending(Networks(public=True)) as sender:
        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        url = f"https://receiver.example:{port}/"
        await sender.require(url)
        with pytest.raises(NotSent, match="address not allowed"):
            await sender.post(url, b"{}", {})
    assert places == []


async def test_one_allowed_address_beside_another_is_not_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolved(host: str, port: int, **_: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port))
            for place in ("127.0.0.1", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    async with sending(LOOPBACK) as sender:
        with pytest.raises(BadUrl):
            await sender.require("https://receiver.example/")


async def test_a_receiver_has_to_prove_its_name(tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path / "a"), Authority(tmp_path / "b", "stranger")
    named = authority.certificate("127.0.0.1", file="named")
    other = authority.certificate("elsewhere.example", file="other")
    async with listening(NO_CONTENT, named) as port:
        url = f"https://127.0.0.1:{port}/"
        async with sending(LOOPBACK, authority.ca_file) as sender:
            assert await sender.post(url, b"{}", {}) == 204
        async with sending(LOOPBACK, stranger.ca_file) as sender:
            with pytest.raises(NotSent, match="the certificate does not hold"):
                await sender.post(url, b"{}", {})
    async with listening(NO_CONTENT, other) as port, sending(LOOPBACK, authority.ca_file) as sender:
        with pytest.raises(NotSent, match="the certificate does not hold"):
            await sender.post(f"https://127.0.0.1:{port}/", b"{}", {})


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 302),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"a" * 100_000, 200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "the connection broke"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "the connection broke"),
        (b"", "the connection broke"),
    ],
)
async def test_whatever_a_receiver_answers_is_a_status_or_a_word(
    answer: bytes, outcome: int | str
) -> None:
    async with listening(answer) as port, sending(LOOPBACK) as sender:
        try:
            found: int | str = await sender.post(f"http://127.0.0.1:{port}/", b"{}", {})
        except NotSent as error:
            found = str(error)
    assert found == outcome
