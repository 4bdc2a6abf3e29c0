"""Published keys for access's own routes: read from its table, not by a request to itself."""

import time
from datetime import UTC, datetime

from joserfc.jwk import KeySet

from payesh.access.adapters import keys
from payesh.access.settings import Settings
from payesh.kit.database import Database

_LIFE_S = 2.0


class OwnKeys:
    """The `Keys` that the kit's verifier asks; read again when two seconds old."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._keys: KeySet | None = None
        self._read_at = 0.0

    async def key_set(self, key_id: str | None) -> KeySet:
        """Every published key, whatever `key_id` is. Raises DatabaseUnavailable."""
        if self._keys is None or time.monotonic() - self._read_at > _LIFE_S:
            async with self._database.transaction() as session:
                published = await keys.published(
                    session, datetime.now(UTC), self._settings.token_lifetime
                )
            self._keys = KeySet.import_key_set({"keys": [key.public_jwk for key in published]})
            self._read_at = time.monotonic()
        return self._keys
