import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.support.tcp_proxy import TcpProxy


@pytest.fixture
async def proxy() -> AsyncIterator[TcpProxy]:
    """Before a server that sends back what it gets."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1024):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with TcpProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()


async def _say(proxy: TcpProxy, text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(text)
    answer = await reader.readexactly(len(text))
    writer.close()
    return answer


async def test_a_pause_holds_bytes_and_delivers_them_at_its_end(proxy: TcpProxy) -> None:
    proxy.pause()
    answer = asyncio.create_task(_say(proxy, b"hello"))
    await asyncio.sleep(0.1)
    assert not answer.done()
    await proxy.resume()
    assert await asyncio.wait_for(answer, 2) == b"hello"


async def test_a_cut_resets_refuses_and_can_be_undone_on_the_same_port(proxy: TcpProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"x")
    assert await reader.read(1) == b"x"
    await proxy.cut()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    with pytest.raises(ConnectionRefusedError):
        await _say(proxy, b"hello")
    await proxy.resume()
    assert await _say(proxy, b"hello") == b"hello"


async def test_a_delay_is_felt_each_way(proxy: TcpProxy) -> None:
    proxy.delay_s = 0.1
    started = time.monotonic()
    assert await _say(proxy, b"hello") == b"hello"
    assert time.monotonic() - started >= 0.2
