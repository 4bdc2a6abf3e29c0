"""An RTSP 1.0 server (RFC 2326) for one camera; media are interleaved in the RTSP connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from payesh.local.camera.authentication import Credentials
from payesh.local.camera.broadcast import Broadcast
from payesh.local.camera.clip import Clip
from payesh.local.camera.rtp import describe
from payesh.local.camera.rtsp_messages import METHODS, Request, read_request, response

# A viewer that stops reading is disconnected: waiting for it would delay the others.
_LARGEST_BACKLOG_BYTES = 16 * 1024 * 1024

AtEnd = Literal["close", "hold"]
StartWhen = Literal["first-play", "now", "called"]


class RtspServer:
    """Serves one clip at rtsp://host:port/path to any number of viewers.

    start_when: the play clock starts at the first PLAY, when the server starts, or when
    `start()` is called. at_end: after a clip that does not loop, viewers get RTCP BYE and a closed
    connection, or a connection without frames; the server goes on answering in both cases.
    clock_skew_s: error of the wall clock in sender reports (for tests of that fault).
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
        state_file: Path | None = None,
    ) -> None:
        self.host, self.port, self.path = host, port, path.strip("/")
        self.credentials = credentials
        self.at_end = at_end
        self._start_when = start_when
        self._state_file = state_file
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self.broadcast = Broadcast(
            clip, loop=loop, clock_skew_s=clock_skew_s, on_change=self._write_state
        )

    @property
    def url(self) -> str:
        """Address without credentials."""
        return f"rtsp://{self.host}:{self.port}/{self.path}"

    @property
    def started_at(self) -> datetime | None:
        """Wall-clock time (UTC) of the video's frame 0; None before the start."""
        return self.broadcast.started_at

    async def open(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._write_state()
        if self._start_when == "now":
            self.start()

    def start(self, at: datetime | None = None) -> None:
        """Start the play clock: frame 0 is at `at` (now by default)."""
        self.broadcast.start(at)

    def played(self) -> None:
        """Note that a viewer has sent PLAY."""
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
        connection = _Connection(self, reader, writer)
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


class _Connection:
    """A client's connection: answers requests and, once it plays, is a viewer of the broadcast."""

    def __init__(
        self, server: RtspServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._nonce = secrets.token_hex(16)
        self._session: str | None = None
        self._channels = (0, 1)

    async def run(self) -> None:
        """Answer requests until the client closes the connection."""
        try:
            while (request := await read_request(self._reader)) is not None:
                if not self._answer(request):
                    break
                await self._writer.drain()
        except (
            ConnectionError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
        ):
            pass  # the fault of one client closes its own connection alone
        finally:
            self._server.broadcast.leave(self)
            self.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    def close(self) -> None:
        """Close once everything written has been sent."""
        self._writer.close()

    def abort(self) -> None:
        """Close at once, without sending what is still buffered."""
        self._writer.transport.abort()

    def send_media(self, packets: list[bytes]) -> None:
        """Send RTP packets on the media channel."""
        self._send(self._channels[0], packets)

    def send_control(self, packet: bytes) -> None:
        """Send one RTCP packet on the control channel."""
        self._send(self._channels[1], [packet])

    def end(self) -> None:
        """Send RTCP BYE and close, if the server closes connections at the end."""
        if self._server.at_end == "close":
            self.send_control(self._server.broadcast.packetizer.bye())
            self.close()

    def _send(self, channel: int, packets: list[bytes]) -> None:
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > _LARGEST_BACKLOG_BYTES:
            self._writer.transport.abort()
            return
        prefix = b"$" + bytes((channel,))
        self._writer.write(
            b"".join(p for item in packets for p in (prefix, len(item).to_bytes(2, "big"), item))
        )

    def _answer(self, request: Request) -> bool:
        """Answer one request; False when the connection is to be closed."""
        if request.method == "OPTIONS":
            self._respond(request, 200, {"Public": METHODS})
            return True
        credentials = self._server.credentials
        given = request.headers.get("authorization")
        if credentials and not credentials.accept(given, request.method, self._nonce):
            challenges = credentials.challenges(self._nonce)
            self._respond(request, 401, {"WWW-Authenticate": challenges})
            return True
        if not self._is_served(request.url):
            self._respond(request, 404)
            return True
        match request.method:
            case "DESCRIBE":
                self._describe(request)
            case "SETUP":
                self._set_up(request)
            case "PLAY":
                self._play(request)
            case "GET_PARAMETER" | "SET_PARAMETER":
                self._respond(request, 200)
            case "TEARDOWN":
                self._respond(request, 200)
                return False
            case _:
                self._respond(request, 501)
        return True

    def _is_served(self, url: str) -> bool:
        path = urlsplit(url).path.strip("/")
        return path in (self._server.path, f"{self._server.path}/trackID=0")

    def _describe(self, request: Request) -> None:
        body = describe(self._server.broadcast.clip, self._server.host)
        headers = {"Content-Type": "application/sdp", "Content-Base": f"{self._server.url}/"}
        self._respond(request, 200, headers, body)

    def _set_up(self, request: Request) -> None:
        offered = request.headers.get("transport", "")
        chosen = next((t for t in offered.split(",") if "RTP/AVP/TCP" in t.upper()), None)
        if chosen is None:
            self._respond(request, 461)
            return
        for parameter in chosen.split(";"):
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "interleaved":
                low, _, high = value.partition("-")
                media = int(low) & 0xFF
                self._channels = (media, int(high) & 0xFF if high else (media + 1) & 0xFF)
        self._session = self._session or secrets.token_hex(8)
        media, control = self._channels
        ssrc = f"{self._server.broadcast.packetizer.ssrc:08X}"
        transport = f"RTP/AVP/TCP;unicast;interleaved={media}-{control};ssrc={ssrc}"
        self._respond(request, 200, {"Transport": transport})

    def _play(self, request: Request) -> None:
        if self._session is None:
            self._respond(request, 455)
            return
        if request.headers.get("session", "").partition(";")[0].strip() != self._session:
            self._respond(request, 454)
            return
        self._server.played()
        self._respond(request, 200, {"Range": "npt=now-"})
        self._server.broadcast.join(self)

    def _respond(
        self,
        request: Request,
        status: int,
        headers: Mapping[str, str | list[str]] | None = None,
        body: str = "",
    ) -> None:
        self._writer.write(
            response(request, status, session=self._session, headers=headers, body=body)
        )
