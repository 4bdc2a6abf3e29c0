"""Random passwords and keys of one installation, kept in a file only its owner can read."""

import base64
import json
import os
import secrets
from pathlib import Path


class SecretFile:
    """Named secrets, drawn once and stored for later starts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, name: str, *, bytes_count: int = 20) -> str:
        """The secret of that name, drawn (hex, two characters a byte) and stored when new."""
        if name not in self._values:
            self._values[name] = secrets.token_hex(bytes_count)
            write_private(self._path, json.dumps(self._values, indent=1))
        return self._values[name]

    def get_fernet(self, name: str) -> str:
        """The same, spelt as a Fernet key: 32 random bytes in URL-safe base64."""
        return base64.urlsafe_b64encode(bytes.fromhex(self.get(name, bytes_count=32))).decode()


def write_private(path: Path, text: str) -> None:
    """Write a file with mode 0600, never readable by others even for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)
