"""Private signing keys: made, encrypted at rest, opened once a process."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey

from payesh.access.errors import KeyUnreadable
from payesh.kit.errors import SettingsError

ALGORITHM = "EdDSA"

# RFC 9864 renames EdDSA over Ed25519 to "Ed25519"; most verifiers know the older name alone.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A signing key as it is stored: the private half is encrypted."""

    key_id: str
    private_key_encrypted: bytes = field(repr=False)
    public_jwk: dict[str, Any]


class KeyRing:
    """Makes keys and signs with them; holds the key that encrypts their private halves."""

    def __init__(self, encryption_key: str) -> None:
        try:
            self._fernet = Fernet(encryption_key)
        except ValueError:
            raise SettingsError(
                "PAYESH_KEY_ENCRYPTION_KEY: 32 bytes in URL-safe Base64 are expected"
            ) from None
        self._opened: dict[str, OKPKey] = {}

    def make(self) -> SealedKey:
        """A new Ed25519 key; its id is the RFC 7638 thumbprint."""
        key = OKPKey.generate_key("Ed25519")
        key_id = key.thumbprint()
        private = json.dumps(key.as_dict(private=True)).encode()
        public = {**key.as_dict(private=False), "kid": key_id, "use": "sig", "alg": ALGORITHM}
        return SealedKey(key_id, self._fernet.encrypt(private), public)

    def sign(
        self,
        key: SealedKey,
        claims: dict[str, Any],
        *,
        typ: str = "at+jwt",
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> str:
        """A JWT: an access token (RFC 9068) unless `typ` is another, with `more` in its header.

        Raises KeyUnreadable.
        """
        header = {"alg": ALGORITHM, "typ": typ, "kid": key.key_id, **more}
        return jwt.encode(header, claims, self._open(key), algorithms=[ALGORITHM])

    def _open(self, key: SealedKey) -> OKPKey:
        if key.key_id not in self._opened:
            try:
                private = self._fernet.decrypt(key.private_key_encrypted)
            except InvalidToken:
                raise KeyUnreadable(key.key_id) from None
            self._opened[key.key_id] = OKPKey.import_key(json.loads(private))
        return self._opened[key.key_id]
