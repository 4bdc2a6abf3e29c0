"""The grants that access knows: client credentials, and authorization codes with PKCE."""

from typing import TYPE_CHECKING, Any, ClassVar

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from payesh.access.adapters import consents
from payesh.access.adapters.agencies import OPERATOR
from payesh.access.adapters.clients import StoredClient
from payesh.access.adapters.oauth import codes, targets
from payesh.access.adapters.oauth.codes import StoredCode
from payesh.access.adapters.oauth.registered_client import RegisteredClient
from payesh.access.adapters.oauth.request import FlowRequest
from payesh.access.adapters.people import StoredPerson
from payesh.access.adapters.sign_ins import StoredSignIn
from payesh.access.domain.scope_services import valid_at

if TYPE_CHECKING:
    from payesh.access.adapters.oauth.server import TokenServer


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic", "client_secret_post"]

    def validate_token_request(self) -> None:
        super().validate_token_request()
        request: FlowRequest = self.request
        request.service = targets.target_of(request)


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
    """Codes for what the person and the client both hold, of the scopes asked for."""

    server: "TokenServer"

    def validate_authorization_request(self) -> str:
        redirect_uri: str = super().validate_authorization_request()
        request: FlowRequest = self.request
        try:
            request.service = targets.target_of(request)
        except OAuth2Error as error:
            error.redirect_uri = redirect_uri
            raise
        return redirect_uri

    def validate_token_request(self) -> None:
        super().validate_token_request()
        request: FlowRequest = self.request
        request.service = targets.target_of_code(request, request.authorization_code.service)

    def granted(self, request: FlowRequest, sign_in: StoredSignIn) -> frozenset[str]:
        """The scopes that a code would give, of those that the person and the client both hold.

        Raises AccessDeniedError.
        """
        client: StoredClient = request.client.stored
        person = codes.person(self.server.session, sign_in.person_id)
        if client.agency_id not in (OPERATOR, person.agency_id):
            # Else one agency's client could act as another agency's officer.
            raise AccessDeniedError(redirect_uri=request.payload.redirect_uri)
        if not codes.may_still_be_issued(self.server.session, sign_in, client.client_id):
            raise AccessDeniedError(redirect_uri=request.payload.redirect_uri)
        shared = person.entitlements.shared_with(client.entitlements)
        granted = valid_at(request.service, shared.scopes & set(request.scope.split()))
        if not granted:
            raise AccessDeniedError(redirect_uri=request.payload.redirect_uri)
        return granted

    def needs_consent(
        self, request: FlowRequest, sign_in: StoredSignIn, scopes: frozenset[str]
    ) -> bool:
        """Whether the person has to let the client have these scopes first."""
        client: StoredClient = request.client.stored
        return not client.declared and not consents.covered(
            self.server.session, sign_in.person_id, client.client_id, scopes
        )

    def save_authorization_code(self, code: str, request: FlowRequest) -> None:
        sign_in: StoredSignIn = request.user
        granted = self.granted(request, sign_in)
        if self.needs_consent(request, sign_in, granted):
            raise AccessDeniedError(redirect_uri=request.payload.redirect_uri)
        codes.add(
            self.server.session,
            code,
            client_id=request.client.stored.client_id,
            person_id=sign_in.person_id,
            sign_in_id=sign_in.sign_in_id,
            redirect_uri=request.payload.redirect_uri,
            scope=" ".join(sorted(granted)),
            code_challenge=request.payload.data["code_challenge"],
            service=request.service,
            expires_at=self.server.issuer.now + self.server.code_lifetime,
        )

    def query_authorization_code(self, code: str, client: RegisteredClient) -> StoredCode | None:
        server = self.server
        return codes.present(
            server.session, code, client.stored.client_id, server.issuer.now, server.replayed
        )

    def delete_authorization_code(self, authorization_code: StoredCode) -> None:
        """Kept until it expires, so that it is recognised when it is presented again."""

    def authenticate_user(self, authorization_code: StoredCode) -> StoredPerson | None:
        self.server.redeemed_from = authorization_code.sign_in_id
        return codes.person_still_signed_in(self.server.session, authorization_code)
