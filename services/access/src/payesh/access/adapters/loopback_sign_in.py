"""Signing in from a command line: a browser on this machine, a callback on its loopback address.

RFC 8252 (native apps), RFC 7636 (PKCE), RFC 8707 (`resource`).
"""

import asyncio
import base64
import hashlib
import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from payesh.contracts.audiences import audience_of

_TIMEOUT_S = 30.0
_LONGEST_REQUEST = 16 * 1024
_DONE = "ورود انجام شد؛ این صفحه را ببندید. Signed in: close this page."


class SignInFailed(Exception):
    """No token came of it; the text says why and names no secret."""


@dataclass(frozen=True, slots=True)
class CommandClient:
    """The client of the command line, registered for the grant `authorization_code` with
    `redirect_uri`, an `http://127.0.0.1` address with a port and a path."""

    access_url: str
    client_id: str
    client_secret: str
    redirect_uri: str
    ca_file: Path | None = None


async def sign_in(
    client: CommandClient,
    *,
    service: str,
    scopes: Sequence[str],
    show: Callable[[str], None],
    timeout_s: float,
) -> str:
    """An access token of the person who signs in at the address that `show` is given.

    The address is answered once, on the loopback address alone, and for the `state` that it was
    shown with. Without `scopes` the token has all that the client and the person have at the
    service. Raises SignInFailed.
    """
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    answered: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
    place = urlsplit(client.redirect_uri)
    if place.scheme != "http" or place.hostname != "127.0.0.1" or not place.port:
        raise SignInFailed("the redirect address is no http://127.0.0.1:PORT/PATH")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), _TIMEOUT_S)
            asked = _asked(line, place.path, state)
            if asked is not None and not answered.done():
                answered.set_result(asked)
            writer.write(_page(None if asked is None else _DONE))
            await writer.drain()
        except (TimeoutError, ValueError, ConnectionError):
            pass  # another program that tried the port; the browser's request may still come
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(answer, "127.0.0.1", place.port, limit=_LONGEST_REQUEST)
    except OSError as error:
        raise SignInFailed(f"port {place.port} of 127.0.0.1 is taken") from error
    async with server:
        show(_address(client, service, scopes, state, verifier))
        try:
            came = await asyncio.wait_for(answered, timeout_s)
        except TimeoutError:
            raise SignInFailed(f"nobody signed in for {timeout_s:.0f} s") from None
    if "code" not in came:
        raise SignInFailed(f"access answered {came.get('error', 'without a code')}")
    return await _redeemed(client, service, came["code"], verifier)


def _address(
    client: CommandClient, service: str, scopes: Sequence[str], state: str, verifier: str
) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "resource": audience_of(service),
    }
    if scopes:
        asked["scope"] = " ".join(scopes)
    return f"{client.access_url.rstrip('/')}/oauth/authorize?{urlencode(asked)}"


def _asked(line: bytes, path: str, state: str) -> dict[str, str] | None:
    """The answer in a request's first line; None for any other request than the one waited for."""
    method, _, rest = line.decode("ascii").partition(" ")
    target = urlsplit(rest.partition(" ")[0])
    query = {name: values[0] for name, values in parse_qs(target.query).items()}
    is_ours = secrets.compare_digest(query.get("state", "").encode(), state.encode())
    return query if method == "GET" and target.path == path and is_ours else None


def _page(text: str | None) -> bytes:
    status = "200 OK" if text else "404 Not Found"
    body = (text or "").encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


async def _redeemed(client: CommandClient, service: str, code: str, verifier: str) -> str:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
        "resource": audience_of(service),
    }
    trusted: Any = True
    if client.ca_file is not None:
        trusted = ssl.create_default_context(cafile=str(client.ca_file))
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, verify=trusted) as http:
            answer = await http.post(
                f"{client.access_url.rstrip('/')}/oauth/token",
                data=form,
                auth=(client.client_id, client.client_secret),
            )
            body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise SignInFailed(f"access gave no answer: {type(error).__name__}") from error
    token = body.get("access_token")
    if not answer.is_success or not isinstance(token, str):
        raise SignInFailed(f"access gave no token: {body.get('error', answer.status_code)}")
    return token
