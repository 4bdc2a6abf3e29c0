"""People signing in with a password, and out."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from payesh.access import metrics
from payesh.access.adapters import clients, people, sign_ins
from payesh.access.adapters.passwords import TooManyWaiting
from payesh.access.dependencies import Dependencies
from payesh.access.domain.redirect_uris import origin, requested_return
from payesh.access.handlers.revoking import revoke
from payesh.contracts.vocabulary import RevocationKind


@dataclass(frozen=True, slots=True)
class SignInResult:
    """How an attempt ended: `granted` comes with the cookie's secret; `throttled` is after too
    many failures, `busy` while too many passwords wait to be checked."""

    outcome: Literal["granted", "refused", "throttled", "busy"]
    cookie: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnPage:
    """The registered page that a person is sent back to after signing in."""

    client_name: str
    origin: str


async def sign_in(
    dependencies: Dependencies, *, username: str, password: str, address: str
) -> SignInResult:
    """One attempt to sign in from a network address."""
    result = await _attempt(dependencies, username.strip().casefold(), password, address)
    metrics.sign_ins.labels(result.outcome).inc()
    return result


async def _attempt(
    dependencies: Dependencies, username: str, password: str, address: str
) -> SignInResult:
    settings = dependencies.settings
    now = datetime.now(UTC)
    async with dependencies.database.transaction() as session:
        attempt = await sign_ins.reserve_attempt(
            session, username=username, address=address, throttle=settings.throttle, now=now
        )
        if attempt is None:
            return SignInResult("throttled")
        # PostgreSQL refuses a NUL in a text, and no username has one.
        person = await people.find_enabled(session, username.replace("\x00", " "))
    try:
        right = await dependencies.passwords.matches(
            person.password_hash if person else None, password
        )
    except TooManyWaiting:
        return SignInResult("busy")
    if person is None or not right:
        return SignInResult("refused")
    async with dependencies.database.transaction() as session:
        verified = await people.find_verified(session, person)
        if verified is None:
            return SignInResult("refused")
        cookie = await sign_ins.succeed(
            session,
            person=verified,
            attempt=attempt,
            lifetime=timedelta(seconds=settings.sign_in_lifetime_s),
            now=now,
        )
    return SignInResult("granted", cookie)


async def sign_out(dependencies: Dependencies, cookie: str) -> None:
    """End the sign-in that the cookie's secret belongs to, and every session that came of it."""
    async with dependencies.database.transaction() as session:
        ended = await sign_ins.end(session, cookie, datetime.now(UTC))
        if ended is not None:
            await revoke(session, RevocationKind.SESSION, str(ended))


async def return_page(dependencies: Dependencies, then: str) -> ReturnPage | None:
    """The page that an authorization request (`then`: its path and query) leads back to; None when
    it is none, or names an address that is not registered."""
    wanted = requested_return(then)
    if wanted is None:
        return None
    client_id, redirect_uri = wanted
    async with dependencies.database.transaction() as session:
        client = await clients.find(session, client_id)
    if client is None or redirect_uri not in client.redirect_uris:
        return None
    return ReturnPage(client.name, origin(redirect_uri))
