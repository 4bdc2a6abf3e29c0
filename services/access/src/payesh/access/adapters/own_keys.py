"""Published keys for access's own routes: read from its table, not by a request to itself."""

import asyncio
import time
from datetime import UTC, datetime

from joserfc.jwk import KeySet

from payesh.access.adapters import keys
from payesh.access.settings import Settings
from payesh.kit.database import Database

_LIFE_S = 2.0
_LIFE_FOR_UNKNOWN_S = 0.1
"""A key that is not among them may be newer: ten reads a second, whatever ids callers make up."""


class OwnKeys:
    """The `Keys` that the kit's verifier asks; read again when two seconds old, and for a key that
    is not among them, which another replica may just have begun to sign with."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._keys: KeySet | None = None
        self._ids: frozenset[str | None] = frozenset()
        self._reading = asyncio.Lock()
        self._read_at = 0.0

    async def key_set(self, key_id: str | None) -> KeySet:
        """Every published key, whatever `key_id` is. Raises DatabaseUnavailable."""
        async with self._reading:
            age_s = time.monotonic() - self._read_at
            unknown = key_id is not None and key_id not in self._ids
            if self._keys is not None and unknown and age_s < _LIFE_FOR_UNKNOWN_S:
                await asyncio.sleep(_LIFE_FOR_UNKNOWN_S - age_s)
            if self._keys is None or unknown or age_s > _LIFE_S:
                async with self._database.transaction() as session:
                    published = await keys.published(
                        session, datetime.now(UTC), self._settings.token_lifetime
                    )
                self._keys = KeySet.import_key_set({"keys": [key.public_jwk for key in published]})
                self._ids = frozenset(key.public_jwk.get("kid") for key in published)
                self._read_at = time.monotonic()
            return self._keys
