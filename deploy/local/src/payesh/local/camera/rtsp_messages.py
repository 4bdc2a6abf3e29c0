"""Requests and responses of RTSP 1.0 (RFC 2326), on a connection with interleaved media."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
_LARGEST_HEAD_BYTES = 16 * 1024
_LARGEST_BODY_BYTES = 64 * 1024
_REASONS = {
    200: "OK",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body; header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request, None when the client has closed the connection.

    Receiver reports that come between requests are skipped. Raises ValueError for what is no
    request or too large, and what the reader raises.
    """
    while True:
        first = await reader.read(1)
        if not first:
            return None
        if first == b"$":
            head = await reader.readexactly(3)
            await reader.readexactly(int.from_bytes(head[1:], "big"))
            continue
        if first in b"\r\n":
            continue
        break
    raw = first + await reader.readuntil(b"\r\n\r\n")
    if len(raw) > _LARGEST_HEAD_BYTES:
        raise ValueError("request too long")
    lines = raw.decode("utf-8", "replace").split("\r\n")
    method, url, _ = lines[0].split(" ", 2)
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    body_bytes = int(headers.get("content-length", "0"))
    if not 0 <= body_bytes <= _LARGEST_BODY_BYTES:
        raise ValueError("body too long")
    await reader.readexactly(body_bytes)
    return Request(method, url, headers)


def response(
    request: Request,
    status: int,
    *,
    session: str | None,
    headers: Mapping[str, str | list[str]] | None = None,
    body: str = "",
) -> bytes:
    """The response to a request, of the session where there is one; a header with a list as its
    value is repeated."""
    lines = [f"RTSP/1.0 {status} {_REASONS[status]}"]
    lines.append(f"CSeq: {request.headers.get('cseq', '0')}")
    if session:
        lines.append(f"Session: {session};timeout=60")
    for name, value in (headers or {}).items():
        lines += [f"{name}: {each}" for each in ([value] if isinstance(value, str) else value)]
    content = body.encode()
    if content:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
