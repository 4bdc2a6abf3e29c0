"""Tokens and authorization codes: what `/oauth/token` and `/oauth/authorize` answer."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access import metrics
from payesh.access.adapters import keys, revocations, sign_ins
from payesh.access.adapters.oauth.request import FlowRequest
from payesh.access.adapters.oauth.server import ConsentQuestion, OAuthAnswer, TokenServer
from payesh.access.adapters.token_issuer import TokenIssuer
from payesh.access.dependencies import Dependencies
from payesh.access.handlers.revoking import revoke
from payesh.contracts.vocabulary import RevocationKind

_GRANTS = ("client_credentials", "authorization_code")


async def answer_token_request(
    dependencies: Dependencies, form: Iterable[tuple[str, str]], headers: Mapping[str, str]
) -> OAuthAnswer:
    """A token for a client's secret or for a code, or OAuth's error."""
    request = FlowRequest("POST", form, headers)
    if request.payload.repeated():
        return OAuthAnswer.invalid_request("A parameter is repeated")
    async with dependencies.database.transaction() as session:
        issuer = await token_issuer(dependencies, session, datetime.now(UTC))
        replayed: list[UUID] = []
        answer = await session.run_sync(
            lambda sync: TokenServer(sync, issuer, replayed).answer_token_request(request)
        )
        for sign_in_id in replayed:
            await revoke(session, RevocationKind.SESSION, str(sign_in_id))
    grant = request.payload.grant_type
    metrics.token_answers.labels(
        grant if grant in _GRANTS else "other", "issued" if answer.status == 200 else "refused"
    ).inc()
    return answer


async def answer_authorization_request(
    dependencies: Dependencies,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    cookie: str,
) -> OAuthAnswer | ConsentQuestion | None:
    """A redirect with a code for the person whose sign-in the cookie names, or OAuth's error; None
    when the person has to sign in first, or the question that the person has to answer first."""
    async with dependencies.database.transaction() as session:
        return await authorization_outcome(dependencies, session, query, headers, cookie)


async def refuse_authorization_request(
    dependencies: Dependencies,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    cookie: str,
) -> OAuthAnswer:
    """A redirect with `access_denied`, for a person who did not let the client act."""
    async with dependencies.database.transaction() as session:
        answer = await authorization_outcome(
            dependencies, session, query, headers, cookie, denied=True
        )
    if isinstance(answer, OAuthAnswer):
        return answer
    return OAuthAnswer.invalid_request("Nobody is signed in")


async def authorization_outcome(
    dependencies: Dependencies,
    session: AsyncSession,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    cookie: str,
    *,
    denied: bool = False,
) -> OAuthAnswer | ConsentQuestion | None:
    """What `answer_authorization_request` answers, in the caller's transaction."""
    request = FlowRequest("GET", query, headers)
    now = datetime.now(UTC)
    issuer = await token_issuer(dependencies, session, now)
    sign_in = await sign_ins.find(session, cookie, now) if cookie else None
    return await session.run_sync(
        lambda sync: TokenServer(sync, issuer).answer_authorization_request(
            request, sign_in, denied=denied
        )
    )


async def token_issuer(
    dependencies: Dependencies, session: AsyncSession, now: datetime
) -> TokenIssuer:
    """Issues tokens with the key that signs at `now`. Call it before anything that a token says is
    read."""
    revocation = await revocations.head(session)
    key = await keys.current(session, now)
    return TokenIssuer(dependencies.settings, dependencies.ring, key, now, revocation)
