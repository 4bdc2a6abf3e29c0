"""A registered client as Authlib asks about it."""

from authlib.oauth2.rfc6749 import ClientMixin

from payesh.access.adapters import secrets
from payesh.access.adapters.clients import StoredClient


class RegisteredClient(ClientMixin):  # type: ignore[misc]
    """Answers Authlib's questions about a stored client."""

    def __init__(self, stored: StoredClient) -> None:
        self.stored = stored

    def get_client_id(self) -> str:
        return self.stored.client_id

    def get_default_redirect_uri(self) -> str | None:
        return None  # it must be named, and be one of those registered

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The scopes asked for, all that are held when none are; None when more is asked for."""
        held = self.stored.entitlements.scopes
        wanted = frozenset(scope.split()) if scope else held
        return " ".join(sorted(wanted)) if wanted <= held else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.stored.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.matches(self.stored.secret_sha256, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.stored.grants
