"""Messages of RTSP 1.0 (RFC 2326) in a stream of bytes, between frames of interleaved media.

FFmpeg reads leniently: a status by `atoi`, a carriage return nowhere, a `$` at the beginning of any
line as a frame, the last of two lengths. What it could read otherwise than we do is refused or left
out, or a redirect would pass as something else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

LARGEST_HEAD_BYTES = 64 * 1024
LARGEST_BODY_BYTES = 1024 * 1024
_FRAME = ord("$")
_FRAME_HEAD_BYTES = 4
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_RESPONSE = re.compile(r"RTSP/[0-9]\.[0-9] +([1-5][0-9]{2})(?: .*)?")
_CONTROL = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_NAME = re.compile(r"[A-Za-z0-9!#%&'*+.^_`|~-]+")
"""A token of RFC 9110 without `$`."""
_LENGTH = re.compile(r"0*([0-9]{1,7})")
"""Python reads no number of any length."""


class NotRtsp(ValueError):
    """The bytes are no RTSP, or a message is larger than any camera's."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response. Headers keep their order and their names as they were written."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def status(self) -> int | None:
        """The status of a response, None for a request."""
        match = _RESPONSE.fullmatch(self.start)
        return None if match is None else int(match[1])

    @property
    def method(self) -> str:
        return self.start.partition(" ")[0].upper()

    @property
    def target(self) -> str:
        """A request's address; empty when it has none."""
        return [*self.start.split(" "), ""][1]

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each.lower() == name.lower()]

    def value(self, name: str) -> str | None:
        return next(iter(self.values(name)), None)

    def with_header(self, name: str, value: str | None) -> "Message":
        """The header set to one value in its place, at the end where there was none; None removes
        it."""
        lowered = name.lower()
        headers = [each for each in self.headers if each[0].lower() != lowered]
        if value is not None:
            names = [each.lower() for each, _ in self.headers]
            at = names.index(lowered) if lowered in names else len(headers)
            headers.insert(at, (name, value))
        return replace(self, headers=tuple(headers))

    def with_target(self, target: str) -> "Message":
        method, _, rest = self.start.partition(" ")
        return replace(self, start=f"{method} {target} {rest.rpartition(' ')[2]}")

    def to_bytes(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


class MessageReader:
    """Parts a stream into messages and runs of whole media frames, holding what is incomplete."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes | Message]:
        """What is complete with `data`: frames as they came, messages read. Raises NotRtsp."""
        held = self._held
        held += data
        place = 0
        try:
            while place < len(held):
                frames_end = _frames_end(held, place)
                if frames_end > place:
                    yield bytes(held[place:frames_end])
                    place = frames_end
                    continue
                if held[place] == _FRAME:
                    break
                message, end = _message(held, place)
                if message is None:
                    break
                place = end
                yield message
        finally:
            del held[:place]


def _frames_end(data: bytearray, place: int) -> int:
    """Where the run of whole frames and empty lines that begins at `place` ends."""
    size = len(data)
    while place < size:
        first = data[place]
        if first == _FRAME:
            if place + _FRAME_HEAD_BYTES > size:
                break
            end = place + _FRAME_HEAD_BYTES + (data[place + 2] << 8 | data[place + 3])
            if end > size:
                break
            place = end
        elif first in b"\r\n":
            place += 1
        else:
            break
    return place


def _message(data: bytearray, place: int) -> tuple[Message | None, int]:
    match = _END_OF_HEAD.search(data, place, place + LARGEST_HEAD_BYTES)
    if match is None:
        if len(data) - place >= LARGEST_HEAD_BYTES:
            raise NotRtsp("a head without an end")
        return None, place
    head = bytes(data[place : match.start()]).replace(b"\r\n", b"\n")
    if _CONTROL.search(head):
        raise NotRtsp("a head with control characters")
    start, *lines = head.decode("utf-8", "surrogateescape").split("\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and _NAME.fullmatch(name.strip()):
            headers.append((name.strip(), value.strip()))
    message = Message(start.strip(), tuple(headers))
    if message.method.startswith("RTSP/") and message.status is None:
        raise NotRtsp("a response of no acceptable status")
    length = _body_bytes(message)
    end = match.end() + length
    if end > len(data):
        return None, place
    return replace(message, body=bytes(data[match.end() : end])), end


def _body_bytes(message: Message) -> int:
    """The length that a head announces. Raises NotRtsp."""
    announced = message.values("Content-Length") or ["0"]
    match = _LENGTH.fullmatch(announced[0])
    if len(announced) > 1 or match is None or int(match[1]) > LARGEST_BODY_BYTES:
        raise NotRtsp("a body of no acceptable length")
    return int(match[1])
