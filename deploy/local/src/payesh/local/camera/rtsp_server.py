"""An RTSP 1.0 server (RFC 2326) for one camera; media are interleaved in the RTSP connection."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

from payesh.local.camera.authentication import Credentials
from payesh.local.camera.broadcast import Broadcast
from payesh.local.camera.clip import Clip
from payesh.local.camera.connection import AtEnd, Connection, Served
from payesh.local.camera.rtsp_messages import Request

StartWhen = Literal["first-play", "now", "called"]


class RtspServer:
    """Serves one clip at rtsp://host:port/path to any number of viewers.

    start_when: the play clock starts at the first PLAY, when the server starts, or when
    `start()` is called. at_end: after a clip that does not loop, viewers get RTCP BYE and a closed
    connection, or a connection without frames; the server goes on answering in both cases.
    clock_skew_s: error of the wall clock in sender reports (for tests of that fault).
    redirect_to: the address to which viewers are sent instead of being served (for tests, too).
    tls: serves rtsps://, with this certificate.
    state_file: the file to which the bound port and the wall-clock time of the first frame are
    written.
    """

    def __init__(
        self,
        clip: Clip,
        *,
        credentials: Credentials | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        path: str = "live",
        loop: bool = False,
        at_end: AtEnd = "close",
        start_when: StartWhen = "first-play",
        clock_skew_s: float = 0.0,
        redirect_to: str | None = None,
        tls: ssl.SSLContext | None = None,
        on_request: Callable[[Request], None] = lambda _request: None,
        state_file: Path | None = None,
    ) -> None:
        self.host, self.port, self.path = host, port, path.strip("/")
        self.credentials = credentials
        self.at_end = at_end
        self._start_when = start_when
        self._redirect_to = redirect_to
        self._tls = tls
        self._on_request = on_request
        self._state_file = state_file
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self.broadcast = Broadcast(
            clip, loop=loop, clock_skew_s=clock_skew_s, on_change=self._write_state
        )

    @property
    def url(self) -> str:
        """Address without credentials."""
        scheme = "rtsp" if self._tls is None else "rtsps"
        return f"{scheme}://{self.host}:{self.port}/{self.path}"

    @property
    def started_at(self) -> datetime | None:
        """Wall-clock time (UTC) of the video's frame 0; None before the start."""
        return self.broadcast.started_at

    async def open(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self._tls)
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._write_state()
        if self._start_when == "now":
            self.start()

    def start(self, at: datetime | None = None) -> None:
        """Start the play clock: frame 0 is at `at` (now by default)."""
        self.broadcast.start(at)

    def _on_play(self) -> None:
        """Start the play clock at the first PLAY, where that is wanted."""
        if self._start_when == "first-play":
            self.start()

    async def close(self) -> None:
        """Stop sending and listening; close every connection."""
        await self.broadcast.stop()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for connection in self._connections.values():
            connection.abort()
        if self._connections:
            await asyncio.wait(tuple(self._connections), timeout=2)

    async def __aenter__(self) -> RtspServer:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served = Served(
            self.broadcast,
            self.host,
            self.path,
            self.url,
            self.credentials,
            self.at_end,
            on_play=self._on_play,
            on_request=self._on_request,
            redirect_to=self._redirect_to,
        )
        connection = Connection(served, reader, writer)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("asyncio serves every connection in a task")
        self._connections[task] = connection
        try:
            await connection.run()
        finally:
            del self._connections[task]

    def _write_state(self) -> None:
        if self._state_file is None:
            return
        clip, started_at = self.broadcast.clip, self.started_at
        document = {
            "url": self.url,
            "host": self.host,
            "port": self.port,
            "path": self.path,
            "pid": os.getpid(),
            "codec": clip.codec,
            "fps": clip.fps,
            "frames": len(clip.units),
            "duration_s": round(clip.duration_s, 6),
            "started_at": started_at.isoformat() if started_at else None,
            "ended": self.broadcast.ended.is_set(),
        }
        temporary = self._state_file.with_suffix(".part")
        temporary.write_text(json.dumps(document, indent=1), encoding="utf-8")
        temporary.replace(self._state_file)
