"""Replicas behind one address: each new connection goes to the next of them."""

import asyncio
from types import TracebackType
from typing import Self

from payesh.local.engines.ports import free_port
from tests.support.tcp_proxy import TcpProxy


class RoundRobin:
    """A TCP balancer without health checks. Its port is known before any replica listens.

    Close connections after each request to reach another replica with the next one.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self._ways: list[TcpProxy] = []
        self._next = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, port: int) -> None:
        """Let a replica at that port of this machine take its turn."""
        self._ways.append(TcpProxy("127.0.0.1", port))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for way in self._ways:
            await way.stop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = self._ways[self._next % len(self._ways)]
        self._next += 1
        await way.accept(reader, writer)
