"""Calls to a counterpart: signed, bounded in time, size and tries, repeatable by their key."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from payesh.kit.errors import DependencyFault, PayeshError
from payesh.kit.signed_requests import signed_headers

_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_TRIES = 3
_PAUSE_S = 0.2
_MOST_BYTES = 64 * 1024
_CLIENT_FAULT = range(400, 500)
_LATER = (408, 425, 429)


class CounterpartRefused(PayeshError):
    """The counterpart answered and will not: another try would be refused alike."""

    def __init__(self, counterpart: str, status: int) -> None:
        super().__init__(f"{counterpart} refused with status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Counterpart:
    """Where a counterpart is, and the secret that is shared with it."""

    name: str
    url: str
    secret: bytes

    async def post(self, path: str, body: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """The answer's object. The same `key` makes the same thing once, however often it is sent.

        Raises CounterpartRefused, and DependencyFault after three tries without an answer.
        """
        request = httpx.Request("POST", self.url.rstrip("/") + path, json=dict(body))
        fault = "no answer"
        async with httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False) as client:
            for attempt in range(_TRIES):
                if attempt:
                    await asyncio.sleep(_PAUSE_S * 4 ** (attempt - 1))
                try:
                    answer = await client.send(self._signed(request, key), stream=True)
                    found = await _read(answer)
                except httpx.HTTPError as error:
                    fault = type(error).__name__
                    continue
                if answer.status_code in _CLIENT_FAULT and answer.status_code not in _LATER:
                    raise CounterpartRefused(self.name, answer.status_code)
                if answer.is_success and isinstance(found, dict):
                    return found
                fault = f"status {answer.status_code}"
        raise DependencyFault(self.name, fault)

    def _signed(self, request: httpx.Request, key: str) -> httpx.Request:
        headers = signed_headers(
            self.secret,
            method="POST",
            path=request.url.path,
            body=request.content,
            key=key,
            at_s=int(time.time()),
        )
        again = {**request.headers, **headers}
        return httpx.Request("POST", request.url, headers=again, content=request.content)


async def _read(answer: httpx.Response) -> object:
    """The answer as JSON; None where it is none, or too long."""
    body = b""
    try:
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > _MOST_BYTES:
                return None
    finally:
        await answer.aclose()
    try:
        return httpx.Response(200, content=body).json()
    except ValueError:
        return None
