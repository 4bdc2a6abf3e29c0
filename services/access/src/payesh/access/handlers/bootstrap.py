"""The first administrator, made once with the installation's secret."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import agencies, bootstrap, people, secrets
from payesh.access.adapters.people import StoredPerson
from payesh.access.adapters.token_issuer import IssuedToken
from payesh.access.dependencies import Dependencies
from payesh.access.domain.entitlements import Entitlements
from payesh.access.domain.scope_services import OWN
from payesh.access.handlers.people import check_password
from payesh.access.handlers.tokens import token_issuer
from payesh.kit.database import Database
from payesh.kit.errors import Conflict, Forbidden

OPERATOR = agencies.OPERATOR


async def offer_secret(database: Database, secret: str) -> bool:
    """Store the secret for the first administrator; False when there is one already."""
    async with database.transaction() as session:
        return await bootstrap.offer(session, secret, datetime.now(UTC))


async def create_first_administrator(
    dependencies: Dependencies,
    *,
    secret: str,
    username: str,
    name: str,
    agency_id: str,
    agency_name: str,
    password: str,
) -> tuple[StoredPerson, IssuedToken]:
    """The administrator's account and a token for it.

    Raises Conflict when no first administrator is expected, Forbidden for a wrong secret.
    """
    async with dependencies.database.transaction() as session:
        # Before any password is hashed: this route is open to every visitor.
        await _check_secret(session, secret)
    await check_password(dependencies, password, username)
    password_hash = await dependencies.passwords.hash(password)
    now = datetime.now(UTC)
    async with dependencies.database.transaction() as session:
        # Again: the row stays locked from this check to the commit, so there is one first.
        await _check_secret(session, secret)
        await agencies.add(session, agency_id, agency_name, now)
        person = await people.add(
            session,
            username=username,
            name=name,
            agency_id=agency_id,
            password_hash=password_hash,
            password_given=False,
            entitlements=Entitlements.unlimited(),
            now=now,
        )
        if person is None:
            raise Conflict(f"the username {username} is taken", type="username-taken")
        await bootstrap.spend(session, now)
        issuer = await token_issuer(dependencies, session, now)
        return person, issuer.issue(None, person, person.entitlements.scopes, OWN)


async def _check_secret(session: AsyncSession, secret: str) -> None:
    """Raises Conflict when none waits to be used, Forbidden when it is another."""
    stored = await bootstrap.locked(session)
    if stored is None:
        raise Conflict("no first administrator is expected", type="not-offered")
    if stored.used_at is not None:
        raise Conflict("the first administrator exists", type="already-bootstrapped")
    if not secrets.matches(stored.secret_sha256, secret):
        raise Forbidden("that is not the secret", type="wrong-secret")
