"""People letting clients act in their name, and taking that back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from payesh.access.adapters import agencies, consents, people, sign_ins
from payesh.access.adapters.consents import StoredConsent
from payesh.access.adapters.oauth.server import ConsentQuestion
from payesh.access.dependencies import Dependencies
from payesh.access.domain.redirect_uris import is_authorization_request, origin
from payesh.access.handlers.tokens import authorization_outcome

_MAX_FIELDS = 50


@dataclass(frozen=True, slots=True)
class AskedConsent:
    """What the page asks: whether a client of an agency may have these scopes. `leads_to` is the
    origin that the person is sent back to."""

    client_name: str
    agency_name: str
    scopes: tuple[str, ...]
    leads_to: str


async def asked_consent(
    dependencies: Dependencies, then: str, headers: Mapping[str, str], secret: str
) -> AskedConsent | None:
    """What the authorization request `then` (a path with its query) has to ask the person who is
    signed in; None when it has nothing to ask."""
    async with dependencies.database.transaction() as session:
        outcome = await authorization_outcome(
            dependencies, session, query_of(then), headers, secret
        )
        if not isinstance(outcome, ConsentQuestion):
            return None
        agency = await agencies.find(session, outcome.client.agency_id)
    return AskedConsent(
        client_name=outcome.client.name,
        agency_name=agency.name if agency else outcome.client.agency_id,
        scopes=tuple(sorted(outcome.scopes)),
        leads_to=origin(outcome.redirect_uri),
    )


async def give_consent(
    dependencies: Dependencies,
    then: str,
    headers: Mapping[str, str],
    secret: str,
    shown: Collection[str],
) -> None:
    """Remember that the person who is signed in lets the client have what `then` asks for, unless
    that is more by now than the scopes that were shown: then it is asked again."""
    async with dependencies.database.transaction() as session:
        now = datetime.now(UTC)
        sign_in = await sign_ins.find(session, secret, now) if secret else None
        if sign_in is None:
            return
        # Of a form that was sent twice the second waits here, where it holds nothing yet.
        await people.find(session, sign_in.person_id, to_change=True)
        outcome = await authorization_outcome(
            dependencies, session, query_of(then), headers, secret
        )
        if isinstance(outcome, ConsentQuestion) and outcome.scopes.issubset(shown):
            await consents.give(
                session, outcome.person_id, outcome.client.client_id, outcome.scopes, now
            )


async def list_consents(dependencies: Dependencies, secret: str) -> list[StoredConsent] | None:
    """The consents of the person who is signed in; None when nobody is."""
    async with dependencies.database.transaction() as session:
        sign_in = await sign_ins.find(session, secret, datetime.now(UTC)) if secret else None
        return None if sign_in is None else await consents.of_person(session, sign_in.person_id)


async def withdraw_consent(dependencies: Dependencies, secret: str, client_id: str) -> None:
    """End what the person who is signed in lets the client do."""
    async with dependencies.database.transaction() as session:
        sign_in = await sign_ins.find(session, secret, datetime.now(UTC)) if secret else None
        if sign_in is not None:
            await consents.withdraw(session, sign_in.person_id, client_id)


def query_of(then: str) -> list[tuple[str, str]]:
    """The parameters of an authorization request; none when it is no such request."""
    if not is_authorization_request(then):
        return []
    try:
        return parse_qsl(urlsplit(then).query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return []
