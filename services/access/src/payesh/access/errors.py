"""Errors of access, below those of the kit."""

from payesh.kit.errors import PayeshError


class KeyUnreadable(PayeshError):
    """A stored signing key cannot be decrypted with PAYESH_KEY_ENCRYPTION_KEY."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"signing key {key_id} cannot be decrypted with the configured key")
        self.key_id = key_id


class NoSigningKey(PayeshError):
    """No key is active: the service was not migrated and started in order."""


class TreeDamaged(PayeshError):
    """A node of the audit log's tree is missing, although its leaves were there."""

    def __init__(self) -> None:
        super().__init__("the audit log lacks a node of its tree: verify it offline")
