"""A database that cannot be reached is unavailable, whatever error the network gives."""

import socket
from typing import Any

import pytest

from payesh.kit.database import Database
from payesh.kit.errors import DatabaseUnavailable


def refused_port() -> int:
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        return int(once.getsockname()[1])


async def ping(host: str) -> None:
    database = Database(f"postgresql+asyncpg://ingest:secret@{host}:{refused_port()}/ingest")
    try:
        await database.ping()
    finally:
        await database.close()


@pytest.mark.parametrize("host", ["absent.invalid", "127.0.0.1"])
async def test_an_absent_host_is_a_fault_of_the_database(host: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        await ping(host)


async def test_several_addresses_without_an_answer_are_a_fault_of_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def two(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.1", "127.0.0.2")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with pytest.raises(DatabaseUnavailable):
        await ping("database.test")


async def test_an_error_of_the_body_is_not_a_fault_of_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def connected(_: Any) -> None: ...

    monkeypatch.setattr("payesh.kit.database._connect", connected)
    database = Database("postgresql+asyncpg://ingest:secret@127.0.0.1:1/ingest")
    with pytest.raises(FileNotFoundError):
        async with database.transaction():
            raise FileNotFoundError("a defect")
    await database.close()
