"""Signed statements: compact JWS (RFC 7515) over Ed25519 (RFC 8037), each with a `typ` of its own.

A statement carries the certificate of the evidence key that signed it, itself a statement of the
root key. Every part has one spelling: what decodes to the same bytes and is written differently is
refused, so that no byte of a statement can be changed.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509 import Certificate

from payesh.verify.documents import json_object
from payesh.verify.findings import Fault

KEY_TYP = "payesh-evidence-key+jwt"
MANIFEST_TYP = "payesh-evidence-manifest+jwt"
DECISION_TYP = "payesh-decision+jwt"
TIME_STAMP_TYP = "payesh-time-stamp+jwt"
ALGORITHM = "EdDSA"
LONGEST = 64 * 1024
"""Characters of a statement: a time-stamp's has the certificates of its authority."""
CLOCK_ALLOWANCE_S = 300
"""How far two honest clocks may differ."""


@dataclass(frozen=True, slots=True)
class Key:
    """An Ed25519 public key. `key_id` is its RFC 7638 thumbprint."""

    key_id: str
    public: bytes

    @classmethod
    def of(cls, jwk: Mapping[str, Any]) -> "Key":
        """Raises ValueError for what is no public Ed25519 key."""
        if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519" or "d" in jwk:
            raise ValueError("not a public Ed25519 key")
        if not isinstance(jwk.get("x"), str):
            raise ValueError("not a public Ed25519 key")
        public = _decoded(jwk["x"])
        if len(public) != 32:
            raise ValueError("not a public Ed25519 key")
        named = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": jwk["x"]}, separators=(",", ":"))
        return cls(_encoded(sha256(named.encode()).digest()), public)


@dataclass(frozen=True, slots=True)
class Trust:
    """What is trusted: the root key, no key that was withdrawn, nothing of later than `now`
    (seconds since 1970), and the root certificates of time-stamping authorities."""

    root: Key
    now: float
    withdrawn: frozenset[str] = frozenset()
    authorities: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """The verified claims of a statement, the key that signed it, and the hash of its text."""

    claims: Mapping[str, Any]
    key_id: str
    sha256: str
    issued_at: int


def opened(body: bytes, typ: str, trust: Trust) -> Statement:
    """A statement of `typ` by an evidence key that the root certified for its time.

    Raises Fault.
    """
    text = _text(body)
    header = _header(text, {"alg", "typ", "kid", "cert"}, typ)
    certificate = header["cert"]
    if not isinstance(certificate, str):
        raise Fault("it has no certificate", "گواهی کلید ندارد")
    key, valid = certified(certificate, trust)
    if header["kid"] != key.key_id:
        raise Fault("its key id is not that of its certificate", "شناسهٔ کلید آن از گواهی نیست")
    claims = _verified(text, key)
    issued_at = claims["iat"]
    if type(issued_at) is not int:
        raise Fault("it has no time", "زمان ندارد")
    if claims["iss"] != valid["iss"]:
        raise Fault("its key was certified for another", "کلید آن برای دیگری گواهی شده است")
    if not valid["nbf"] <= issued_at <= valid["exp"]:
        raise Fault("its key was not valid when it signed", "کلید آن در زمان امضا معتبر نبوده است")
    if issued_at > trust.now + CLOCK_ALLOWANCE_S:
        raise Fault("it was signed in the future", "تاریخ امضای آن در آینده است")
    return Statement(claims, key.key_id, sha256(body).hexdigest(), issued_at)


def certified(certificate: str, trust: Trust) -> tuple[Key, Mapping[str, Any]]:
    """An evidence key and the claims of its certificate: `iss`, `nbf`, `exp` and `jwk`.

    Raises Fault.
    """
    header = _header(certificate, {"alg", "typ", "kid"}, KEY_TYP)
    if header["kid"] != trust.root.key_id:
        raise Fault(
            f"its key was certified by another root, {header['kid']}",
            f"کلید آن را ریشهٔ دیگری گواهی کرده است: {header['kid']}",
        )
    claims = _verified(certificate, trust.root)
    key = Key.of(claims["jwk"])
    if type(claims["nbf"]) is not int or type(claims["exp"]) is not int:
        raise Fault("its certificate has no times", "گواهی کلید آن زمان ندارد")
    if key.key_id in trust.withdrawn:
        raise Fault(f"its key {key.key_id} was withdrawn", f"کلید آن پس گرفته شده: {key.key_id}")
    return key, claims


def _header(text: str, names: set[str], typ: str) -> dict[str, Any]:
    header = json_object(_decoded(text.split(".", 1)[0]))
    if set(header) != names or header["alg"] != ALGORITHM or header["typ"] != typ:
        raise Fault(f"it is no statement of the kind {typ}", f"گزاره‌ای از نوع {typ} نیست")
    return header


def _verified(text: str, key: Key) -> dict[str, Any]:
    signed, _, signature = text.rpartition(".")
    _, dot, payload = signed.partition(".")
    if not dot or "." in payload:
        raise Fault("it is no signed statement", "گزارهٔ امضاشده نیست")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(
            _decoded(signature), signed.encode("ascii")
        )
    except InvalidSignature:
        raise Fault("its signature does not hold", "امضای آن درست نیست") from None
    return json_object(_decoded(payload))


def _text(body: bytes) -> str:
    if len(body) > LONGEST:
        raise Fault("it is too long", "بیش از اندازه بلند است")
    return body.decode("ascii")


def _decoded(text: str) -> bytes:
    """Base64url without padding in its one spelling. Raises ValueError for any other."""
    body = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    if _encoded(body) != text:
        raise ValueError("not the one spelling of its bytes")
    return body


def _encoded(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()
