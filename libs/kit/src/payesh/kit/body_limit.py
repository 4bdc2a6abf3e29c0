"""Limits request bodies, with or without an announced length."""

from collections.abc import Mapping
from re import Pattern

from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEFAULT_LIMIT_BYTES = 1024 * 1024


class BodyTooLarge(HTTPException):
    """An HTTPException, because FastAPI lets only those through while it parses a body."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(413, f"at most {limit_bytes} bytes are accepted here")


class BodyLimit:
    """ASGI middleware. `limits` maps path templates ("/v1/things/{id}/file") to bytes."""

    def __init__(
        self,
        app: ASGIApp,
        limits: Mapping[str, int] | None = None,
        default_bytes: int = DEFAULT_LIMIT_BYTES,
    ) -> None:
        self._app = app
        self._default_bytes = default_bytes
        self._limits: list[tuple[Pattern[str], int]] = [
            (compile_path(path)[0], limit) for path, limit in (limits or {}).items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        announced = dict(scope["headers"]).get(b"content-length", b"")
        too_long = announced.isdigit() and not _is_at_most(announced, limit)
        received = 0

        async def bounded() -> Message:
            nonlocal received
            if too_long:
                raise BodyTooLarge(limit)
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    raise BodyTooLarge(limit)
            return message

        await self._app(scope, bounded, send)

    def _limit(self, path: str) -> int:
        for pattern, limit in self._limits:
            if pattern.match(path):
                return limit
        return self._default_bytes


def _is_at_most(digits: bytes, limit: int) -> bool:
    """Python reads no number of any length, so that the number of digits is compared first."""
    stripped = digits.lstrip(b"0")
    return len(stripped) <= len(str(limit)) and int(stripped or b"0") <= limit
