"""Access tokens: signed by access (EdDSA or ES256), checked here against its published keys."""

import asyncio
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet

from payesh.kit.errors import PeerUnavailable, Unauthorized
from payesh.kit.settings import TokenSettings

ALGORITHMS = ["EdDSA", "Ed25519", "ES256"]
_LEEWAY_S = 5
_REFETCH_S = 10.0
_KEYS_LIFE_S = 30.0  # how long a withdrawn key goes on being accepted
_KEYS_USABLE_S = 900.0  # and how long while access is away, and cannot say that it was withdrawn
_BREATH_S = 1.0

# RFC 9864 renames EdDSA to Ed25519; what is issued and understood everywhere is still the former.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)


@dataclass(frozen=True)
class Bounds:
    """Where a principal may look; None means everywhere, an empty set nowhere."""

    counties: frozenset[str] | None
    road_classes: frozenset[str] | None

    def allows(self, county: str, road_class: str) -> bool:
        return (self.counties is None or county in self.counties) and (
            self.road_classes is None or road_class in self.road_classes
        )


@dataclass(frozen=True)
class Principal:
    """Who asks (`subject`), through what (`actor`), for which agency, and within which bounds."""

    subject: str
    actor: str
    agency: str
    scopes: frozenset[str]
    bounds: Bounds
    purpose: str | None
    grant_id: str | None

    @property
    def counties(self) -> frozenset[str] | None:
        return self.bounds.counties

    @property
    def road_classes(self) -> frozenset[str] | None:
        return self.bounds.road_classes


class Keys(Protocol):
    async def key_set(self, key_id: str | None) -> KeySet:
        """Keys that should contain `key_id`. Raises PeerUnavailable."""


class JwksKeys:
    """Keys fetched from a JWKS; again when a key is unknown or they are 30 s old, at most every
    10 s. While access is away they serve for 15 minutes."""

    def __init__(self, url: str, *, timeout_s: float = 3.0) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._keys: KeySet | None = None
        self._known: frozenset[str] = frozenset()
        self._asked_at = -_KEYS_LIFE_S
        self._fetched_at = 0.0
        self._fetching = asyncio.Lock()

    async def key_set(self, key_id: str | None) -> KeySet:
        if self._keys is not None and self._usable() and not self._wants_fetch(key_id):
            return self._keys
        async with self._fetching:
            missing = self._keys is None and time.monotonic() - self._asked_at > _BREATH_S
            if missing or self._wants_fetch(key_id):
                await self._fetch()
            if self._keys is None or not self._usable():
                raise PeerUnavailable("access", "its keys cannot be fetched")
            return self._keys

    def _usable(self) -> bool:
        return time.monotonic() - self._fetched_at <= _KEYS_USABLE_S

    def _wants_fetch(self, key_id: str | None) -> bool:
        now = time.monotonic()
        due = key_id not in self._known or now - self._fetched_at > _KEYS_LIFE_S
        return due and now - self._asked_at > _REFETCH_S

    async def _fetch(self) -> None:
        self._asked_at = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=self._timeout_s) as client:
                response = await client.get(self._url)
                response.raise_for_status()
                document = response.json()
            keys = KeySet.import_key_set(document)
            known = frozenset(key["kid"] for key in document["keys"] if "kid" in key)
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            if self._keys is None:
                raise PeerUnavailable("access", type(error).__name__) from error
            return  # keys that were good a moment ago outlive a short absence of access
        self._keys, self._known, self._fetched_at = keys, known, time.monotonic()


class TokenVerifier:
    """Turns a token into a Principal. `keys` defaults to the JWKS of the settings."""

    def __init__(self, settings: TokenSettings, keys: Keys | None = None) -> None:
        self._keys: Keys = keys or JwksKeys(settings.jwks_url)
        self._registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": settings.token_issuer},
            aud={"essential": True, "value": settings.token_audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    async def claims(self, token: str) -> dict[str, Any]:
        """Verified claims. Raises Unauthorized, PeerUnavailable."""
        key_id = _key_id(token)
        keys = await self._keys.key_set(key_id)
        try:
            decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
            self._registry.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _invalid(_reason(error)) from None
        return dict(decoded.claims)

    async def principal(self, token: str) -> Principal:
        return principal_from_claims(await self.claims(token))


def principal_from_claims(claims: Mapping[str, Any]) -> Principal:
    """Raises Unauthorized when verified claims lack what every token of ours has."""
    try:
        return Principal(
            subject=_text(claims["sub"]),
            actor=_actor(claims.get("act"), claims["sub"]),
            agency=_text(claims["agency"]),
            scopes=frozenset(_text(claims["scope"]).split()),
            bounds=Bounds(_allowed(claims["counties"]), _allowed(claims["road_classes"])),
            purpose=claims.get("purpose"),
            grant_id=claims.get("grant_id"),
        )
    except (KeyError, TypeError) as error:
        raise _invalid("the token lacks a claim") from error


def _key_id(token: str) -> str:
    try:
        key_id = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError, TypeError) as error:
        raise _invalid("not a token") from error
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
