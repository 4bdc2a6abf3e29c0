"""Server-side sessions of pages: the browser holds a random cookie, never a token."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from sqlalchemy import delete, insert, select

from payesh.kit.cookies import HostCookie
from payesh.kit.database import Database
from payesh.kit.errors import Forbidden
from payesh.kit.tables import sessions
from payesh.kit.tokens import TokenVerifier

SESSION_COOKIE = "payesh_session"
"""Name of the cookie over plain HTTP; with `__Host-` before it over TLS."""
CSRF_HEADER = "X-CSRF-Token"


@dataclass(frozen=True)
class Session:
    """A person's session: the verified claims of the access token that it began with, whose end is
    its own."""

    claims: dict[str, Any]
    csrf_token: str
    purpose: str | None
    expires_at: datetime

    def require_csrf(self, request: Request) -> None:
        """Raises Forbidden when the request does not carry the session's CSRF token."""
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), self.csrf_token.encode()):
            raise Forbidden(f"the header {CSRF_HEADER} is missing or wrong", type="csrf")


class Sessions:
    """The stored sessions of a service's pages, which browsers reach under `public_url`."""

    def __init__(self, database: Database, public_url: str = "") -> None:
        self._database = database
        self.cookie = HostCookie.of(SESSION_COOKIE, public_url)

    async def begin(self, claims: dict[str, Any], purpose: str | None) -> tuple[str, Session]:
        """A new session and the cookie's value, of which only a hash is kept."""
        cookie = secrets.token_urlsafe(32)
        session = Session(
            claims=claims,
            csrf_token=secrets.token_urlsafe(24),
            purpose=purpose,
            expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
        )
        async with self._database.transaction() as transaction:
            await transaction.execute(
                delete(sessions).where(sessions.c.expires_at < datetime.now(UTC))
            )
            await transaction.execute(
                insert(sessions).values(
                    id_sha256=_digest(cookie),
                    claims=claims,
                    csrf_token=session.csrf_token,
                    purpose=purpose,
                    expires_at=session.expires_at,
                )
            )
        return cookie, session

    async def load(self, request: Request, *, to_end: bool = False) -> Session | None:
        """The request's session, or None. Raises DatabaseUnavailable, and Unauthorized (`revoked`)
        when what it began with was revoked since; one may end that `to_end`."""
        cookie = self.cookie.read(request)
        if not cookie:
            return None
        async with self._database.transaction() as transaction:
            row = (
                await transaction.execute(
                    select(sessions).where(
                        sessions.c.id_sha256 == _digest(cookie),
                        sessions.c.expires_at > datetime.now(UTC),
                    )
                )
            ).first()
        if row is None:
            return None
        if not to_end:
            verifier: TokenVerifier = request.app.state.verifier
            verifier.refuse_revoked(row.claims)
        return Session(row.claims, row.csrf_token, row.purpose, row.expires_at)

    async def end(self, request: Request) -> None:
        """Delete the request's session. Raises DatabaseUnavailable."""
        cookie = self.cookie.read(request)
        if cookie:
            async with self._database.transaction() as transaction:
                await transaction.execute(
                    delete(sessions).where(sessions.c.id_sha256 == _digest(cookie))
                )


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
