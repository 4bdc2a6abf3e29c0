"""Signatures of deliveries (Standard Webhooks, version 1, symmetric): HMAC-SHA-256."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_SECRET_BYTES = 32


class WebhookKey:
    """The service's key, from which the secret of each endpoint is derived (HKDF, RFC 5869): none
    is stored, and a copy of the database forges no delivery."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key.get_secret_value().encode()

    def secret(self, endpoint_id: UUID, version: int) -> str:
        """The secret as its receiver keeps it: `whsec_` and 32 bytes in base64."""
        return "whsec_" + base64.b64encode(self._derived(endpoint_id, version)).decode()

    def headers(
        self,
        endpoint_id: UUID,
        versions: Iterable[int],
        delivery_id: UUID,
        sent_at: datetime,
        body: bytes,
    ) -> dict[str, str]:
        """The headers of one attempt, with a signature by each of the secret's `versions`: while a
        secret is being replaced, its receiver may know either."""
        message_id, timestamp = f"msg_{delivery_id}", str(int(sent_at.timestamp()))
        signed = f"{message_id}.{timestamp}.".encode() + body
        signatures = [
            base64.b64encode(
                hmac.new(self._derived(endpoint_id, version), signed, hashlib.sha256).digest()
            ).decode()
            for version in versions
        ]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(f"v1,{each}" for each in signatures),
        }

    def _derived(self, endpoint_id: UUID, version: int) -> bytes:
        info = b"payesh webhook " + endpoint_id.bytes + version.to_bytes(4, "big")
        return HKDF(SHA256(), _SECRET_BYTES, salt=None, info=info).derive(self._key)
