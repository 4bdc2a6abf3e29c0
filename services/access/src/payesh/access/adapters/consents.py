"""What people let clients do in their name, in PostgreSQL: remembered by person, client and
scopes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from payesh.access.adapters.tables import Agency, AuthorizationCode, Client, Consent


@dataclass(frozen=True, slots=True)
class StoredConsent:
    client_id: str
    client_name: str
    agency_name: str
    scopes: tuple[str, ...]
    given_at: datetime


def covered(session: Session, person_id: UUID, client_id: str, scopes: frozenset[str]) -> bool:
    """Whether the person let the client have all these scopes. The consent stays locked against
    its withdrawal, which then finds the code that is stored next."""
    row = session.get(Consent, (person_id, client_id), with_for_update={"read": True})
    return row is not None and scopes <= set(row.scopes)


async def give(
    session: AsyncSession, person_id: UUID, client_id: str, scopes: frozenset[str], now: datetime
) -> None:
    """Store the consent, beside what was let before."""
    both = text("ARRAY(SELECT DISTINCT unnest(consents.scopes || excluded.scopes) ORDER BY 1)")
    await session.execute(
        insert(Consent)
        .values(person_id=person_id, client_id=client_id, scopes=sorted(scopes), given_at=now)
        .on_conflict_do_update(
            index_elements=[Consent.person_id, Consent.client_id],
            set_={"scopes": both, "given_at": now},
        )
    )


async def of_person(session: AsyncSession, person_id: UUID) -> list[StoredConsent]:
    """A person's consents, by the client's name; at most 200."""
    rows = await session.execute(
        select(Consent, Client.name, Agency.name)
        .join(Client, Client.client_id == Consent.client_id)
        .join(Agency, Agency.agency_id == Client.agency_id)
        .where(Consent.person_id == person_id)
        .order_by(Client.name, Client.client_id)
        .limit(200)
    )
    return [
        StoredConsent(row.client_id, name, agency, tuple(sorted(row.scopes)), row.given_at)
        for row, name, agency in rows
    ]


async def withdraw(session: AsyncSession, person_id: UUID, client_id: str) -> None:
    """Delete a consent, with the codes that rest on it."""
    await session.execute(
        delete(Consent).where(Consent.person_id == person_id, Consent.client_id == client_id)
    )
    await session.execute(
        delete(AuthorizationCode).where(
            AuthorizationCode.person_id == person_id, AuthorizationCode.client_id == client_id
        )
    )
