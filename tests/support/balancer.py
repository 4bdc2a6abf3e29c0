"""A TCP balancer: one address, and each connection goes to the next target in turn."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle

_CHUNK_BYTES = 64 * 1024


class Balancer:
    """`address` in front of its targets (host, port); `taken` counts each one's connections."""

    def __init__(self, targets: Sequence[tuple[str, int]]) -> None:
        self.taken = dict.fromkeys(targets, 0)
        self.address = ""
        self._next = cycle(targets)

    @asynccontextmanager
    async def running(self, port: int) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = next(self._next)
        self.taken[target] += 1
        far_reader, far_writer = await asyncio.open_connection(*target)
        try:
            with suppress(OSError):
                await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))
        finally:
            far_writer.close()
            writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    writer.close()
