"""Revocations: made in the transaction that takes a right away, published, and listed."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import clients, revocations, secrets
from payesh.access.dependencies import Dependencies
from payesh.contracts import TokensRevoked
from payesh.contracts.vocabulary import RevocationKind
from payesh.kit import outbox
from payesh.kit.database import Database
from payesh.kit.errors import Forbidden, Unauthorized
from payesh.kit.revocations.poll import RevocationList

READ = "revocations:read"


async def revoke(session: AsyncSession, kind: RevocationKind, name: str) -> None:
    """Refuse what was issued before to a holder, in a sign-in or under a key, in every service.

    Call it late in the transaction: those that revoke wait for each other until the commit. And
    before an audit record is added, whose counter is locked just so.
    """
    await outbox.add(session, await revocations.add(session, kind, name))


async def listed(dependencies: Dependencies, client_id: str, secret: str) -> RevocationList:
    """Every revocation that has not expired, for a client with its secret.

    Raises Unauthorized, and Forbidden when the client does not hold `revocations:read`.
    """
    async with dependencies.database.transaction() as session:
        client = None if "\x00" in client_id else await clients.find_enabled(session, client_id)
        if client is None or not secrets.matches(client.secret_sha256, secret):
            raise Unauthorized(
                "a client's id and secret are needed", headers={"WWW-Authenticate": "Basic"}
            )
        if READ not in client.entitlements.scopes:
            raise Forbidden(f"the scope {READ} is needed", type="missing-scope", scope=READ)
        # Before the list: what is revoked in between is listed under a number that is not known.
        number = await revocations.head(session)
        return RevocationList(number=number, revocations=list(await revocations.current(session)))


@dataclass(slots=True)
class OwnNews:
    """What access itself asks for revocations: its table, read again when a number was drawn."""

    database: Database
    number: int = -1

    async def read(self) -> list[TokensRevoked]:
        """All revocations, or none when nothing changed. Raises DatabaseUnavailable."""
        async with self.database.transaction() as session:
            number = await revocations.head(session)
            if number == self.number:
                return []
            found = list(await revocations.current(session))
        self.number = number
        return found
