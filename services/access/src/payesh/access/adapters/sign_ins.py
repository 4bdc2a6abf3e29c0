"""Signed-in browsers in PostgreSQL, and the failed attempts that make an account wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import secrets
from payesh.access.adapters.people import StoredPerson
from payesh.access.adapters.tables import Agency, AuthorizationCode, Person, SignIn, SignInFailure
from payesh.access.domain.throttle import Throttle


@dataclass(frozen=True, slots=True)
class StoredSignIn:
    """A browser in which a person gave the right password."""

    sign_in_id: UUID
    person_id: UUID


async def reserve_attempt(
    session: AsyncSession, *, username: str, address: str, throttle: Throttle, now: datetime
) -> int | None:
    """Count an attempt as failed before its password is checked; None when it must wait.

    Counted before, so that a burst of parallel guesses is not checked while none of them has
    failed yet. An attempt that is refused is not stored, so one address adds a bounded number of
    rows.
    """
    account, origin = secrets.digest(username), secrets.digest(address)
    for key in sorted((_lock_key("account", account), _lock_key("address", origin))):
        await session.execute(select(func.pg_advisory_xact_lock(key)))
    since = now - throttle.window
    await session.execute(delete(SignInFailure).where(SignInFailure.failed_at < since))
    count = select(func.count()).select_from(SignInFailure)
    on_account = await session.scalar(count.where(SignInFailure.account_sha256 == account))
    on_address = await session.scalar(count.where(SignInFailure.address_sha256 == origin))
    if throttle.refuses(on_account or 0, on_address or 0):
        return None
    failure = SignInFailure(account_sha256=account, address_sha256=origin, failed_at=now)
    session.add(failure)
    await session.flush()
    return failure.failure_id


async def succeed(
    session: AsyncSession, *, person: StoredPerson, attempt: int, lifetime: timedelta, now: datetime
) -> str:
    """Start a sign-in, delete the account's failures, and return the cookie's secret."""
    await session.execute(
        delete(SignInFailure).where(
            (SignInFailure.failure_id == attempt)
            | (SignInFailure.account_sha256 == secrets.digest(person.username))
        )
    )
    await _prune(session, now)
    secret = secrets.new_secret()
    session.add(
        SignIn(
            sign_in_id=uuid4(),
            secret_sha256=secrets.digest(secret),
            person_id=person.person_id,
            created_at=now,
            expires_at=now + lifetime,
            ended_at=None,
        )
    )
    return secret


async def find(session: AsyncSession, secret: str, now: datetime) -> StoredSignIn | None:
    """The sign-in that a cookie's secret belongs to, if it is valid: not over, and neither its
    person nor the agency disabled."""
    row = await session.scalar(
        select(SignIn)
        .join(Person, Person.person_id == SignIn.person_id)
        .join(Agency, Agency.agency_id == Person.agency_id)
        .where(
            SignIn.secret_sha256 == secrets.digest(secret),
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
            Person.enabled,
            Agency.enabled,
        )
    )
    return None if row is None else StoredSignIn(row.sign_in_id, row.person_id)


async def end(session: AsyncSession, secret: str, now: datetime) -> UUID | None:
    """End the sign-in that a cookie's secret belongs to; its id, or None when there is none."""
    ended: UUID | None = await session.scalar(
        update(SignIn)
        .where(SignIn.secret_sha256 == secrets.digest(secret))
        .values(ended_at=now)
        .returning(SignIn.sign_in_id)
    )
    return ended


def _lock_key(kind: str, hashed: bytes) -> int:
    return int.from_bytes(secrets.digest(kind + hashed.hex())[:8], "big", signed=True)


async def _prune(session: AsyncSession, now: datetime) -> None:
    """Delete what is over. Codes stay an hour longer than they are valid, so that one presented
    again is recognised."""
    await session.execute(
        delete(AuthorizationCode).where(AuthorizationCode.expires_at < now - timedelta(hours=1))
    )
    used = select(AuthorizationCode.sign_in_id)
    await session.execute(
        delete(SignIn).where(
            SignIn.expires_at < now - timedelta(hours=1), SignIn.sign_in_id.not_in(used)
        )
    )
