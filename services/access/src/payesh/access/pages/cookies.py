"""Cookies of the pages: the sign-in, and the token that a form repeats (double submit)."""

import hmac
from secrets import token_urlsafe

from fastapi import Request
from fastapi.responses import Response

from payesh.access.settings import Settings

# Cookies know no ports: on one machine every service sees them, so they are named after access.
SIGN_IN_COOKIE = "payesh_access"
_FORM_COOKIE = "payesh_access_form"
_FORM_LIFETIME_S = 3600


def set_sign_in(response: Response, settings: Settings, secret: str) -> None:
    """Sign the browser in, and drop the token of the form."""
    _set(response, settings, SIGN_IN_COOKIE, secret, settings.sign_in_lifetime_s)
    response.delete_cookie(_FORM_COOKIE, path="/")


def delete_sign_in(response: Response) -> None:
    """Sign the browser out."""
    response.delete_cookie(SIGN_IN_COOKIE, path="/")


def new_form_token() -> str:
    """A token for a form; `set_form_token` puts the same one into the cookie."""
    return token_urlsafe(32)


def set_form_token(response: Response, settings: Settings, token: str) -> None:
    """Remember the token of the form that the response shows."""
    _set(response, settings, _FORM_COOKIE, token, _FORM_LIFETIME_S)


def is_form_of_ours(request: Request, form_token: str) -> bool:
    """Whether a form's token is the one in the cookie: another site's form has none."""
    expected = request.cookies.get(_FORM_COOKIE, "")
    return bool(expected) and hmac.compare_digest(expected.encode(), form_token.encode())


def _set(response: Response, settings: Settings, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        secure=settings.cookie_secure,
        samesite="lax",
    )
