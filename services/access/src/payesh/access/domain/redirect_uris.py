"""Addresses to which a browser may be sent: back with a code, or on after signing in."""

from urllib.parse import parse_qs, urlsplit

ADMINISTRATION = "/administration"
"""The page of access's own to which a sign-in leads."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def redirect_uri_fault(uri: str) -> str | None:
    """The reason why a redirect URI may not be registered, or None (RFC 6749 section 3.1.2,
    RFC 9700)."""
    if not uri.isascii() or not uri.isprintable() or any(sign in uri for sign in ' "<>\\*'):
        return "a redirect URI is plain ASCII without spaces, quotes and wildcards"
    parts = urlsplit(uri)
    if parts.fragment or "#" in uri:
        return "a redirect URI has no fragment"
    if not parts.hostname or parts.username is not None:
        return "a redirect URI is absolute and names no user"
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return None
    return "a redirect URI uses https, or http on loopback"


def origin(uri: str) -> str:
    """Scheme, host and port of a URI, as a Content-Security-Policy names a source."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def is_authorization_request(then: str) -> bool:
    """Whether `then` is a path of the authorization endpoint with its query: to send a browser
    anywhere else after signing in would be an open redirect."""
    return then.startswith("/oauth/authorize?") and then.isprintable() and "\\" not in then


def may_continue_to(then: str) -> bool:
    """Whether a browser is sent on to `then` after signing in."""
    return then == ADMINISTRATION or is_authorization_request(then)


def requested_return(then: str) -> tuple[str, str] | None:
    """Client id and redirect URI that an authorization request names; None when it is none."""
    if not is_authorization_request(then):
        return None
    query = parse_qs(urlsplit(then).query)
    client_id, uri = query.get("client_id", [""])[0], query.get("redirect_uri", [""])[0]
    return (client_id, uri) if client_id and "\x00" not in client_id else None
