"""What ends with a changed password, or with a person, client or agency that is disabled: sign-ins,
codes, consents and known browsers. They are ended for good: enabling the holder again revives none
of them.

Codes are deleted rather than marked. Redeeming one locks its row, so that either the token was
issued before the change or the code is gone. Codes go before sign-ins, because a code that is
presented again locks in that order; one that is stored meanwhile is void with its sign-in.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.tables import (
    AuthorizationCode,
    Client,
    Consent,
    KnownBrowser,
    Person,
    SignIn,
)


async def end_for_person(session: AsyncSession, person_id: UUID, now: datetime) -> None:
    """End every sign-in of a person, with what was granted through it."""
    await _end_codes(session, AuthorizationCode.person_id == person_id)
    await _end_sign_ins(session, SignIn.person_id == person_id, now)
    await session.execute(delete(Consent).where(Consent.person_id == person_id))
    await session.execute(delete(KnownBrowser).where(KnownBrowser.person_id == person_id))


async def end_for_client(session: AsyncSession, client_id: str) -> None:
    """End what people granted to a client. They stay signed in: other clients are not concerned."""
    await _end_codes(session, AuthorizationCode.client_id == client_id)
    await session.execute(delete(Consent).where(Consent.client_id == client_id))


async def end_for_agency(session: AsyncSession, agency_id: str, now: datetime) -> None:
    """End the sign-ins of an agency's people, and what was granted by them or to its clients."""
    people = select(Person.person_id).where(Person.agency_id == agency_id)
    clients = select(Client.client_id).where(Client.agency_id == agency_id)
    await _end_codes(
        session,
        or_(AuthorizationCode.person_id.in_(people), AuthorizationCode.client_id.in_(clients)),
    )
    await _end_sign_ins(session, SignIn.person_id.in_(people), now)
    await session.execute(
        delete(Consent).where(or_(Consent.person_id.in_(people), Consent.client_id.in_(clients)))
    )
    await session.execute(delete(KnownBrowser).where(KnownBrowser.person_id.in_(people)))


async def _end_sign_ins(session: AsyncSession, whose: ColumnElement[bool], now: datetime) -> None:
    await session.execute(
        update(SignIn).where(whose, SignIn.ended_at.is_(None)).values(ended_at=now)
    )


async def _end_codes(session: AsyncSession, whose: ColumnElement[bool]) -> None:
    await session.execute(delete(AuthorizationCode).where(whose))
