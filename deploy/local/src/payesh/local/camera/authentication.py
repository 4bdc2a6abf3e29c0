"""Basic (RFC 7617) and Digest (RFC 2617) authentication, as cameras implement it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum

_REALM = "payesh camera"
_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class Scheme(StrEnum):
    """Which challenges the camera sends."""

    BASIC = "basic"
    DIGEST = "digest"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The account of the camera, and the schemes that it accepts."""

    user: str
    password: str
    scheme: Scheme = Scheme.BOTH

    def challenges(self, nonce: str) -> list[str]:
        """Values of WWW-Authenticate, the stronger first."""
        digest = f'Digest realm="{_REALM}", nonce="{nonce}", algorithm=MD5'
        basic = f'Basic realm="{_REALM}"'
        return {Scheme.BASIC: [basic], Scheme.DIGEST: [digest]}.get(self.scheme, [digest, basic])

    def accept(self, authorization: str | None, method: str, nonce: str) -> bool:
        """Whether the header `authorization` proves the account for `method`."""
        if not authorization:
            return False
        kind, _, rest = authorization.partition(" ")
        if kind.lower() == "basic" and self.scheme is not Scheme.DIGEST:
            return self._accept_basic(rest)
        if kind.lower() == "digest" and self.scheme is not Scheme.BASIC:
            return self._accept_digest(rest, method, nonce)
        return False

    def _accept_basic(self, encoded: str) -> bool:
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{self.user}:{self.password}".encode())

    def _accept_digest(self, fields_text: str, method: str, nonce: str) -> bool:
        fields = {name: quoted or bare for name, quoted, bare in _FIELD.findall(fields_text)}
        if fields.get("username") != self.user or fields.get("nonce") != nonce:
            return False
        ha1 = _md5(f"{self.user}:{_REALM}:{self.password}")
        ha2 = _md5(f"{method}:{fields.get('uri', '')}")
        middle = nonce
        if "qop" in fields:
            middle += f":{fields.get('nc', '')}:{fields.get('cnonce', '')}:{fields['qop']}"
        expected = _md5(f"{ha1}:{middle}:{ha2}")
        return hmac.compare_digest(expected, fields.get("response", ""))


def _md5(text: str) -> str:
    # RFC 2617 has MD5 alone, and cameras use it.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
