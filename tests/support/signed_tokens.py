"""Access tokens of tests: really signed, and verified against keys that are really served."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import OKPKey

from payesh.contracts.audiences import audience_of
from tests.support.serving import served

ISSUER = "http://access.test"


class TokenSigner:
    """In place of access, for one service: one Ed25519 key and its JWKS."""

    def __init__(self, service: str) -> None:
        self._audience = audience_of(service)
        self._key = OKPKey.generate_key("Ed25519", {"kid": "test-1"})

    def claims(self, subject: str = "sara", **changes: Any) -> dict[str, Any]:
        """Claims of an officer's token of Semnan, as access gives them, without a scope."""
        now = int(time.time())
        return {
            "iss": ISSUER,
            "aud": self._audience,
            "sub": subject,
            "client_id": "pages",
            "act": {"sub": "pages"},
            "agency": "traffic-police",
            "scope": "",
            "counties": ["semnan"],
            "road_classes": "*",
            "iat": now,
            "nbf": now,
            "exp": now + 900,
            **changes,
        }

    def token(self, subject: str = "sara", **changes: Any) -> str:
        header = {"alg": "EdDSA", "typ": "at+jwt", "kid": self._key.kid}
        return jwt.encode(header, self.claims(subject, **changes), self._key, algorithms=["EdDSA"])

    @asynccontextmanager
    async def keys_served(self) -> AsyncIterator[str]:
        """The address of the JWKS."""
        app = FastAPI()

        @app.get("/jwks.json")
        async def jwks() -> JSONResponse:
            return JSONResponse({"keys": [self._key.as_dict(private=False)]})

        async with served(app) as url:
            yield f"{url}/jwks.json"
