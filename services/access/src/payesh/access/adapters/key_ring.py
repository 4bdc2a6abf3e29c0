"""Private signing keys: made, encrypted at rest, opened once a process."""

import json
import warnings
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey

from payesh.access.adapters.tables import SigningKey
from payesh.access.errors import KeyUnreadable
from payesh.kit.errors import SettingsError

ALGORITHM = "EdDSA"

# RFC 9864 renames EdDSA over Ed25519 to "Ed25519"; verifiers in the field know the older name.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)


class KeyRing:
    def __init__(self, encryption_key: str) -> None:
        try:
            self._fernet = Fernet(encryption_key)
        except ValueError:
            raise SettingsError(
                "PAYESH_KEY_ENCRYPTION_KEY: 32 bytes in URL-safe Base64 are expected"
            ) from None
        self._opened: dict[str, OKPKey] = {}

    def make(self) -> tuple[str, bytes, dict[str, Any]]:
        """A new Ed25519 key: its id (RFC 7638 thumbprint), encrypted private half, public JWK."""
        key = OKPKey.generate_key("Ed25519")
        key_id = key.thumbprint()
        private = json.dumps(key.as_dict(private=True)).encode()
        public = {**key.as_dict(private=False), "kid": key_id, "use": "sig", "alg": ALGORITHM}
        return key_id, self._fernet.encrypt(private), public

    def sign(self, row: SigningKey, claims: dict[str, Any]) -> str:
        """A JWT access token (RFC 9068). Raises KeyUnreadable."""
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": row.key_id}
        return jwt.encode(header, claims, self._open(row), algorithms=[ALGORITHM])

    def _open(self, row: SigningKey) -> OKPKey:
        if row.key_id not in self._opened:
            try:
                private = self._fernet.decrypt(row.private_key_encrypted)
            except InvalidToken:
                raise KeyUnreadable(row.key_id) from None
            self._opened[row.key_id] = OKPKey.import_key(json.loads(private))
        return self._opened[row.key_id]
