"""Our own tokens are checked against our own table, not through a request to ourselves."""

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
        if self._keys is None or time.monotonic() - self._read_at > _LIFE_S:
            async with self._database.transaction() as session:
                rows = await keys.published(
                    session, datetime.now(UTC), self._settings.token_lifetime
                )
            self._keys = KeySet.import_key_set({"keys": [row.public_jwk for row in rows]})
            self._read_at = time.monotonic()
        return self._keys
