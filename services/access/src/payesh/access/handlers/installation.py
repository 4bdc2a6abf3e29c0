"""What an installation has from its first start: a signing key and the declared clients."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import agencies, audit_rights, clients, declared_clients, secrets
from payesh.access.adapters.declared_clients import Declared
from payesh.access.dependencies import Dependencies
from payesh.access.domain.entitlements import excess
from payesh.access.handlers import tree_heads
from payesh.access.handlers.administering import own_client
from payesh.access.handlers.keys import ensure_first_key
from payesh.access.handlers.revoking import revoke
from payesh.contracts.vocabulary import RevocationKind
from payesh.kit.errors import SettingsError


async def prepare(dependencies: Dependencies) -> None:
    """Make what is missing. Several replicas may do this at a time. Raises SettingsError."""
    path = dependencies.settings.pages_clients_file
    declared = [
        *(await declared_clients.read(path) if path else []),
        own_client(dependencies.settings),
    ]
    now = datetime.now(UTC)
    async with dependencies.database.transaction() as session:
        await require_append_only(session)
        await ensure_first_key(session, dependencies.ring, now)
        await tree_heads.ensure_first_key(session, dependencies.ring, now)
        await declare_clients(session, declared, now)


async def require_append_only(session: AsyncSession) -> None:
    """Raises SettingsError when the role of this process could change the audit log."""
    if changeable := await audit_rights.changeable_tables(session):
        raise SettingsError(
            "PAYESH_DATABASE_URL: its role could change "
            f"{', '.join(changeable)}; it must neither own them nor be a superuser"
        )


async def declare_clients(session: AsyncSession, declared: Declared, now: datetime) -> None:
    """Make or update them. Only `enabled` is left as it is: an administrator's switch holds.

    Raises SettingsError when an agency has registered a client of that id: it would get the
    rights of the operator's.
    """
    await clients.declare(session, [client.client_id for client, _ in declared])
    for client, secret in declared:
        stored = await clients.find(session, client.client_id, to_change=True)
        if stored is None:
            # Adds nothing when another replica, which starts with the same file, was first.
            await clients.add(
                session,
                client_id=client.client_id,
                name=client.name,
                agency_id=agencies.OPERATOR,
                secret=secret,
                grants=client.grants,
                redirect_uris=client.redirect_uris,
                entitlements=client.entitlements,
                cameras=client.cameras,
                now=now,
                declared=True,
            )
            continue
        if stored.agency_id != agencies.OPERATOR:
            raise SettingsError(
                f"PAYESH_PAGES_CLIENTS_FILE: {client.client_id} is a client of {stored.agency_id}"
            )
        await clients.change(
            session,
            client.client_id,
            name=client.name,
            grants=client.grants,
            redirect_uris=client.redirect_uris,
            secret=secret,
            entitlements=client.entitlements,
            cameras=client.cameras,
        )
        if excess(stored.entitlements, client.entitlements) or not secrets.matches(
            stored.secret_sha256, secret
        ):
            await revoke(session, RevocationKind.CLIENT, client.client_id)
