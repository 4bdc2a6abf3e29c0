"""Evidence keys: private halves that sign, each with the certificate that the root gave it."""

import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode
from pydantic import SecretStr

from payesh.kit.errors import DependencyFault, SettingsError
from payesh.tickets.evidence.statement import Statement
from payesh.verify.statements import ALGORITHM, KEY_TYP

# RFC 9864 renames EdDSA over Ed25519 to "Ed25519"; most verifiers know the older name alone.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)

# `cert` is a header of our own, which the library does not know.
_WITH_CERTIFICATE = JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)
_BEFORE_EXPIRY_S = 14 * 24 * 3600


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """One key. Times are seconds since 1970; `issuer` is the installation that it speaks for."""

    issuer: str
    not_before: int
    expires: int
    certificate: str
    key: OKPKey = field(repr=False)


class EvidenceKeys:
    """Signs with the key whose time it is: of several the one that came into force last.

    A key is succeeded by putting the next one beside it, certified from a later moment.
    """

    def __init__(
        self, keys: Sequence[EvidenceKey], clock_s: Callable[[], float] = time.time
    ) -> None:
        self._keys = sorted(keys, key=lambda each: each.not_before)
        self._clock_s = clock_s

    @classmethod
    def of(cls, setting: SecretStr | None) -> Self | None:
        """The keys of PAYESH_EVIDENCE_KEYS; None where there is none. Raises SettingsError."""
        is_empty = setting is None or setting.get_secret_value().strip() in ("", "[]")
        return None if setting is None or is_empty else cls.read(setting)

    @classmethod
    def read(cls, setting: SecretStr, clock_s: Callable[[], float] = time.time) -> Self:
        """Raises SettingsError, which never has the setting's value."""
        try:
            keys = [_key(each) for each in json.loads(setting.get_secret_value())]
        except (ValueError, LookupError, TypeError, AttributeError, JoseError):
            raise SettingsError(
                "PAYESH_EVIDENCE_KEYS: what `payesh-tickets make-evidence-key` writes is expected"
            ) from None
        if not keys:
            raise SettingsError("PAYESH_EVIDENCE_KEYS: it has no key")
        return cls(keys, clock_s)

    def sign(self, statement: Statement) -> str:
        """Raises DependencyFault while no key is in force."""
        now = int(self._clock_s())
        key = self._in_force(now)
        if key is None:
            raise DependencyFault("evidence key", "none is certified for this moment")
        public_id = key.key.thumbprint()
        header = {
            "alg": ALGORITHM, "typ": statement.typ, "kid": public_id, "cert": key.certificate,
        }  # fmt: skip
        claims = {"iss": key.issuer, "iat": now, **statement.claims}
        return jwt.encode(header, claims, key.key, registry=_WITH_CERTIFICATE)

    def notice(self) -> str:
        """`ok`, or what an operator has to do about the keys soon."""
        now = int(self._clock_s())
        if self._in_force(now) is None:
            return "none is certified for this moment"
        last = max(key.expires for key in self._keys)
        return "ok" if last - now > _BEFORE_EXPIRY_S else "the last one expires within two weeks"

    def _in_force(self, now: int) -> EvidenceKey | None:
        valid = [key for key in self._keys if key.not_before <= now <= key.expires]
        return valid[-1] if valid else None


def make_root() -> OKPKey:
    """A new root key."""
    return OKPKey.generate_key("Ed25519")


def public_jwk(key: OKPKey) -> dict[str, Any]:
    """The public half with its id, the RFC 7638 thumbprint."""
    return {**key.as_dict(private=False), "kid": key.thumbprint()}


def make_key(root: OKPKey, *, issuer: str, not_before: int, expires: int) -> dict[str, Any]:
    """A new evidence key that the root certifies: an element of PAYESH_EVIDENCE_KEYS."""
    key = OKPKey.generate_key("Ed25519")
    public = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x")}
    header = {"alg": ALGORITHM, "typ": KEY_TYP, "kid": root.thumbprint()}
    claims = {"iss": issuer, "nbf": not_before, "exp": expires, "jwk": public}
    certificate = jwt.encode(header, claims, root, algorithms=[ALGORITHM])
    return {"key": key.as_dict(private=True), "certificate": certificate}


def _key(given: Mapping[str, Any]) -> EvidenceKey:
    certificate = str(given["certificate"])
    # Its signature is the root's, whose public half this service does not need.
    payload = certificate.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload.encode()))
    key = OKPKey.import_key(given["key"])
    if not key.is_private or key.as_dict(private=False)["x"] != claims["jwk"]["x"]:
        raise ValueError("the certificate is another key's")
    return EvidenceKey(claims["iss"], int(claims["nbf"]), int(claims["exp"]), certificate, key)
