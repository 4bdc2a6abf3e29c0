"""Revocations in PostgreSQL: the last of each holder, sign-in and key, until it expires."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.tables import Revocation, RevocationCounter
from payesh.access.domain.signing_keys import CLOCK_ALLOWANCE
from payesh.access.settings import LONGEST_TOKEN_LIFETIME_S
from payesh.contracts import TokensRevoked
from payesh.contracts.vocabulary import RevocationKind

_LIFE = timedelta(seconds=LONGEST_TOKEN_LIFETIME_S) + CLOCK_ALLOWANCE
_MOST_LISTED = 20_000

# The row stays locked until the commit, so numbers are committed in their order. They are
# milliseconds where those are ahead: a database that was restored from a backup goes on above every
# number that it gave before, and tokens issued in between are still refused.
_NEXT = text("""
    UPDATE revocation_counter
    SET last = greatest(last + 1, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)
    RETURNING last, clock_timestamp()
""")


async def head(session: AsyncSession) -> int:
    """The number of the last revocation; 0 before the first.

    Read it before what a token says: then a right that is taken away meanwhile is revoked under a
    higher number.
    """
    return await session.scalar(select(RevocationCounter.last)) or 0


async def add(session: AsyncSession, kind: RevocationKind, name: str) -> TokensRevoked:
    """Revoke what was issued before to a holder, in a sign-in or under a key."""
    number, now = (await session.execute(_NEXT)).one()
    revocation = TokensRevoked(
        revoked=f"{kind}:{name}", number=number, revoked_at=now, expires_at=now + _LIFE
    )
    await session.execute(delete(Revocation).where(Revocation.expires_at < now))
    values = revocation.model_dump()
    await session.execute(
        insert(Revocation)
        .values(values)
        .on_conflict_do_update(index_elements=[Revocation.revoked], set_=values)
    )
    return revocation


async def current(session: AsyncSession) -> Sequence[TokensRevoked]:
    """What has not expired, the latest first; of more than 20,000 the rest as one revocation of
    everything before them."""
    rows = list(
        await session.scalars(
            select(Revocation)
            .where(Revocation.expires_at > func.clock_timestamp())
            .order_by(Revocation.number.desc())
            .limit(_MOST_LISTED + 1)
        )
    )
    listed = [_revocation(row) for row in rows[:_MOST_LISTED]]
    for row in rows[_MOST_LISTED:]:
        rest = _revocation(row)
        listed.append(rest.model_copy(update={"revoked": f"{RevocationKind.EVERYTHING}:all"}))
    return listed


def _revocation(row: Revocation) -> TokensRevoked:
    return TokensRevoked(
        revoked=row.revoked,
        number=row.number,
        revoked_at=row.revoked_at,
        expires_at=row.expires_at,
    )
