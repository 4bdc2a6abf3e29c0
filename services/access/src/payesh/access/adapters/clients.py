"""Registered clients. A secret is drawn here, told once, and kept as its hash."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import secrets
from payesh.access.adapters.tables import Agency, Client
from payesh.access.domain.entitlements import Entitlements


async def add(
    session: AsyncSession,
    *,
    client_id: str,
    name: str,
    agency_id: str,
    secret: str,
    grants: Sequence[str],
    redirect_uris: Sequence[str],
    entitlements: Entitlements,
    now: datetime,
) -> Client | None:
    """The new client, or None when that id is taken."""
    client = Client(
        client_id=client_id,
        name=name,
        agency_id=agency_id,
        secret_sha256=secrets.digest(secret),
        grants=list(grants),
        redirect_uris=list(redirect_uris),
        enabled=True,
        created_at=now,
    )
    client.entitle(entitlements, uuid4())
    try:
        async with session.begin_nested():
            session.add(client)
    except IntegrityError:
        return None
    return client


async def find(session: AsyncSession, client_id: str, *, to_change: bool = False) -> Client | None:
    return await session.get(Client, client_id, with_for_update=to_change or None)


async def who_may_get_tokens(session: AsyncSession, client_id: str) -> Client | None:
    return await session.scalar(
        select(Client)
        .join(Agency, Agency.agency_id == Client.agency_id)
        .where(Client.client_id == client_id, Client.enabled, Agency.enabled)
    )


async def page(
    session: AsyncSession, agency_id: str | None, after: str | None, limit: int
) -> Sequence[Client]:
    """Clients in the order of their ids; of one agency, or of all when None."""
    query = select(Client).order_by(Client.client_id).limit(limit)
    if agency_id is not None:
        query = query.where(Client.agency_id == agency_id)
    if after is not None:
        query = query.where(Client.client_id > after)
    return (await session.scalars(query)).all()
