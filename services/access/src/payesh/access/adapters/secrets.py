"""Random secrets, and the hash under which they are stored.

A secret that is drawn here has 256 bits: it cannot be guessed from its SHA-256, and a slow hash
would only cost time. Passwords are people's choice and get Argon2id.
"""

import hmac
from hashlib import sha256
from secrets import token_urlsafe


def new_secret() -> str:
    """256 random bits as URL-safe text."""
    return token_urlsafe(32)


def digest(secret: str) -> bytes:
    """SHA-256 of a secret, 32 bytes."""
    return sha256(secret.encode()).digest()


def matches(stored_sha256: bytes, secret: str) -> bool:
    """Whether the hash is this secret's, compared in constant time."""
    return hmac.compare_digest(stored_sha256, digest(secret))
