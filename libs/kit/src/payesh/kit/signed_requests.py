"""Requests between this system and its counterparts, signed with a shared secret.

A request carries `Idempotency-Key` and `Payesh-Signature: t=<unix seconds>,v1=<hex>`, where v1 is
the HMAC-SHA256 (RFC 2104) of time, key, method, path and the body's SHA-256, a line each. What is
older than the window is refused, so that a copied request is of no use later; within it, the key
makes a repetition harmless.
"""

import hmac
import re
from collections.abc import Mapping
from hashlib import sha256

SIGNATURE, KEY = "Payesh-Signature", "Idempotency-Key"
WINDOW_S = 300
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")
_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{0,127}")


class SignatureRefused(Exception):
    """The request is not one that the counterpart made just now. Its text holds no secret."""


def signed_headers(
    secret: bytes, *, method: str, path: str, body: bytes, key: str, at_s: int
) -> dict[str, str]:
    """The headers of a request that is made at `at_s`, in unix seconds."""
    value = _value(secret, at_s, key, method, path, body)
    return {KEY: key, SIGNATURE: f"t={at_s},v1={value}"}


def require_signed(
    secret: bytes,
    headers: Mapping[str, str],
    *,
    method: str,
    path: str,
    body: bytes,
    now_s: int,
) -> str:
    """The idempotency key of a request that was signed within the window. Raises
    SignatureRefused."""
    key, given = headers.get(KEY, ""), _SIGNATURE.fullmatch(headers.get(SIGNATURE, ""))
    if given is None or not _KEY.fullmatch(key):
        raise SignatureRefused("the request is not signed")
    at_s = int(given[1])
    if not hmac.compare_digest(given[2], _value(secret, at_s, key, method, path, body)):
        raise SignatureRefused("the signature does not hold")
    if abs(now_s - at_s) > WINDOW_S:
        raise SignatureRefused("the signature is out of date")
    return key


def _value(secret: bytes, at_s: int, key: str, method: str, path: str, body: bytes) -> str:
    lines = (str(at_s), key, method.upper(), path, sha256(body).hexdigest())
    return hmac.new(secret, "\n".join(lines).encode(), sha256).hexdigest()
