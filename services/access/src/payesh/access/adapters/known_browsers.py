"""Browsers in which a person has signed in before, by the hash of their cookie's secret."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import secrets
from payesh.access.adapters.people import StoredPerson
from payesh.access.adapters.tables import KnownBrowser, Person
from payesh.access.domain.throttle import KNOWN_FOR

_MOST = 20
"""Of one person; the one unused longest is forgotten first."""


async def knows(session: AsyncSession, secret: str, username: str, now: datetime) -> bool:
    """Whether the cookie's secret is of a browser in which this account's person signed in."""
    if not secret:
        return False
    found = await session.scalar(
        select(KnownBrowser.person_id)
        .join(Person, Person.person_id == KnownBrowser.person_id)
        .where(
            KnownBrowser.browser_sha256 == secrets.digest(secret),
            KnownBrowser.expires_at > now,
            Person.username == username,
        )
    )
    return found is not None


async def remember(session: AsyncSession, secret: str, person: StoredPerson, now: datetime) -> str:
    """Know the browser as this person's from now on; returns the secret for its cookie.

    Several people may share a browser, so its secret stays what it is; one that nobody is known by
    is replaced, because it may have been planted.
    """
    if not secret or not await _is_known(session, secret, now):
        secret = secrets.new_secret()
    row = {
        "browser_sha256": secrets.digest(secret),
        "person_id": person.person_id,
        "expires_at": now + KNOWN_FOR,
    }
    await session.execute(
        insert(KnownBrowser)
        .values(row)
        .on_conflict_do_update(
            index_elements=["browser_sha256", "person_id"],
            set_={"expires_at": row["expires_at"]},
        )
    )
    own = KnownBrowser.person_id == person.person_id
    newest = (
        select(KnownBrowser.browser_sha256)
        .where(own)
        .order_by(KnownBrowser.expires_at.desc())
        .limit(_MOST)
    )
    await session.execute(
        delete(KnownBrowser).where(own, KnownBrowser.browser_sha256.not_in(newest))
    )
    await session.execute(delete(KnownBrowser).where(KnownBrowser.expires_at < now))
    return secret


async def _is_known(session: AsyncSession, secret: str, now: datetime) -> bool:
    of_anyone = select(KnownBrowser.person_id).where(
        KnownBrowser.browser_sha256 == secrets.digest(secret), KnownBrowser.expires_at > now
    )
    return await session.scalar(of_anyone.limit(1)) is not None
