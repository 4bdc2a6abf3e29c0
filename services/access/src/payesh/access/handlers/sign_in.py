"""People signing in with a password, and out."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Literal

from payesh.access import metrics
from payesh.access.adapters import clients, endings, known_browsers, people, sign_ins
from payesh.access.adapters.passwords import TooManyWaiting
from payesh.access.adapters.sign_ins import Attempt
from payesh.access.dependencies import Dependencies
from payesh.access.domain.redirect_uris import origin, requested_return
from payesh.access.domain.throttle import sender_of
from payesh.access.handlers.people import check_password, record_own_password
from payesh.access.handlers.revoking import revoke
from payesh.contracts.vocabulary import RevocationKind
from payesh.kit.errors import Unprocessable


@dataclass(frozen=True, slots=True)
class SignInResult:
    """How an attempt ended: `granted` comes with the secrets of the sign-in's cookie and of the
    browser's; `throttled` is after too many failures, with the seconds to wait, `busy` while too
    many passwords wait to be checked. `choose`: the password is right, another person gave it, and
    it opens nothing; `weak` and `same` say why the one that was chosen is refused."""

    outcome: Literal["granted", "refused", "throttled", "busy", "choose", "weak", "same"]
    cookie: str | None = None
    browser: str = ""
    wait_s: int = 0


@dataclass(frozen=True, slots=True)
class ReturnPage:
    """The registered page that a person is sent back to after signing in."""

    client_name: str
    origin: str


async def sign_in(
    dependencies: Dependencies,
    *,
    username: str,
    password: str,
    chosen: str | None = None,
    address: str,
    browser: str,
) -> SignInResult:
    """One attempt to sign in from a network address, in the browser whose cookie has the secret
    `browser` (empty where it has none). `chosen` is to be the password from now on."""
    name = username.strip().casefold()
    result = await _attempt(dependencies, name, password, chosen, address, browser)
    metrics.sign_ins.labels(result.outcome).inc()
    return result


async def _attempt(
    dependencies: Dependencies,
    username: str,
    password: str,
    chosen: str | None,
    address: str,
    browser: str,
) -> SignInResult:
    settings = dependencies.settings
    now = datetime.now(UTC)
    async with dependencies.database.transaction() as session:
        # PostgreSQL refuses a NUL in a text, and no username has one.
        name = username.replace("\x00", " ")
        known = await known_browsers.knows(session, browser, name, now)
        attempt = Attempt.of(username, sender_of(address), browser if known else None)
        pause = await sign_ins.reserve_attempt(
            session, attempt, throttle=settings.throttle, now=now
        )
        if pause:
            return SignInResult("throttled", wait_s=ceil(pause.total_seconds()))
        person = await people.find_enabled(session, name)
    try:
        right = await dependencies.passwords.matches(
            person.password_hash if person else None, password
        )
    except TooManyWaiting:
        return SignInResult("busy")
    if person is None or not right:
        return SignInResult("refused")
    if chosen is None and person.password_given:
        await _forgive(dependencies, attempt)
        return SignInResult("choose")
    new_hash = None
    if chosen is not None:
        fault = await _fault(dependencies, password, chosen, person.username)
        if fault is not None:
            await _forgive(dependencies, attempt)
            return SignInResult(fault)
        new_hash = await dependencies.passwords.hash(chosen)
    async with dependencies.database.transaction() as session:
        verified = await people.find_verified(session, person)
        if verified is None:
            return SignInResult("refused")
        if new_hash is not None:
            # Whoever knew the password of before is out.
            await endings.end_for_person(session, verified.person_id, now)
            await revoke(session, RevocationKind.SUBJECT, verified.subject)
            verified = await people.change(session, verified.person_id, password_hash=new_hash)
        cookie = await sign_ins.succeed(
            session,
            person=verified,
            attempt=attempt,
            lifetime=timedelta(seconds=settings.sign_in_lifetime_s),
            now=now,
        )
        browser = await known_browsers.remember(session, browser, verified, now)
        if new_hash is not None:
            await record_own_password(dependencies, session, verified)
    return SignInResult("granted", cookie, browser)


async def _fault(
    dependencies: Dependencies, password: str, chosen: str, username: str
) -> Literal["weak", "same"] | None:
    """Why a password may not be chosen in place of `password`."""
    if chosen == password:
        return "same"
    try:
        await check_password(dependencies, chosen, username)
    except Unprocessable:
        return "weak"
    return None


async def _forgive(dependencies: Dependencies, attempt: Attempt) -> None:
    """The password was right: the attempt was counted as a failure before that was known."""
    async with dependencies.database.transaction() as session:
        await sign_ins.forgive(session, attempt)


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
