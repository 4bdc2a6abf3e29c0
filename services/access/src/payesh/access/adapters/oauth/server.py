"""Authlib's authorization server, one instance a request."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    InvalidClientError,
)
from sqlalchemy.orm import Session

from payesh.access.adapters.clients import StoredClient, enabled_client, stored_client
from payesh.access.adapters.oauth.grants import (
    AuthorizationCodes,
    ClientCredentials,
    StrictCodeChallenge,
)
from payesh.access.adapters.oauth.registered_client import RegisteredClient
from payesh.access.adapters.oauth.request import FlowRequest
from payesh.access.adapters.people import StoredPerson
from payesh.access.adapters.sign_ins import StoredSignIn
from payesh.access.adapters.token_issuer import IssuedToken, TokenIssuer


@dataclass(frozen=True, slots=True)
class OAuthAnswer:
    """An answer in OAuth's own form; a dict as `body` is JSON, a str is empty."""

    status: int
    body: Any
    headers: Sequence[tuple[str, str]]

    @classmethod
    def invalid_request(cls, description: str) -> "OAuthAnswer":
        """The answer to a request that cannot be read (RFC 6749 section 5.2)."""
        body = {"error": "invalid_request", "error_description": description}
        return cls(400, body, [("Cache-Control", "no-store")])


@dataclass(frozen=True, slots=True)
class ConsentQuestion:
    """A client that the deployment did not declare asks to have scopes in a person's name."""

    person_id: UUID
    client: StoredClient
    scopes: frozenset[str]
    redirect_uri: str


class TokenServer(AuthorizationServer):  # type: ignore[misc]
    """Answers requests for tokens and codes in the transaction of `session`."""

    def __init__(
        self, session: Session, issuer: TokenIssuer, replayed: list[UUID] | None = None
    ) -> None:
        """`replayed` receives each sign-in that ended because a code of it came again."""
        super().__init__()
        self.replayed = [] if replayed is None else replayed
        self.redeemed_from: UUID | None = None
        self.session = session
        self.issuer = issuer
        self.code_lifetime = timedelta(seconds=issuer.settings.code_lifetime_s)
        self.register_grant(ClientCredentials)
        self.register_grant(AuthorizationCodes, [StrictCodeChallenge(required=True)])

    def answer_token_request(self, request: FlowRequest) -> OAuthAnswer:
        """A token, or OAuth's error (RFC 6749 sections 5.1 and 5.2)."""
        self._request = request
        answer: OAuthAnswer = self.create_token_response(request)
        return answer

    def answer_authorization_request(
        self, request: FlowRequest, sign_in: StoredSignIn | None, *, denied: bool = False
    ) -> "OAuthAnswer | ConsentQuestion | None":
        """A redirect with a code or an error, which it is when the person `denied` consent; None
        when the request is valid and a person has to sign in for it; or the question that a person
        has to answer first."""
        try:
            grant = self.get_consent_grant(request)
            if sign_in is not None and not denied:
                scopes = grant.granted(request, sign_in)
                if grant.needs_consent(request, sign_in, scopes):
                    client = request.client.stored
                    uri = request.payload.redirect_uri
                    return ConsentQuestion(sign_in.person_id, client, scopes, uri)
        except OAuth2Error as error:
            error.state = request.payload.state
            return self._from_here(self.handle_error_response(request, error))
        except ValueError:
            # Authlib quotes the redirect URI in its error, whatever characters it has.
            return OAuthAnswer.invalid_request("Malformed")
        if sign_in is None:
            return None
        person = None if denied else sign_in
        return self._from_here(self.create_authorization_response(request, person, grant))

    def _from_here(self, answer: OAuthAnswer) -> OAuthAnswer:
        """The answer, whose redirect names the issuer (RFC 9207): a client of several servers
        notices an answer of the wrong one."""
        headers = [
            (name, add_params_to_uri(value, [("iss", self.issuer.settings.token_issuer)]))
            if name.lower() == "location"
            else (name, value)
            for name, value in answer.headers
        ]
        return replace(answer, headers=headers)

    def query_client(self, client_id: str) -> RegisteredClient | None:
        if "\x00" in client_id:  # PostgreSQL refuses it in a text
            return None
        row = self.session.scalar(enabled_client(client_id))
        return RegisteredClient(stored_client(row)) if row else None

    def authenticate_client(
        self, request: FlowRequest, methods: list[str], endpoint: str = "token"
    ) -> RegisteredClient:
        try:
            client: RegisteredClient = super().authenticate_client(request, methods, endpoint)
        except (OAuth2Error, ValueError):
            # One answer to all failures: it shows neither which clients exist nor what was wrong.
            raise InvalidClientError("Client authentication failed.", status_code=401) from None
        return client

    def generate_token(
        self,
        grant_type: str,
        client: RegisteredClient,
        user: StoredPerson | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> IssuedToken:
        service = self._request.service
        if user is None:
            scope = client.get_allowed_scope(scope)
        return self.issuer.issue(
            client.stored,
            user,
            frozenset((scope or "").split()),
            service,
            sign_in=self.redeemed_from,
        )

    def save_token(self, token: IssuedToken, request: FlowRequest) -> None:
        """Nothing is stored: a token is valid by its signature until it expires."""

    def create_oauth2_request(self, request: FlowRequest) -> FlowRequest:
        return request

    def handle_response(
        self, status: int, body: Any, headers: Sequence[tuple[str, str]]
    ) -> OAuthAnswer:
        return OAuthAnswer(status, body, headers)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """No receiver is connected to Authlib's signals."""
