"""People's accounts. They are disabled, never deleted: a username means one person for ever."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.tables import Agency, Person
from payesh.access.domain.entitlements import Entitlements


async def add(
    session: AsyncSession,
    *,
    username: str,
    name: str,
    agency_id: str,
    password_hash: str,
    entitlements: Entitlements,
    now: datetime,
) -> Person | None:
    """The new account, or None when that username is taken."""
    person = Person(
        person_id=uuid4(),
        username=username,
        name=name,
        agency_id=agency_id,
        password_hash=password_hash,
        enabled=True,
        created_at=now,
    )
    person.entitle(entitlements, uuid4())
    try:
        async with session.begin_nested():
            session.add(person)
    except IntegrityError:
        return None
    return person


async def find(session: AsyncSession, person_id: UUID, *, to_change: bool = False) -> Person | None:
    return await session.get(Person, person_id, with_for_update=to_change or None)


async def who_may_sign_in(session: AsyncSession, username: str) -> Person | None:
    return await session.scalar(
        select(Person)
        .join(Agency, Agency.agency_id == Person.agency_id)
        .where(Person.username == username, Person.enabled, Agency.enabled)
    )


async def page(
    session: AsyncSession, agency_id: str | None, after: str | None, limit: int
) -> Sequence[Person]:
    """Accounts in the order of usernames; of one agency, or of all when None."""
    query = select(Person).order_by(Person.username).limit(limit)
    if agency_id is not None:
        query = query.where(Person.agency_id == agency_id)
    if after is not None:
        query = query.where(Person.username > after)
    return (await session.scalars(query)).all()
