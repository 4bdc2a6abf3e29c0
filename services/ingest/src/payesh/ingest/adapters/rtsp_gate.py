"""The way from FFmpeg to a camera: FFmpeg connects to a door of ours on the loopback, and what goes
through is read (`domain/rtsp_session.py`).

FFmpeg by itself resolves a name once more, follows a redirect to any host, and sends the password
there as Basic where that is asked for; no option of it forbids any of these.
"""

import contextlib
import secrets
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from payesh.ingest.domain.rtsp_messages import Message, MessageReader, NotRtsp
from payesh.ingest.domain.rtsp_session import BasicOnly, NoVideo, Redirected, RtspSession

_LOOPBACK = "127.0.0.1"
_TICK_S = 0.5
_PIECE_BYTES = 256 * 1024
_MOST_WAITING_BYTES = 1024 * 1024
"""Beyond this the other side is read no further: TCP holds the sender back."""

Refusal = Redirected | BasicOnly | NoVideo | NotRtsp


class RtspGate:
    """One session's gate, in a thread of its own while the context lasts.

    `camera` is connected and becomes the gate's; `session` gets the URL that FFmpeg asks under.
    `refusal` is why the gate ended the session, None while it did not.
    """

    def __init__(
        self,
        camera: socket.socket,
        session: Callable[[str], RtspSession],
        *,
        patience_s: float,
    ) -> None:
        self._camera = camera
        self._door = socket.create_server((_LOOPBACK, 0), backlog=1)
        # The token keeps out whoever else on this machine finds the door.
        port = self._door.getsockname()[1]
        self.url = f"rtsp://{_LOOPBACK}:{port}/{secrets.token_hex(16)}"
        self.refusal: Refusal | None = None
        self._session = session(self.url)
        self._patience_s = patience_s
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rtsp-gate", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leaving.set()
        # FFmpeg has closed its connection by now; what it sent last, the farewell, is passed on.
        self._thread.join(2 * _TICK_S)
        with contextlib.suppress(OSError):
            # Not the method of a TLS socket, which would turn it into a plain one in mid-read.
            socket.socket.shutdown(self._camera, socket.SHUT_RDWR)
        self._thread.join()

    def _run(self) -> None:
        player: socket.socket | None = None
        try:
            player = self._entered()
            if player is not None:
                self._relay(player)
        except (Redirected, BasicOnly, NoVideo, NotRtsp) as refusal:
            self.refusal = refusal
        except OSError:
            pass  # FFmpeg sees its connection end, and the recorder connects anew
        finally:
            for each in (self._door, self._camera, player):
                if each is not None:
                    each.close()

    def _entered(self) -> socket.socket | None:
        """FFmpeg's connection, None when it does not come."""
        self._door.settimeout(_TICK_S)
        deadline = time.monotonic() + self._patience_s
        while time.monotonic() < deadline and not self._leaving.is_set():
            try:
                player, _ = self._door.accept()
            except TimeoutError:
                continue
            self._door.close()
            player.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return player
        return None

    def _relay(self, player: socket.socket) -> None:
        to_camera, to_player = _Side(self._camera), _Side(player)
        with selectors.DefaultSelector() as selector:
            for side in (to_camera, to_player):
                side.socket.setblocking(False)
                selector.register(side.socket, selectors.EVENT_READ, side)
            while True:
                for key, events in selector.select(_TICK_S):
                    if events & selectors.EVENT_WRITE:
                        key.data.flush()
                # TLS may hold bytes of which the selector knows nothing: both are asked each time.
                for side, other in ((to_camera, to_player), (to_player, to_camera)):
                    if other.waiting < _MOST_WAITING_BYTES:
                        for each in side.received():
                            self._pass(each, side is to_player, to_camera, to_player)
                    if side.ended:
                        other.flush_last(self._patience_s)
                        return
                for side, other in ((to_camera, to_player), (to_player, to_camera)):
                    side.flush()
                    reads = selectors.EVENT_READ if other.waiting < _MOST_WAITING_BYTES else 0
                    writes = selectors.EVENT_WRITE if side.waiting else 0
                    _watch(selector, side, reads | writes)

    def _pass(
        self, each: bytes | Message, by_player: bool, to_camera: "_Side", to_player: "_Side"
    ) -> None:
        if isinstance(each, bytes):
            (to_camera if by_player else to_player).write(each)
            return
        pass_on = self._session.from_player if by_player else self._session.from_camera
        exchange = pass_on(each)
        to_camera.write(exchange.to_camera)
        to_player.write(exchange.to_player)


class _Side:
    """One of the two connections: what came from it, and what waits to be written to it."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.ended = False
        self._reader = MessageReader()
        self._waiting = bytearray()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def received(self) -> list[bytes | Message]:
        """What is there by now. Raises NotRtsp, OSError."""
        try:
            data = self.socket.recv(_PIECE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return []
        self.ended = not data
        return list(self._reader.feed(data))

    def write(self, data: bytes) -> None:
        self._waiting += data

    def flush(self) -> None:
        """Write what the connection takes now. Raises OSError."""
        while self._waiting:
            try:
                sent = self.socket.send(self._waiting)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            del self._waiting[:sent]

    def flush_last(self, within_s: float) -> None:
        """The other side has ended: what waits is written before this one ends, too."""
        self.socket.settimeout(within_s)
        self.socket.sendall(self._waiting)
        self._waiting.clear()


def _watch(selector: selectors.BaseSelector, side: _Side, events: int) -> None:
    known = selector.get_map().get(side.socket)
    if known is not None and known.events == events:
        return
    if known is not None:
        selector.unregister(side.socket)
    if events:
        selector.register(side.socket, events, side)
