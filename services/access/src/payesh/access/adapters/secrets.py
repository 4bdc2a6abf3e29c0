"""Random secrets, and how they are kept.

A secret that we drew has 256 bits: nobody guesses it from its SHA-256, so a slow hash would only
slow us. Passwords are people's choice and get Argon2id.
"""

import hmac
from hashlib import sha256
from secrets import token_urlsafe


def new_secret() -> str:
    return token_urlsafe(32)


def digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def matches(stored_sha256: bytes, secret: str) -> bool:
    return hmac.compare_digest(stored_sha256, digest(secret))
