"""The administration's pages: a person who is signed in here acts through access's own client."""

import hmac
from datetime import UTC, datetime
from pathlib import Path

from payesh.access.adapters import clients, people, sign_ins
from payesh.access.adapters.declared_clients import DeclaredClient
from payesh.access.dependencies import Dependencies
from payesh.access.domain.entitlements import ADMINISTRATION, SCOPES
from payesh.access.handlers.tokens import token_issuer
from payesh.access.settings import Settings
from payesh.kit.errors import Forbidden

PAGES_CLIENT = "access-pages"


def own_client(settings: Settings) -> tuple[DeclaredClient, str]:
    """The client of access's own pages, with a secret that opens nothing: it has no grant, and a
    token through it is issued here alone. Its scopes bound what people pass on through it."""
    client = DeclaredClient(
        client_id=PAGES_CLIENT,
        name="مدیریت دسترسی",
        secret_file=Path(),
        grants=(),
        scopes=tuple(sorted(SCOPES)),
    )
    # The same in every replica and after each start: another one would end what is signed in.
    return client, secret_of(settings, PAGES_CLIENT)


def secret_of(settings: Settings, purpose: str) -> str:
    """A secret for one purpose, which only this service can compute."""
    key = settings.key_encryption_key.get_secret_value().encode()
    return hmac.new(key, f"payesh-access|{purpose}".encode(), "sha256").hexdigest()


async def administration_token(dependencies: Dependencies, sign_in_secret: str) -> str | None:
    """A token for access with all that is valid there of what the person holds, whose sign-in the
    secret belongs to: who lacks a scope in the token passes none of it on. None where nobody is
    signed in.

    Raises Forbidden for a person who administers nothing, and where the pages are disabled.
    """
    if not sign_in_secret:
        return None
    now = datetime.now(UTC)
    async with dependencies.database.transaction() as session:
        issuer = await token_issuer(dependencies, session, now)
        sign_in = await sign_ins.find(session, sign_in_secret, now)
        if sign_in is None:
            return None
        person = await people.find(session, sign_in.person_id)
        client = await clients.find_enabled(session, PAGES_CLIENT)
        if person is None or client is None:
            raise Forbidden("the pages of administration are disabled", type="disabled")
        if not person.entitlements.scopes & ADMINISTRATION:
            raise Forbidden("you administer nothing here", type="missing-scope")
        issued = issuer.issue(
            client, person, frozenset(SCOPES), Settings.service, sign_in=sign_in.sign_in_id
        )
    return issued["access_token"]
