"""Sessions of owners: one citation each, for minutes; the browser holds a random cookie."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.owner_tables import owner_sessions
from payesh.tickets.domain.owner_access import SESSION_LASTS


@dataclass(frozen=True, slots=True)
class OwnerSession:
    """Whose browser this is: the owner's of one citation, who typed the code that was sent."""

    citation_id: UUID
    csrf_token: str

    def has_csrf(self, sent: str) -> bool:
        """Whether a form carries this session's token."""
        return hmac.compare_digest(self.csrf_token.encode(), sent.encode())


async def begin(session: AsyncSession, citation_id: UUID) -> str:
    """The cookie's value of a new session, of which only a hash is kept."""
    cookie = token_urlsafe(32)
    await session.execute(
        insert(owner_sessions).values(
            id_sha256=_digest(cookie),
            citation_id=citation_id,
            csrf_token=token_urlsafe(24),
            expires_at=func.now() + SESSION_LASTS,
        )
    )
    return cookie


async def find(session: AsyncSession, cookie: str) -> OwnerSession | None:
    table = owner_sessions
    query = select(table.c.citation_id, table.c.csrf_token).where(
        table.c.id_sha256 == _digest(cookie), table.c.expires_at > func.now()
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else OwnerSession(row.citation_id, row.csrf_token)


async def end(session: AsyncSession, cookie: str) -> None:
    await session.execute(
        delete(owner_sessions).where(owner_sessions.c.id_sha256 == _digest(cookie))
    )


def _digest(cookie: str) -> bytes:
    return sha256(cookie.encode()).digest()
