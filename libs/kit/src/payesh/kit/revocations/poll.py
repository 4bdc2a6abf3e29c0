"""Asks access for its revocations: a second way beside the bus, of the same bound."""

from collections.abc import Sequence
from pathlib import Path

import httpx
from pydantic import BaseModel, Field, SecretStr, ValidationError

from payesh.contracts import TokensRevoked
from payesh.kit.certificates import trusted
from payesh.kit.errors import PeerUnavailable

_TIMEOUT_S = 2.0
_MOST_BYTES = 32 * 1024 * 1024


class RevocationList(BaseModel):
    """What access answers: everything that has not expired."""

    number: int = Field(description="of the last revocation; 0 when there was none")
    revocations: list[TokensRevoked]


class AccessPoll:
    """GET with the service's own client and secret (as RFC 7662 section 2.1 does), and an ETag:
    an answer without news has no body."""

    def __init__(
        self, url: str, client_id: str, secret: SecretStr, *, ca_file: Path | None = None
    ) -> None:
        """`ca_file`: see TokenSettings.access_ca_file."""
        self._url = url
        self._trusted = trusted(ca_file)
        self._auth = httpx.BasicAuth(client_id, secret.get_secret_value())
        self._etag = ""
        self._http: httpx.AsyncClient | None = None

    async def news(self) -> Sequence[TokensRevoked]:
        """All revocations, or none when nothing changed. Raises PeerUnavailable."""
        headers = {"If-None-Match": self._etag} if self._etag else {}
        try:
            response = await self._client().get(self._url, headers=headers, auth=self._auth)
        except httpx.HTTPError as error:
            raise PeerUnavailable("access", type(error).__name__) from error
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return ()
        if response.status_code != httpx.codes.OK or len(response.content) > _MOST_BYTES:
            raise PeerUnavailable("access", f"revocations: status {response.status_code}")
        try:
            answer = RevocationList.model_validate_json(response.content)
        except ValidationError as error:
            raise PeerUnavailable("access", "revocations: not understood") from error
        self._etag = response.headers.get("etag", "")
        return answer.revocations

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(
                timeout=_TIMEOUT_S, verify=self._trusted, trust_env=False
            )
        return self._http
