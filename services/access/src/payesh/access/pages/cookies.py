"""Cookies of the pages: the sign-in, and the token that a form repeats."""

from fastapi import Request
from fastapi.responses import Response

from payesh.access.domain.throttle import KNOWN_FOR
from payesh.access.settings import Settings
from payesh.kit.cookies import FormToken, HostCookie

# Cookies know no ports: on one machine every service sees them, so they are named after access.


def sign_in_cookie(settings: Settings) -> HostCookie:
    """The cookie whose secret is a sign-in."""
    return HostCookie.of("payesh_access", settings.public_url)


def browser_cookie(settings: Settings) -> HostCookie:
    """The cookie by which a browser is known in which somebody signed in before."""
    return HostCookie.of("payesh_access_browser", settings.public_url)


def form_tokens(settings: Settings) -> FormToken:
    """The tokens of access's forms."""
    return FormToken(HostCookie.of("payesh_access_form", settings.public_url))


def set_sign_in(response: Response, settings: Settings, secret: str, browser: str) -> None:
    """Sign the browser in, know it from now on, and drop the token of the form."""
    sign_in_cookie(settings).set(response, secret, max_age_s=settings.sign_in_lifetime_s)
    known_for_s = int(KNOWN_FOR.total_seconds())
    browser_cookie(settings).set(response, browser, max_age_s=known_for_s)
    form_tokens(settings).cookie.delete(response)


def delete_sign_in(response: Response, settings: Settings) -> None:
    """Sign the browser out."""
    sign_in_cookie(settings).delete(response)


def sign_in_secret(request: Request, settings: Settings) -> str:
    """The secret of the browser's sign-in, or an empty string."""
    return sign_in_cookie(settings).read(request)
