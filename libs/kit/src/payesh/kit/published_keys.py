"""The keys that access publishes (JWKS, RFC 7517), fetched and kept for a bounded time."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from payesh.kit.certificates import trusted
from payesh.kit.errors import PeerUnavailable

_REFETCH_S = 3.0  # within it a key that access has just published is known everywhere
_KEYS_LIFE_S = 30.0  # the longest that a withdrawn key is still accepted
_KEYS_USABLE_S = 900.0  # the same while access is away and cannot publish the withdrawal
_RETRY_S = 1.0  # between tries while there are no keys at all


class Keys(Protocol):
    """A source of the keys that verify tokens."""

    async def key_set(self, key_id: str | None) -> KeySet:
        """Keys that should contain `key_id`. Raises PeerUnavailable."""


class JwksKeys:
    """Keys fetched from a JWKS document.

    They are fetched again when a key is unknown or they are 30 s old, at most every 3 s, whatever
    keys callers make up. While access is away the last ones are used for 15 minutes.
    """

    def __init__(
        self,
        url: str,
        *,
        ca_file: Path | None = None,
        timeout_s: float = 3.0,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._trusted = trusted(ca_file) if url.startswith("https:") else True
        self._timeout_s = timeout_s
        self._clock_s = clock_s
        self._keys: KeySet | None = None
        self._known: frozenset[str] = frozenset()
        self._tried_at = float("-inf")
        self._fetched_at = 0.0
        self._fetching = asyncio.Lock()

    async def key_set(self, key_id: str | None) -> KeySet:
        # A fetch that is under way may bring the key: waiting for it is bounded by its timeout.
        waits = key_id not in self._known and self._fetching.locked()
        settled = not waits and not self._wants_fetch(key_id)
        if self._keys is not None and self._usable() and settled:
            return self._keys
        async with self._fetching:
            missing = self._keys is None and self._clock_s() - self._tried_at > _RETRY_S
            if missing or self._wants_fetch(key_id):
                await self._fetch()
            if self._keys is None or not self._usable():
                raise PeerUnavailable("access", "its keys cannot be fetched")
            return self._keys

    def _usable(self) -> bool:
        return self._clock_s() - self._fetched_at <= _KEYS_USABLE_S

    def _wants_fetch(self, key_id: str | None) -> bool:
        now = self._clock_s()
        due = key_id not in self._known or now - self._fetched_at > _KEYS_LIFE_S
        return due and now - self._tried_at > _REFETCH_S

    async def _fetch(self) -> None:
        self._tried_at = self._clock_s()
        try:
            async with httpx.AsyncClient(
                timeout=self._timeout_s, verify=self._trusted, trust_env=False
            ) as client:
                response = await client.get(self._url)
                response.raise_for_status()
                document = response.json()
            keys = KeySet.import_key_set(document)
            known = frozenset(key["kid"] for key in document["keys"] if "kid" in key)
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            if self._keys is None:
                raise PeerUnavailable("access", type(error).__name__) from error
            return  # the last keys remain in use during a short absence of access
        self._keys, self._known, self._fetched_at = keys, known, self._clock_s()
