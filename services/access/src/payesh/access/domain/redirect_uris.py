"""Which URIs a browser may be sent back to with a code."""

from urllib.parse import urlsplit

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def redirect_uri_fault(uri: str) -> str | None:
    """Why a redirect URI may not be registered, or None (RFC 6749 section 3.1.2, RFC 9700)."""
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
    """Scheme, host and port, as a Content-Security-Policy names a source."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
