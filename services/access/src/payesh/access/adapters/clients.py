"""Registered clients in PostgreSQL. A secret is shown once and kept as its hash."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import Select, any_, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import secrets
from payesh.access.adapters.tables import Agency, Client
from payesh.access.domain.entitlements import Entitlements
from payesh.access.domain.token_claims import FIRST_CLIENT

Cameras = Iterable[str] | Literal["*"]
"""Ids of cameras; `"*"` is every one."""


@dataclass(frozen=True, slots=True)
class StoredClient:
    client_id: str
    name: str
    agency_id: str
    grants: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    entitlements: Entitlements
    grant_id: UUID
    enabled: bool
    created_at: datetime
    cameras: frozenset[str] | None
    """The cameras whose device it is; None is every one within its bounds."""
    declared: bool
    """Whether the deployment declares it, so that it asks people for no consent."""
    proposed_by: str | None
    """The person whose registration or change of it a second person has to approve."""
    approved_by: str | None
    secret_sha256: bytes = field(repr=False)

    @property
    def awaits_approval(self) -> bool:
        """Whether a second person has to approve it before it gets anything."""
        return self.proposed_by is not None and self.approved_by is None

    @property
    def proposal(self) -> str | None:
        """What awaits approval, as a digest of all that a second person has to look at: what was
        changed since is not approved with it."""
        if not self.awaits_approval:
            return None
        held = self.entitlements
        bounds = (held.scopes, held.counties, held.road_classes, self.cameras)
        seen = (self.client_id, self.name, self.agency_id, self.grants, self.redirect_uris)
        sets = [None if each is None else sorted(each) for each in bounds]
        return sha256(json.dumps([self.proposed_by, seen, sets]).encode()).hexdigest()

    @property
    def subject(self) -> str:
        """`sub` of its tokens."""
        return self.client_id


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
    cameras: Cameras,
    now: datetime,
    declared: bool = False,
    proposed_by: str | None = None,
) -> StoredClient | None:
    """The new client, or None when that id is taken."""
    if client_id == FIRST_CLIENT:
        return None
    row = Client(
        client_id=client_id,
        name=name,
        agency_id=agency_id,
        secret_sha256=secrets.digest(secret),
        grants=list(grants),
        redirect_uris=list(redirect_uris),
        enabled=True,
        created_at=now,
        cameras=_bound(cameras),
        declared=declared,
        proposed_by=proposed_by,
        approved_by=None,
    )
    row.entitle(entitlements, uuid4())
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    return stored_client(row)


async def find(
    session: AsyncSession, client_id: str, *, to_change: bool = False
) -> StoredClient | None:
    """A client by its id; its row stays locked for the transaction when it is `to_change`."""
    row = await session.get(Client, client_id, with_for_update=to_change or None)
    return None if row is None else stored_client(row)


async def find_enabled(session: AsyncSession, client_id: str) -> StoredClient | None:
    """A client that may get tokens: neither it nor its agency is disabled."""
    row = await session.scalar(enabled_client(client_id))
    return None if row is None else stored_client(row)


async def page(
    session: AsyncSession, agency_id: str | None, after: str | None, limit: int
) -> list[StoredClient]:
    """Clients in the order of their ids; of one agency, or of all when None."""
    query = select(Client).order_by(Client.client_id).limit(limit)
    if agency_id is not None:
        query = query.where(Client.agency_id == agency_id)
    if after is not None:
        query = query.where(Client.client_id > after)
    return [stored_client(row) for row in await session.scalars(query)]


async def used_by_people(session: AsyncSession, agency_id: str) -> list[str]:
    """Ids of an agency's clients through which people of other agencies may act too."""
    return list(
        await session.scalars(
            select(Client.client_id)
            .where(
                Client.agency_id == agency_id, literal("authorization_code") == any_(Client.grants)
            )
            .order_by(Client.client_id)
        )
    )


async def change(
    session: AsyncSession,
    client_id: str,
    *,
    name: str | None = None,
    enabled: bool | None = None,
    grants: Sequence[str] | None = None,
    redirect_uris: Sequence[str] | None = None,
    secret: str | None = None,
    entitlements: Entitlements | None = None,
    cameras: Cameras | None = None,
    proposed_by: str | None = None,
) -> StoredClient:
    """Change what is given of a client that is there. Changed entitlements or cameras are a new
    grant; a new secret replaces the one before at once."""
    row = await session.get_one(Client, client_id)
    if name is not None:
        row.name = name
    if enabled is not None:
        row.enabled = enabled
    if grants is not None:
        row.grants = list(grants)
    if redirect_uris is not None:
        row.redirect_uris = list(redirect_uris)
    if secret is not None:
        row.secret_sha256 = secrets.digest(secret)
    if entitlements is not None and entitlements != row.entitlements:
        row.entitle(entitlements, uuid4())
    if proposed_by is not None:
        row.proposed_by, row.approved_by = proposed_by, None
    if cameras is not None and (bound := _bound(cameras)) != row.cameras:
        row.cameras = bound
        row.grant_id = uuid4()
    return stored_client(row)


async def approve(session: AsyncSession, client_id: str, by: str) -> StoredClient:
    """A second person approves a client that is there."""
    row = await session.get_one(Client, client_id)
    row.approved_by = by
    return stored_client(row)


async def declare(session: AsyncSession, client_ids: Iterable[str]) -> None:
    """Enter which clients the deployment declares: these and no others."""
    await session.execute(
        update(Client)
        .where(Client.declared != Client.client_id.in_(declared := list(client_ids)))
        .values(declared=Client.client_id.in_(declared))
    )


def enabled_client(client_id: str) -> Select[Client]:
    """The query of `find_enabled`, which Authlib's side runs synchronously. A client that awaits
    approval is not enabled."""
    return (
        select(Client)
        .join(Agency, Agency.agency_id == Client.agency_id)
        .where(
            Client.client_id == client_id,
            Client.enabled,
            Agency.enabled,
            Client.proposed_by.is_(None) | Client.approved_by.is_not(None),
        )
    )


def stored_client(row: Client) -> StoredClient:
    """The value of a row."""
    return StoredClient(
        client_id=row.client_id,
        name=row.name,
        agency_id=row.agency_id,
        grants=tuple(row.grants),
        redirect_uris=tuple(row.redirect_uris),
        entitlements=row.entitlements,
        grant_id=row.grant_id,
        enabled=row.enabled,
        created_at=row.created_at,
        cameras=None if row.cameras is None else frozenset(row.cameras),
        declared=row.declared,
        proposed_by=row.proposed_by,
        approved_by=row.approved_by,
        secret_sha256=row.secret_sha256,
    )


def _bound(cameras: Cameras) -> list[str] | None:
    return None if cameras == "*" else sorted(set(cameras))
