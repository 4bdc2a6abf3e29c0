"""Clients: registered, listed, changed, and given a new secret."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import clients, endings, secrets
from payesh.access.adapters.clients import StoredClient
from payesh.access.dependencies import Dependencies
from payesh.access.domain.entitlements import Entitlements, excess
from payesh.access.handlers.recording import record
from payesh.access.handlers.revoking import revoke
from payesh.access.handlers.rights import (
    ChangedRights,
    agency_bound,
    as_of_now,
    changed_entitlements,
    check_may_change,
    check_may_grant,
    is_visible,
    require_agency,
    require_known_counties,
)
from payesh.contracts.vocabulary import RevocationKind
from payesh.kit.errors import Conflict, Forbidden, Hidden, NotFound
from payesh.kit.principal import Principal

READ, WRITE = "clients:read", "clients:write"
_PEOPLE = "authorization_code"
"""The grant by which a client acts for people."""


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
    """The client and its secret, which cannot be read again. One in which people sign in awaits a
    second person's approval, unless the operator registers it. Raises Conflict when the id is
    taken, Forbidden when a machine of an agency registers one for people."""
    require_known_counties(dependencies.settings.known_counties, granted)
    secret = secrets.new_secret()
    async with dependencies.database.transaction() as session:
        await check_may_grant(session, principal, WRITE, agency_id, granted)
        await require_agency(session, agency_id)
        proposed_by = await _proposer(session, principal) if _PEOPLE in grants else None
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
            proposed_by=proposed_by,
        )
        if client is None:
            raise Conflict(f"the client {client_id} exists", type="client-exists")
        await record(session, principal, WRITE, "register", "client", [client_id])
    return client, secret


async def list_clients(
    dependencies: Dependencies, principal: Principal, after: str | None, limit: int
) -> list[StoredClient]:
    """Clients that the principal may see, in the order of their ids, from after `after`."""
    async with dependencies.database.transaction() as session:
        found = await clients.page(session, agency_bound(principal), after, limit)
        ids = [each.client_id for each in found]
        await record(session, principal, READ, "list", "client", ids)
    return found


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
        await record(session, principal, READ, "read", "client", [client_id])
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
    client and changing its addresses end what people granted to it. What people would consent to
    (name, addresses, wider rights) awaits approval anew, unless the operator changes it."""
    async with dependencies.database.transaction() as session:
        client = await _locked(session, principal, client_id, fields)
        entitlements = await changed_entitlements(
            session, principal, WRITE, client, rights, dependencies.settings.known_counties
        )
        shown = name is not None or redirect_uris is not None
        proposed_by = None
        if _PEOPLE in client.grants and (shown or excess(entitlements, client.entitlements)):
            proposed_by = await _proposer(session, principal)
        if enabled is False or redirect_uris is not None or proposed_by is not None:
            await endings.end_for_client(session, client_id)
        changed = await clients.change(
            session,
            client_id,
            name=name,
            enabled=enabled,
            redirect_uris=redirect_uris,
            entitlements=entitlements,
            cameras=cameras,
            proposed_by=proposed_by,
        )
        less = excess(client.entitlements, entitlements) or changed.cameras != client.cameras
        if enabled is False or less:
            await revoke(session, RevocationKind.CLIENT, client_id)
        await record(session, principal, WRITE, "change", "client", [client_id])
        return changed


async def approve_client(
    dependencies: Dependencies, principal: Principal, client_id: str, proposal: str
) -> StoredClient:
    """A second person lets a client for people be used, as it was when its `proposal` was read.

    Raises NotFound, Conflict when it awaits no approval or was changed since, Forbidden for the
    person who proposed it and for machines.
    """
    async with dependencies.database.transaction() as session:
        client = await _locked(session, principal, client_id, {"approved_by"})
        if not client.awaits_approval:
            raise Conflict(f"the client {client_id} awaits no approval", type="not-proposed")
        _require_person(principal)
        if principal.subject == client.proposed_by:
            raise Forbidden("a second person approves what you proposed", type="second-person")
        if proposal != client.proposal:
            # Else the first person could exchange the address while the second one looks at it.
            raise Conflict(f"the client {client_id} is not as you saw it", type="changed-meanwhile")
        approved = await clients.approve(session, client_id, principal.subject)
        await record(session, principal, WRITE, "approve", "client", [client_id])
        return approved


async def _proposer(session: AsyncSession, principal: Principal) -> str | None:
    """The person whose work another has to approve; None for the operator, whose work stands.

    A client with a redirect of one person's own gets the tokens of everyone who follows its link
    and consents. Raises Forbidden for a machine: it is nobody's first gesture.
    """
    granter = await as_of_now(session, principal, WRITE)
    if agency_bound(granter) is None:
        return None
    _require_person(principal)
    return principal.subject


def _require_person(principal: Principal) -> None:
    if not principal.is_person:
        raise Forbidden("a person has to do this, signed in by name", type="person-required")


async def renew_secret(
    dependencies: Dependencies, principal: Principal, client_id: str
) -> tuple[StoredClient, str]:
    """The client and a new secret; the one before stops working at once, and so do codes that
    its holder has not redeemed. Raises Conflict for a client that the deployment declares: its file
    has the secret, and the next start would put that back."""
    secret = secrets.new_secret()
    async with dependencies.database.transaction() as session:
        client = await _locked(session, principal, client_id, {"secret"})
        if client.declared:
            raise Conflict(
                f"the deployment declares {client_id}: replace the secret in its file",
                type="declared-client",
            )
        await endings.end_for_client(session, client_id)
        changed = await clients.change(session, client_id, secret=secret)
        await revoke(session, RevocationKind.CLIENT, client_id)
        await record(session, principal, WRITE, "renew-secret", "client", [client_id])
        return changed, secret


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
