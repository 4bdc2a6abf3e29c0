"""People's accounts in PostgreSQL. They are disabled, never deleted: a username means one person
for good."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.tables import Agency, Person
from payesh.access.domain.entitlements import Entitlements
from payesh.kit.principal import PERSON_PREFIX

SUBJECT_PREFIX = PERSON_PREFIX


@dataclass(frozen=True, slots=True)
class StoredPerson:
    person_id: UUID
    username: str
    name: str
    agency_id: str
    entitlements: Entitlements
    grant_id: UUID
    enabled: bool
    created_at: datetime
    password_hash: str = field(repr=False)
    password_given: bool

    @property
    def subject(self) -> str:
        """`sub` of the person's tokens."""
        return SUBJECT_PREFIX + self.username


async def add(
    session: AsyncSession,
    *,
    username: str,
    name: str,
    agency_id: str,
    password_hash: str,
    password_given: bool,
    entitlements: Entitlements,
    now: datetime,
) -> StoredPerson | None:
    """The new account, or None when that username is taken. `password_given`: by another person,
    so that its owner has to choose one before it opens anything."""
    row = Person(
        person_id=uuid4(),
        username=username,
        name=name,
        agency_id=agency_id,
        password_hash=password_hash,
        password_given=password_given,
        enabled=True,
        created_at=now,
    )
    row.entitle(entitlements, uuid4())
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    return stored_person(row)


async def find(
    session: AsyncSession, person_id: UUID, *, to_change: bool = False
) -> StoredPerson | None:
    """An account by its id; its row stays locked for the transaction when it is `to_change`."""
    row = await session.get(Person, person_id, with_for_update=to_change or None)
    return None if row is None else stored_person(row)


async def find_enabled(session: AsyncSession, username: str) -> StoredPerson | None:
    """An account that may sign in: neither it nor its agency is disabled."""
    row = await session.scalar(
        select(Person)
        .join(Agency, Agency.agency_id == Person.agency_id)
        .where(Person.username == username, Person.enabled, Agency.enabled)
    )
    return None if row is None else stored_person(row)


async def find_verified(session: AsyncSession, verified: StoredPerson) -> StoredPerson | None:
    """The account whose password was verified, locked for the transaction with its agency; None
    when it was disabled meanwhile or has another password.

    Verification takes a tenth of a second without a transaction. Whoever changes the account locks
    it too: either the change is seen here, or it sees and ends the sign-in that follows.
    """
    row = await session.get(Person, verified.person_id, with_for_update=True)
    if row is None or not row.enabled or row.password_hash != verified.password_hash:
        return None
    agency = await session.get_one(Agency, row.agency_id, with_for_update={"read": True})
    return stored_person(row) if agency.enabled else None


async def page(
    session: AsyncSession, agency_id: str | None, after: str | None, limit: int
) -> list[StoredPerson]:
    """Accounts in the order of usernames; of one agency, or of all when None."""
    query = select(Person).order_by(Person.username).limit(limit)
    if agency_id is not None:
        query = query.where(Person.agency_id == agency_id)
    if after is not None:
        query = query.where(Person.username > after)
    return [stored_person(row) for row in await session.scalars(query)]


async def change(
    session: AsyncSession,
    person_id: UUID,
    *,
    name: str | None = None,
    enabled: bool | None = None,
    password_hash: str | None = None,
    password_given: bool = False,
    entitlements: Entitlements | None = None,
) -> StoredPerson:
    """Change what is given of an account that is there. Changed entitlements are a new grant."""
    row = await session.get_one(Person, person_id)
    if name is not None:
        row.name = name
    if enabled is not None:
        row.enabled = enabled
    if password_hash is not None:
        row.password_hash = password_hash
        row.password_given = password_given
    if entitlements is not None and entitlements != row.entitlements:
        row.entitle(entitlements, uuid4())
    return stored_person(row)


def stored_person(row: Person) -> StoredPerson:
    """The value of a row."""
    return StoredPerson(
        person_id=row.person_id,
        username=row.username,
        name=row.name,
        agency_id=row.agency_id,
        entitlements=row.entitlements,
        grant_id=row.grant_id,
        enabled=row.enabled,
        created_at=row.created_at,
        password_hash=row.password_hash,
        password_given=row.password_given,
    )
