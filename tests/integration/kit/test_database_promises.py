"""What a pool promises of connections that broke while they were idle."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from payesh.kit.database import Database
from tests.support.tcp_proxy import TcpProxy

_OTHERS = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid = ANY(CAST(:pids AS int[]))
""")


async def backends(database: Database, count: int) -> list[int]:
    """The server's processes behind `count` connections, which are idle afterwards."""
    together = asyncio.Barrier(count)

    async def backend() -> int:
        async with database.transaction() as session:
            pid: int = await session.scalar(text("SELECT pg_backend_pid()"))
            await together.wait()
            return pid

    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(backend()) for _ in range(count)]
    return [each.result() for each in asked]


async def test_connections_closed_by_the_server_are_replaced_unnoticed(database, kit_database_url):
    closed = await backends(database, 3)
    other = Database(kit_database_url)
    async with other.transaction() as session:
        await session.execute(_OTHERS, {"pids": closed})
    await other.close()
    await asyncio.sleep(0.2)
    replaced = await backends(database, 3)
    assert not set(closed) & set(replaced)


async def test_a_connection_cut_off_in_silence_is_found_after_it_was_idle_for_long(
    database, kit_database_url, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("payesh.kit.database.PING_AFTER_IDLE_S", 0.05)
    url = make_url(kit_database_url)
    assert url.host is not None
    assert url.port is not None
    async with TcpProxy(url.host, url.port) as proxy:
        near = url.set(host="127.0.0.1", port=proxy.port)
        far = Database(near.render_as_string(hide_password=False))
        closed = await backends(far, 2)
        proxy.pause()
        async with database.transaction() as session:
            await session.execute(_OTHERS, {"pids": closed})
        await asyncio.sleep(0.1)
        next_ones = asyncio.create_task(backends(far, 2))
        await asyncio.sleep(0.2)
        await proxy.resume()
        assert not set(closed) & set(await next_ones)
        await far.close()
