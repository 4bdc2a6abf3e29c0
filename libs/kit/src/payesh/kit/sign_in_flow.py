"""One sign-in at access: authorization code (RFC 6749) with PKCE (RFC 7636).

Between the redirect to access and the way back, the flow lives in a signed cookie of the browser.
"""

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from payesh.kit.certificates import trusted
from payesh.kit.cookies import base64url, seal, unseal
from payesh.kit.errors import PeerUnavailable, Unauthorized

FLOW_LIFE_S = 600
CALLBACK_PATH = "/sign-in/callback"
_EXCHANGE_TIMEOUT_S = 5.0


class SignInSettings(Protocol):
    """The settings of PagesSettings and HttpSettings that a sign-in needs."""

    @property
    def public_url(self) -> str: ...
    @property
    def pages_client_id(self) -> str: ...
    @property
    def pages_client_secret(self) -> SecretStr: ...
    @property
    def access_url(self) -> str: ...
    @property
    def access_internal_url(self) -> str: ...
    @property
    def token_issuer(self) -> str: ...
    @property
    def token_audience(self) -> str: ...
    @property
    def access_ca_file(self) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class SignInFlow:
    """A sign-in that began here: what the way back is checked against and continues with.

    `subject` is the person who stated the purpose in an earlier sign-in; None when it was stated
    for this one.
    """

    state: str
    verifier: str
    next: str
    purpose: str
    subject: str | None = None

    @classmethod
    def begin(cls, next_page: str, purpose: str, subject: str | None = None) -> "SignInFlow":
        """A flow with a new state and code verifier, which ends at `next_page`."""
        return cls(
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(48),
            own_path(next_page),
            purpose,
            subject,
        )

    @property
    def challenge(self) -> str:
        """The code challenge (S256) of the verifier."""
        return base64url(hashlib.sha256(self.verifier.encode()).digest())

    def began_with(self, state: str) -> bool:
        return hmac.compare_digest(self.state.encode(), state.encode())

    def sealed(self, secret: str) -> str:
        """The cookie's value: the flow, signed."""
        return seal("flow", asdict(self), secret, life_s=FLOW_LIFE_S)

    @classmethod
    def unsealed(cls, cookie: str, secret: str) -> "SignInFlow | None":
        """The flow of a cookie; None when it was not sealed here, or too long ago."""
        value = unseal("flow", cookie, secret)
        return None if value is None else cls(**value)


class AccessClient:
    """This service as an OAuth client of access."""

    def __init__(self, settings: SignInSettings) -> None:
        self._client_id = settings.pages_client_id
        self.secret = settings.pages_client_secret.get_secret_value()
        self._public_access = settings.access_url.rstrip("/")
        self._access = (settings.access_internal_url or settings.access_url).rstrip("/")
        self.issuer = settings.token_issuer
        self._audience = settings.token_audience
        self._trusted = trusted(settings.access_ca_file)
        self._redirect_uri = settings.public_url.rstrip("/") + CALLBACK_PATH

    def authorize_url(self, flow: SignInFlow) -> str:
        """The address at access to which the browser is sent to sign in."""
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._client_id,
                "redirect_uri": self._redirect_uri,
                "state": flow.state,
                "code_challenge": flow.challenge,
                "code_challenge_method": "S256",
                "resource": self._audience,
            }
        )
        return f"{self._public_access}/oauth/authorize?{query}"

    @property
    def origin(self) -> str:
        """Scheme, host and port of access as browsers reach it."""
        url = httpx.URL(self._public_access)
        return f"{url.scheme}://{url.netloc.decode()}"

    @property
    def sign_out_url(self) -> str:
        """The page at which a person's sign-in at access ends."""
        return f"{self._public_access}/sign-out"

    async def exchange(self, code: str, flow: SignInFlow) -> str:
        """The access token for a code. Raises Unauthorized, PeerUnavailable."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": flow.verifier,
            "resource": self._audience,
        }
        client = (self._client_id, self.secret)
        try:
            async with httpx.AsyncClient(
                timeout=_EXCHANGE_TIMEOUT_S, verify=self._trusted, trust_env=False
            ) as http:
                response = await http.post(f"{self._access}/oauth/token", data=form, auth=client)
        except httpx.HTTPError as error:
            raise PeerUnavailable("access", type(error).__name__) from error
        if response.status_code >= 500:
            raise PeerUnavailable("access", f"status {response.status_code}")
        if response.status_code != 200:
            raise Unauthorized("access refused the code", type="sign-in")
        token: str = response.json()["access_token"]
        return token


def own_path(page: str) -> str:
    """A path of this site; any other address, which would be an open redirect, becomes `/`."""
    plain = page.startswith("/") and not page.startswith(("//", "/\\"))
    return page if plain and page.isprintable() else "/"
