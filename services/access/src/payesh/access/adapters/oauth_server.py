"""Authlib's authorization server over our tables, one instance a request.

Authlib decides synchronously; `AsyncSession.run_sync` lends it the request's own transaction, so
that what it reads, what it spends (a code) and what it issues stand or fall together. Authlib
carries no types: hence the ignored subclassing of Any.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

import structlog
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    AuthorizationServer,
    ClientMixin,
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from sqlalchemy import select
from sqlalchemy.orm import Session

from payesh.access.adapters import secrets
from payesh.access.adapters.agencies import OPERATOR
from payesh.access.adapters.key_ring import KeyRing
from payesh.access.adapters.keys import USABLE, current_among
from payesh.access.adapters.oauth_request import FlowRequest
from payesh.access.adapters.tables import (
    Agency,
    AuthorizationCode,
    Client,
    Person,
    SignIn,
    SigningKey,
)
from payesh.access.domain.entitlements import Entitlements
from payesh.access.errors import NoSigningKey
from payesh.access.settings import Settings

log = structlog.get_logger(__name__)

Answer = tuple[int, Any, Sequence[tuple[str, str]]]
"""Status, body (a dict is JSON, a str is empty), headers."""


class RegisteredClient(ClientMixin):  # type: ignore[misc]
    def __init__(self, row: Client) -> None:
        self.row = row

    def get_client_id(self) -> str:
        return self.row.client_id

    def get_default_redirect_uri(self) -> str | None:
        return None  # it must be named, and be one of those registered

    def get_allowed_scope(self, scope: str | None) -> str | None:
        held = set(self.row.scopes)
        wanted = set(scope.split()) if scope else held
        return " ".join(sorted(wanted)) if wanted <= held else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.row.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.matches(self.row.secret_sha256, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.row.grants


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic", "client_secret_post"]


class StrictCodeChallenge(CodeChallenge):  # type: ignore[misc]
    """PKCE is required, and with S256: without, or with "plain", it would protect nothing."""

    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        parameters = grant.request.payload.data
        if not parameters.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge'")
        if parameters.get("code_challenge_method") != "S256":
            raise InvalidRequestError("The 'code_challenge_method' must be S256")
        if not parameters.get("state"):
            raise InvalidRequestError("Missing 'state'")
        super().validate_code_challenge(grant, redirect_uri)


class AuthorizationCodes(AuthorizationCodeGrant):  # type: ignore[misc]
    server: "TokenServer"

    def save_authorization_code(self, code: str, request: FlowRequest) -> None:
        sign_in: SignIn = request.user
        client: Client = request.client.row
        person = self.server.session.get_one(Person, sign_in.person_id)
        if client.agency_id not in (OPERATOR, person.agency_id):
            # Else one agency's client could act as another agency's officer.
            raise AccessDeniedError(redirect_uri=request.payload.redirect_uri)
        shared = person.entitlements.shared_with(client.entitlements)
        granted = shared.scopes & set(request.scope.split())
        if not granted:
            raise AccessDeniedError(redirect_uri=request.payload.redirect_uri)
        self.server.session.add(
            AuthorizationCode(
                code_sha256=secrets.digest(code),
                client_id=client.client_id,
                person_id=person.person_id,
                sign_in_id=sign_in.sign_in_id,
                redirect_uri=request.payload.redirect_uri,
                scope=" ".join(sorted(granted)),
                code_challenge=request.payload.data["code_challenge"],
                expires_at=self.server.now + self.server.code_lifetime,
                presented_at=None,
            )
        )

    def query_authorization_code(
        self, code: str, client: RegisteredClient
    ) -> AuthorizationCode | None:
        """The code, once: whoever presents it, rightly or not, has spent it."""
        session, now = self.server.session, self.server.now
        row = session.get(AuthorizationCode, secrets.digest(code), with_for_update=True)
        if row is None:
            return None
        if row.presented_at is not None:
            # Somebody else has it too (RFC 6749 section 4.1.2): no more codes from that sign-in.
            session.get_one(SignIn, row.sign_in_id).ended_at = now
            log.warning("authorization code presented again", client_id=client.row.client_id)
            return None
        row.presented_at = now
        if row.client_id != client.row.client_id or row.expires_at <= now:
            return None
        return row

    def delete_authorization_code(self, authorization_code: AuthorizationCode) -> None:
        """Kept until it expires, to know it when it is presented again."""

    def authenticate_user(self, authorization_code: AuthorizationCode) -> Person | None:
        session = self.server.session
        person = session.get_one(Person, authorization_code.person_id)
        sign_in = session.get_one(SignIn, authorization_code.sign_in_id)
        agency = session.get_one(Agency, person.agency_id)
        allowed = person.enabled and agency.enabled and sign_in.ended_at is None
        return person if allowed else None


class TokenServer(AuthorizationServer):  # type: ignore[misc]
    def __init__(self, session: Session, settings: Settings, ring: KeyRing, now: datetime) -> None:
        super().__init__()
        self.session = session
        self.now = now
        self.code_lifetime = timedelta(seconds=settings.code_lifetime_s)
        self._settings = settings
        self._ring = ring
        self.register_grant(ClientCredentials)
        self.register_grant(AuthorizationCodes, [StrictCodeChallenge(required=True)])

    def query_client(self, client_id: str) -> RegisteredClient | None:
        if "\x00" in client_id:  # PostgreSQL refuses it in a text
            return None
        row = self.session.scalar(
            select(Client)
            .join(Agency, Agency.agency_id == Client.agency_id)
            .where(Client.client_id == client_id, Client.enabled, Agency.enabled)
        )
        return RegisteredClient(row) if row else None

    def authenticate_client(
        self, request: FlowRequest, methods: list[str], endpoint: str = "token"
    ) -> RegisteredClient:
        try:
            client: RegisteredClient = super().authenticate_client(request, methods, endpoint)
        except (OAuth2Error, ValueError):
            # One answer to all failures: it says neither which clients exist nor what was wrong.
            raise InvalidClientError("Client authentication failed.", status_code=401) from None
        return client

    def generate_token(
        self,
        grant_type: str,
        client: RegisteredClient,
        user: Person | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        if user is None:
            allowed = client.get_allowed_scope(scope)
            if allowed is None:
                raise InvalidScopeError()
            return self.issue(client.row, None, frozenset(allowed.split()))
        return self.issue(client.row, user, frozenset((scope or "").split()))

    def issue(
        self, client: Client | None, person: Person | None, scopes: frozenset[str]
    ) -> dict[str, Any]:
        """The token response (RFC 6749 section 5.1) with a JWT (RFC 9068).

        A person acting through a client gets what both hold now, not what they held when the
        code was issued. Raises NoSigningKey.
        """
        claims = self._claims(client, person, scopes)
        key = current_among(self.session.scalars(select(SigningKey).where(USABLE)).all(), self.now)
        if key is None:
            raise NoSigningKey("no signing key is active")
        return {
            "access_token": self._ring.sign(key, claims),
            "token_type": "Bearer",
            "expires_in": self._settings.token_lifetime_s,
            "scope": claims["scope"],
        }

    def _claims(
        self, client: Client | None, person: Person | None, scopes: frozenset[str]
    ) -> dict[str, Any]:
        holder = person or client
        if holder is None:
            raise ValueError("a token belongs to a person or a client")
        rights = holder.entitlements
        if person is not None and client is not None:
            rights = rights.shared_with(client.entitlements)
        issued_at = int(self.now.timestamp())
        claims = {
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
            "sub": holder.subject,
            "iat": issued_at,
            "nbf": issued_at,
            "exp": issued_at + self._settings.token_lifetime_s,
            "jti": uuid4().hex,
            "scope": " ".join(sorted(rights.scopes & scopes)),
            "agency": holder.agency_id,
            "grant_id": str(holder.grant_id),
            **_bounds(rights),
        }
        if person is not None:
            claims["name"] = person.name
        if client is not None:
            claims["client_id"] = client.client_id
            if person is not None:
                claims["act"] = {"sub": client.client_id}  # RFC 8693 section 4.1
        return claims

    def save_token(self, token: dict[str, Any], request: FlowRequest) -> None:
        """Nothing is kept: a token proves itself until it expires."""

    def create_oauth2_request(self, request: FlowRequest) -> FlowRequest:
        return request

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Answer:
        return status, body, headers

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def _bounds(rights: Entitlements) -> dict[str, Any]:
    return {
        "counties": "*" if rights.counties is None else sorted(rights.counties),
        "road_classes": "*" if rights.road_classes is None else sorted(rights.road_classes),
    }
