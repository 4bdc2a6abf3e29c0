"""Cookies that belong to one origin, sealed values in them, and the token that a form repeats."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import Response

_PREFIX = "__Host-"
_FORM_LIFE_S = 3600


@dataclass(frozen=True, slots=True)
class HostCookie:
    """A cookie out of reach of scripts, of other hosts and of plain HTTP.

    Under `https://` its name begins with `__Host-`: browsers take such a cookie from this host
    over TLS alone, so that neither a neighbouring host nor somebody on the line can plant one.
    Under `http://`, which settings allow on loopback alone, the name has no prefix: not every
    browser, and no other client, sends a secure cookie there.
    """

    name: str
    secure: bool
    same_site: Literal["lax", "strict"] = "lax"
    """Lax is sent when access redirects back; strict comes from this site's own pages alone."""

    @classmethod
    def of(
        cls, name: str, public_url: str, *, same_site: Literal["lax", "strict"] = "lax"
    ) -> "HostCookie":
        """The cookie of a service that browsers reach under `public_url`; empty counts as TLS."""
        secure = not public_url.startswith("http://")
        return cls(_PREFIX + name if secure else name, secure, same_site)

    def read(self, request: Request) -> str:
        """The request's value, or an empty string."""
        return request.cookies.get(self.name, "")

    def set(
        self,
        response: Response,
        value: str,
        *,
        max_age_s: int | None = None,
        expires: datetime | None = None,
    ) -> None:
        response.set_cookie(
            self.name,
            value,
            max_age=max_age_s,
            expires=expires,
            path="/",
            httponly=True,
            secure=self.secure,
            samesite=self.same_site,
        )

    def delete(self, response: Response) -> None:
        # With the attributes that it was set with: without them browsers refuse the deletion.
        response.delete_cookie(
            self.name, path="/", httponly=True, secure=self.secure, samesite=self.same_site
        )


@dataclass(frozen=True, slots=True)
class FormToken:
    """The token that a form and its cookie both carry (double submit): another site's form has
    none."""

    cookie: HostCookie

    @staticmethod
    def new() -> str:
        """A token for the form that is about to be shown."""
        return token_urlsafe(32)

    def set(self, response: Response, token: str) -> None:
        """Remember the token of the form that the response shows."""
        self.cookie.set(response, token, max_age_s=_FORM_LIFE_S)

    def matches(self, request: Request, sent: str) -> bool:
        """Whether a form's token is the one in the cookie."""
        expected = self.cookie.read(request)
        return bool(expected) and hmac.compare_digest(expected.encode(), sent.encode())


def seal(kind: str, value: dict[str, Any], secret: str, *, life_s: float) -> str:
    """The value signed for `kind`, good for `life_s` seconds. It can be read, not changed."""
    payload = base64url(json.dumps({**value, "until": time.time() + life_s}).encode())
    return f"{payload}.{_signature(kind, payload, secret)}"


def unseal(kind: str, sealed: str, secret: str) -> dict[str, Any] | None:
    """A sealed value; None when it is of another kind or secret, was changed, or is over."""
    payload, _, signature = sealed.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(kind, payload, secret).encode()):
        return None
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return value if value.pop("until") > time.time() else None


def base64url(data: bytes) -> str:
    """Base64 for URLs without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signature(kind: str, payload: str, secret: str) -> str:
    signed = f"{kind}.{payload}".encode()
    return base64url(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
