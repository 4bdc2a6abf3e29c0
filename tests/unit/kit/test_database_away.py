"""A database that cannot be reached is away, in whatever words the network says so."""

import socket

import pytest

from payesh.kit.database import Database
from payesh.kit.errors import DatabaseUnavailable


def refused_port() -> int:
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        return once.getsockname()[1]


async def ping(host: str) -> None:
    database = Database(f"postgresql+asyncpg://ingest:secret@{host}:{refused_port()}/ingest")
    try:
        await database.ping()
    finally:
        await database.close()


@pytest.mark.parametrize("host", ["nowhere.invalid", "127.0.0.1"])
async def test_a_host_that_is_not_there_is_a_fault_of_the_database(host):
    with pytest.raises(DatabaseUnavailable):
        await ping(host)


async def test_so_are_several_addresses_of_which_none_answers(monkeypatch):
    def two(host, port, *others, **more):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.1", "127.0.0.2")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with pytest.raises(DatabaseUnavailable):
        await ping("database.test")


async def test_an_error_of_the_body_is_not_blamed_on_the_database(monkeypatch):
    async def connected(session):
        return None

    monkeypatch.setattr("payesh.kit.database._connect", connected)
    database = Database("postgresql+asyncpg://ingest:secret@127.0.0.1:1/ingest")
    with pytest.raises(FileNotFoundError):
        async with database.transaction():
            raise FileNotFoundError("a bug")
    await database.close()
