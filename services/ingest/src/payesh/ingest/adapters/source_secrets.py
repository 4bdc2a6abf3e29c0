"""Passwords of sources, sealed with the service's own key (Fernet: AES-128-CBC and HMAC)."""

from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from payesh.kit.errors import SettingsError


class StoredSource(NamedTuple):
    """Where a camera is reached, as the database and the spool hold it. `basic_allowed`: whether
    the camera's revision allows its password in a form that anyone between can read."""

    url: str
    username: str | None
    sealed_password: str | None
    basic_allowed: bool = False


class SourceSeal:
    """Raises SettingsError for a key that is not 32 bytes of URL-safe base64."""

    def __init__(self, key: SecretStr) -> None:
        try:
            self._fernet = Fernet(key.get_secret_value().encode())
        except ValueError:
            raise SettingsError("PAYESH_SOURCE_KEY: must be 32 bytes in URL-safe base64") from None

    def seal(self, password: str) -> str:
        return self._fernet.encrypt(password.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises SettingsError when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SettingsError(
                "PAYESH_SOURCE_KEY: does not open the stored source passwords"
            ) from None
