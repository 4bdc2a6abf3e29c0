"""Signed-in browsers in PostgreSQL, and the failed attempts that make an account wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import secrets
from payesh.access.adapters.people import StoredPerson
from payesh.access.adapters.tables import Agency, AuthorizationCode, Person, SignIn, SignInFailure
from payesh.access.domain.throttle import Failures, Throttle


@dataclass(frozen=True, slots=True)
class StoredSignIn:
    """A browser in which a person gave the right password."""

    sign_in_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tries to sign in, as hashes; `browser` is that of a known one's cookie."""

    account: bytes
    sender: bytes
    browser: bytes | None

    @classmethod
    def of(cls, username: str, sender: str, browser_secret: str | None) -> "Attempt":
        return cls(
            secrets.digest(username),
            secrets.digest(sender),
            None if browser_secret is None else secrets.digest(browser_secret),
        )


async def reserve_attempt(
    session: AsyncSession, attempt: Attempt, *, throttle: Throttle, now: datetime
) -> timedelta:
    """Count an attempt as failed before its password is checked, and return zero; how long it
    must wait where it must, and then it is not counted.

    Counted before, so that a burst of parallel guesses is not checked while none of them has
    failed yet. An attempt that must wait is not stored, so one address adds a bounded number of
    rows.
    """
    keys = _lock_key("account", attempt.account), _lock_key("address", attempt.sender)
    for key in sorted(keys):
        await session.execute(select(func.pg_advisory_xact_lock(key)))
    since = now - throttle.window
    await session.execute(delete(SignInFailure).where(SignInFailure.failed_at < since))
    pause = throttle.pause(await _failures(session, _own(attempt)), now)
    if attempt.browser is None:
        stranger = SignInFailure.browser_sha256.is_(None)
        on_account = stranger & (SignInFailure.account_sha256 == attempt.account)
        from_address = stranger & (SignInFailure.address_sha256 == attempt.sender)
        shared = throttle.pause_of_strangers(
            await _failures(session, on_account), await _failures(session, from_address), now
        )
        pause = max(pause, shared)
    if not pause:
        session.add(
            SignInFailure(
                account_sha256=attempt.account,
                address_sha256=attempt.sender,
                browser_sha256=attempt.browser,
                failed_at=now,
            )
        )
    return pause


def _own(attempt: Attempt) -> ColumnElement[bool]:
    """Failures on the attempt's account in its known browser, or else from its address."""
    account = SignInFailure.account_sha256 == attempt.account
    if attempt.browser is not None:
        return account & (SignInFailure.browser_sha256 == attempt.browser)
    address = SignInFailure.address_sha256 == attempt.sender
    return account & address & SignInFailure.browser_sha256.is_(None)


async def _failures(session: AsyncSession, which: ColumnElement[bool]) -> Failures:
    at = SignInFailure.failed_at
    counted = select(func.count(), func.min(at), func.max(at)).where(which)
    count, first, last = (await session.execute(counted)).one()
    return Failures(count, first, last)


async def forgive(session: AsyncSession, attempt: Attempt) -> None:
    """Delete the attempt's own failures. Those of others on the account stay: the right password
    here does not set guesses elsewhere free."""
    await session.execute(delete(SignInFailure).where(_own(attempt)))


async def succeed(
    session: AsyncSession,
    *,
    person: StoredPerson,
    attempt: Attempt,
    lifetime: timedelta,
    now: datetime,
) -> str:
    """Start a sign-in, forgive the attempt, and return the cookie's secret."""
    await forgive(session, attempt)
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
