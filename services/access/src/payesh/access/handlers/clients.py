"""Clients: registered, listed, changed, and given a new secret."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import clients, endings, secrets
from payesh.access.adapters.clients import StoredClient
from payesh.access.dependencies import Dependencies
from payesh.access.domain.entitlements import Entitlements
from payesh.access.handlers.rights import (
    ChangedRights,
    agency_bound,
    changed_entitlements,
    check_may_change,
    check_may_grant,
    is_visible,
    require_agency,
)
from payesh.kit.errors import Conflict, Hidden, NotFound
from payesh.kit.principal import Principal

READ, WRITE = "clients:read", "clients:write"


async def register_client(
    dependencies: Dependencies,
    principal: Principal,
    *,
    client_id: str,
    name: str,
    agency_id: str,
    grants: Sequence[str],
    redirect_uris: Sequence[str],
    granted: Entitlements,
    cameras: Sequence[str],
) -> tuple[StoredClient, str]:
    """The client and its secret, which cannot be read again. Raises Conflict when the id is
    taken."""
    secret = secrets.new_secret()
    async with dependencies.database.transaction() as session:
        await check_may_grant(session, principal, WRITE, agency_id, granted)
        await require_agency(session, agency_id)
        client = await clients.add(
            session,
            client_id=client_id,
            name=name,
            agency_id=agency_id,
            secret=secret,
            grants=grants,
            redirect_uris=redirect_uris,
            entitlements=granted,
            cameras=cameras,
            now=datetime.now(UTC),
        )
    if client is None:
        raise Conflict(f"the client {client_id} exists", type="client-exists")
    return client, secret


async def list_clients(
    dependencies: Dependencies, principal: Principal, after: str | None, limit: int
) -> list[StoredClient]:
    """Clients that the principal may see, in the order of their ids, from after `after`."""
    async with dependencies.database.transaction() as session:
        return await clients.page(session, agency_bound(principal), after, limit)


async def get_client(
    dependencies: Dependencies, principal: Principal, client_id: str
) -> StoredClient:
    """One client. Raises NotFound for one of another agency too."""
    async with dependencies.database.transaction() as session:
        client = await clients.find(session, client_id)
    if client is None:
        raise NotFound(f"no client {client_id}")
    if not is_visible(principal, client):
        raise Hidden(f"no client {client_id}")
    return client


async def change_client(
    dependencies: Dependencies,
    principal: Principal,
    client_id: str,
    *,
    fields: Collection[str],
    rights: ChangedRights,
    name: str | None,
    enabled: bool | None,
    redirect_uris: Sequence[str] | None,
    cameras: Sequence[str] | None,
) -> StoredClient:
    """Change what is given; `fields` are the names of all that the caller sent. Disabling the
    client and changing its addresses end what people granted to it."""
    async with dependencies.database.transaction() as session:
        client = await _locked(session, principal, client_id, fields)
        entitlements = await changed_entitlements(session, principal, WRITE, client, rights)
        if enabled is False or redirect_uris is not None:
            await endings.end_for_client(session, client_id)
        return await clients.change(
            session,
            client_id,
            name=name,
            enabled=enabled,
            redirect_uris=redirect_uris,
            entitlements=entitlements,
            cameras=cameras,
        )


async def renew_secret(
    dependencies: Dependencies, principal: Principal, client_id: str
) -> tuple[StoredClient, str]:
    """The client and a new secret; the one before stops working at once, and so do codes that
    its holder has not redeemed."""
    secret = secrets.new_secret()
    async with dependencies.database.transaction() as session:
        await _locked(session, principal, client_id, {"secret"})
        await endings.end_for_client(session, client_id)
        return await clients.change(session, client_id, secret=secret), secret


async def _locked(
    session: AsyncSession, principal: Principal, client_id: str, fields: Collection[str]
) -> StoredClient:
    """The client, locked, which the principal may change. Raises NotFound, Forbidden."""
    client = await clients.find(session, client_id, to_change=True)
    if client is None:
        raise NotFound(f"no client {client_id}")
    if not is_visible(principal, client):
        raise Hidden(f"no client {client_id}")
    await check_may_change(session, principal, WRITE, client, fields)
    return client
