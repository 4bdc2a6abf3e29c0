"""Verification of access tokens (RFC 9068): JWTs signed by access with EdDSA or ES256."""

import warnings
from collections.abc import Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning

from payesh.kit.errors import Unauthorized
from payesh.kit.principal import Bounds, Principal
from payesh.kit.published_keys import JwksKeys, Keys
from payesh.kit.revocations import Revocations
from payesh.kit.revocations.revoked import KEY_CLAIM
from payesh.kit.settings import TokenSettings

ALGORITHMS = ["EdDSA", "Ed25519", "ES256"]
TOKEN_TYPE = "at+jwt"  # noqa: S105 - the `typ` of an access token
_LEEWAY_S = 5

# RFC 9864 renames EdDSA to Ed25519; issuers and libraries still use the former name.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)


class TokenVerifier:
    """Turns a token into a Principal. `keys` defaults to the JWKS of the settings."""

    def __init__(
        self,
        settings: TokenSettings,
        keys: Keys | None = None,
        revocations: Revocations | None = None,
    ) -> None:
        self._keys: Keys = keys or JwksKeys(settings.jwks_url, ca_file=settings.access_ca_file)
        self._audience = settings.token_audience
        self._revocations = revocations
        self._registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": settings.token_issuer},
            aud={"essential": True},
            sub={"essential": True},
            exp={"essential": True},
            client_id={"essential": True},
        )

    async def claims(self, token: str) -> dict[str, Any]:
        """Verified claims, with the key's id as `kid`. Raises Unauthorized, PeerUnavailable."""
        key_id = _key_id(token)
        keys = await self._keys.key_set(key_id)
        try:
            decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
            self._registry.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _invalid(_reason(error)) from None
        if decoded.claims["aud"] not in (self._audience, [self._audience]):
            # Nor one of several: what another service is sent too, it could send here.
            raise _invalid("the token is for another service")
        claims = {**decoded.claims, KEY_CLAIM: key_id}
        self.refuse_revoked(claims)
        return claims

    def refuse_revoked(self, claims: Mapping[str, Any]) -> None:
        """Raises Unauthorized (`revoked`) when verified claims were revoked since."""
        if self._revocations is not None:
            self._revocations.refuse_revoked(claims)

    def require_certainty(self, scope: str, *, personal: bool) -> None:
        """Raises Unavailable when too little is known of revocations for this scope."""
        if self._revocations is not None:
            self._revocations.require_certainty(scope, personal=personal)

    async def principal(self, token: str) -> Principal:
        """The principal of a token. Raises Unauthorized, PeerUnavailable."""
        return principal_from_claims(await self.claims(token))


def principal_from_claims(claims: Mapping[str, Any]) -> Principal:
    """The principal of verified claims. Raises Unauthorized when a required claim is absent."""
    try:
        return Principal(
            subject=_text(claims["sub"]),
            actor=_actor(claims.get("act"), claims["sub"]),
            agency=_text(claims["agency"]),
            scopes=frozenset(_text(claims["scope"]).split()),
            bounds=Bounds(_allowed(claims["counties"]), _allowed(claims["road_classes"])),
            purpose=claims.get("purpose"),
            grant_id=claims.get("grant_id"),
            cameras=_allowed(claims.get("cameras", [])),
        )
    except (KeyError, TypeError) as error:
        raise _invalid("the token lacks a claim") from error


def _key_id(token: str) -> str:
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError) as error:
        raise _invalid("not a token") from error
    if header.get("typ") != TOKEN_TYPE:
        # Other things are signed with the same keys, or will be: none of them opens a route.
        raise _invalid("not an access token")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise _invalid("the token names no key")
    return key_id


def _actor(act: Any, subject: str) -> str:
    if isinstance(act, Mapping):  # RFC 8693 spells an actor as an object
        act = act.get("sub")
    return _text(act) if act is not None else subject


def _allowed(claim: Any) -> frozenset[str] | None:
    if claim == "*":
        return None
    if not isinstance(claim, list):
        raise TypeError("bounds are a list or *")
    return frozenset(_text(each) for each in claim)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _reason(error: Exception) -> str:
    name = getattr(error, "error", "")
    known = {"expired_token": "the token has expired"}
    return known.get(name, "the token is not valid here")


def _invalid(detail: str) -> Unauthorized:
    return Unauthorized(
        detail, type="invalid-token", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
    )
