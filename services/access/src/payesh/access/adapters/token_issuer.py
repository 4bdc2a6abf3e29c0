"""Access tokens, signed with the key that is current."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID, uuid4

from payesh.access.adapters.clients import StoredClient
from payesh.access.adapters.key_ring import KeyRing
from payesh.access.adapters.keys import StoredKey
from payesh.access.adapters.people import StoredPerson
from payesh.access.domain.scope_services import valid_at
from payesh.access.domain.token_claims import token_claims
from payesh.access.errors import NoSigningKey
from payesh.access.settings import Settings
from payesh.contracts.audiences import audience_of


class IssuedToken(TypedDict):
    """A token response (RFC 6749 section 5.1); `scope` is what was granted."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Issues tokens at `now`, signed with `key`; None where no key is active. `revocation` is the
    number of the last one before anything that the tokens say was read."""

    settings: Settings
    ring: KeyRing
    key: StoredKey | None
    now: datetime
    revocation: int

    def issue(
        self,
        client: StoredClient | None,
        person: StoredPerson | None,
        scopes: frozenset[str],
        service: str,
        sign_in: UUID | None = None,
    ) -> IssuedToken:
        """A token for a client, a person, or a person acting through a client, with those of the
        scopes that are valid at the service; `sign_in` is where the person's came from.

        Raises NoSigningKey, KeyUnreadable.
        """
        claims = token_claims(
            issuer=self.settings.token_issuer,
            audience=audience_of(service),
            lifetime_s=self.settings.token_lifetime_s,
            now=self.now,
            token_id=uuid4().hex,
            client=client,
            person=person,
            scopes=valid_at(service, scopes),
            revocation=self.revocation,
            sign_in=sign_in,
        )
        if self.key is None:
            raise NoSigningKey("no signing key is active")
        return IssuedToken(
            access_token=self.ring.sign(self.key.sealed, claims),
            token_type="Bearer",  # noqa: S106 - a word of the RFC
            expires_in=self.settings.token_lifetime_s,
            scope=claims["scope"],
        )
