"""One client's RTSP connection; once it plays, it is a viewer of the broadcast."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from payesh.local.camera.authentication import Credentials
from payesh.local.camera.broadcast import Broadcast
from payesh.local.camera.rtp import describe
from payesh.local.camera.rtsp_messages import METHODS, Request, read_request, response

# A viewer that stops reading is disconnected: waiting for it would delay the others.
_LARGEST_BACKLOG_BYTES = 16 * 1024 * 1024

AtEnd = Literal["close", "hold"]


@dataclass(frozen=True, slots=True)
class Served:
    """What every connection of a server serves. `on_play` is called at each PLAY, `on_request` with
    each request before it is answered; `redirect_to` is the address to which it sends viewers."""

    broadcast: Broadcast
    host: str
    path: str
    url: str
    credentials: Credentials | None
    at_end: AtEnd
    on_play: Callable[[], None]
    on_request: Callable[[Request], None]
    redirect_to: str | None = None


class Connection:
    """A client's connection: answers requests and, once it plays, is a viewer of the broadcast."""

    def __init__(
        self, served: Served, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._served, self._reader, self._writer = served, reader, writer
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
            self._served.broadcast.leave(self)
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
        if self._served.at_end == "close":
            self.send_control(self._served.broadcast.packetizer.bye())
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
        self._served.on_request(request)
        if request.method == "OPTIONS":
            self._respond(request, 200, {"Public": METHODS})
            return True
        credentials = self._served.credentials
        given = request.headers.get("authorization")
        if credentials and not credentials.accept(given, request.method, self._nonce):
            challenges = credentials.challenges(self._nonce)
            self._respond(request, 401, {"WWW-Authenticate": challenges})
            return True
        if self._served.redirect_to is not None:
            self._respond(request, 302, {"Location": self._served.redirect_to})
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
        return path in (self._served.path, f"{self._served.path}/trackID=0")

    def _describe(self, request: Request) -> None:
        body = describe(self._served.broadcast.clip, self._served.host)
        headers = {"Content-Type": "application/sdp", "Content-Base": f"{self._served.url}/"}
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
        ssrc = f"{self._served.broadcast.packetizer.ssrc:08X}"
        transport = f"RTP/AVP/TCP;unicast;interleaved={media}-{control};ssrc={ssrc}"
        self._respond(request, 200, {"Transport": transport})

    def _play(self, request: Request) -> None:
        if self._session is None:
            self._respond(request, 455)
            return
        if request.headers.get("session", "").partition(";")[0].strip() != self._session:
            self._respond(request, 454)
            return
        self._served.on_play()
        self._respond(request, 200, {"Range": "npt=now-"})
        self._served.broadcast.join(self)

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
