"""Errors of access, beneath the kit's tree."""

from payesh.kit.errors import PayeshError


class KeyUnreadable(PayeshError):
    """A stored signing key does not open with PAYESH_KEY_ENCRYPTION_KEY."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"signing key {key_id} does not open with the configured encryption key")
        self.key_id = key_id


class NoSigningKey(PayeshError):
    """No key is active: the service was not migrated and started in order."""
