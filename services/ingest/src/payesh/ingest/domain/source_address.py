"""Addresses of sources, kept free of passwords: those in them are taken out and sealed apart.

Many recorders take name and password as parameters of the path or query only
(`/user=admin&password=…&channel=1`, also with `_` between). An address is stored with
`{username}` and `{password}` in their places, and filled in for the connection alone.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit, urlunsplit

_USERNAME, _PASSWORD = "{username}", "{password}"
_NAMES = r"user(?:_?name)?|usr|login(?:use|user|name)?|account"
_SECRETS = (
    r"[A-Za-z]*(?:pass_?word|passwd|passphrase|passcode|pwd|psw|psd|secret|token|credentials?)"
    r"|(?:user|login|admin)_?pass?|pass|pw|pin|auth\w*?|(?:[A-Za-z]+_?)?key|sig(?:nature)?"
)
"""Rather one too many: what is sealed is filled in again for the connection."""
_BEGINS = r"(?:(?<![A-Za-z])|(?<=%[0-9A-F]{2}))"
_VALUE = r"(.*?)(?=$|&|_[A-Za-z]+=)"
_NAME_PARAMETER = re.compile(rf"(?i){_BEGINS}({_NAMES})=" + _VALUE)
_SECRET_PARAMETER = re.compile(rf"(?i){_BEGINS}({_SECRETS})=" + _VALUE)
_OTHER_SECRET = re.compile(
    rf"(?i){_BEGINS}(?:{_SECRETS})(?::|%3A)|/(?:passw(?:or)?d|pwd)/[^/]|[/?&](?:admin|root):[^/]"
    rf"|{_BEGINS}(?:(?:{_SECRETS})(?:(?![&/?=])[\W\d_]){{1,6}}|passw\w*(?<!d)|pas\d*)="
)
"""Ways to write a password that are not parted, only refused."""
_SHORT = (
    re.compile(rf"(?i)[?&/_](?:u|{_NAMES})="),
    re.compile(rf"(?i)[?&/_]p=(?!{re.escape(_PASSWORD)}(?:&|$))"),
)
"""A name beside a `p` that may be anything without one."""
_HOST = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]+)(:\d*)?")
_LETTER_ESCAPES = re.compile(r"%(?:3[dD]|5[fF]|[46][1-9a-fA-F]|[57][0-9aA])")
_PATH_SAFE = "/?:@!$&'()*+,;=%-._~[]{}"
_VALUE_SAFE = "!$'()*+,:@~-._="
"""Recorders that take parameters in the path may not undo escapes: none that is not needed."""

_FIELDS = (
    "name and password go into their own fields, not into the address, which may have "
    "{username} and {password} in their places"
)


class BadAddress(ValueError):
    """The address cannot be taken. The text gives its sender the reason and holds no part of it."""


class SourceAddress(NamedTuple):
    """Where a camera is reached; `url` holds no password."""

    url: str
    username: str | None
    password: str | None


def parted(url: str, username: str | None, password: str | None) -> SourceAddress:
    """The address with its name and password taken out. Raises BadAddress.

    >>> parted("rtsp://192.0.2.7/user=admin&password=x&channel=1", None, None).url
    'rtsp://192.0.2.7/user={username}&password={password}&channel=1'
    """
    url = url.strip()
    if any(ord(each) < 32 or ord(each) == 127 for each in url):
        raise BadAddress("the source's address holds control characters")
    try:
        parts = urlsplit(url)
        hostname = parts.hostname
        parts.port  # noqa: B018 - raises ValueError for one that is no number
    except ValueError:
        # A password with a special character cuts the address at a wrong place.
        raise BadAddress(_where(url)) from None
    if parts.scheme not in ("rtsp", "rtsps") or not hostname:
        raise BadAddress("the source must be an rtsp:// or rtsps:// address")
    # Also behind the host: a password may hold the "/", "?" or "#" that seems to end it.
    if "@" in url or "#" in url or "%40" in parts.netloc:
        raise BadAddress(_where(url))
    if not _HOST.fullmatch(parts.netloc):
        raise BadAddress(_where(url))
    rest = _plain(url[url.index("://") + 3 + len(parts.netloc) :])
    if _may_hide_a_secret(rest) or any(
        set(match[2]) & set("/?;") for match in _NAME_PARAMETER.finditer(rest)
    ):
        raise BadAddress("the address seems to hold a password: " + _FIELDS)
    for match in _SECRET_PARAMETER.finditer(rest):
        following = rest[match.end() :].split("&")[1:2]
        if set(match[2]) & set("/?;") or (following and "=" not in following[0]):
            raise BadAddress("where the password in the address ends is not certain: " + _FIELDS)
    found = {unquote(match[2]) for match in _SECRET_PARAMETER.finditer(rest)} - {_PASSWORD}
    names = {unquote(match[2]) for match in _NAME_PARAMETER.finditer(rest)} - {_USERNAME}
    if len(found) > 1 or len(names) > 1:
        raise BadAddress("the address holds several names or passwords: " + _FIELDS)
    if any(_SECRET_PARAMETER.search(_plain(name)) for name in names):
        raise BadAddress("where the name in the address ends is not certain: " + _FIELDS)
    if password and not found and password in _words(rest):
        raise BadAddress(
            f"the address holds the password of its field: write {_PASSWORD} in its place"
        )
    password = _the_one(found, password)
    username = _the_one(names, username) if found or _PASSWORD in rest else username
    rest = _SECRET_PARAMETER.sub(rf"\1={_PASSWORD}", rest)
    if found or _PASSWORD in rest:
        rest = _NAME_PARAMETER.sub(rf"\1={_USERNAME}", rest)
    host = _ascii_host(parts.netloc)
    return SourceAddress(
        f"{parts.scheme}://{host}{quote(rest, safe=_PATH_SAFE)}", username, password
    )


def takes_password(url: str) -> bool:
    """Whether name and password are sent as parameters of the address."""
    return _PASSWORD in url


def filled(url: str, username: str | None, password: str | None) -> str:
    """The address as the camera takes it. Where it `takes_password` it is a secret: never log it.

    Addresses that were stored with a name before the host lose it: it is no part of a request.
    """
    if takes_password(url):
        return url.replace(_USERNAME, quote(username or "", safe=_VALUE_SAFE)).replace(
            _PASSWORD, quote(password or "", safe=_VALUE_SAFE)
        )
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def shown(url: str) -> str:
    """The address as callers see it: one that was stored with a password is shown without."""
    plain = _plain(url)
    if "@" in url or "#" in url or _may_hide_a_secret(plain.partition("://")[2].lstrip("/")):
        return f"{url.partition('://')[0]}://{_PASSWORD}"  # a password may lie anywhere in it
    return _SECRET_PARAMETER.sub(rf"\1={_PASSWORD}", plain)


def _where(url: str) -> str:
    if "@" in url or "#" in url:
        return f"{_FIELDS}; write an @ or # that belongs to the path as %40 or %23"
    return "the source's address cannot be read"


def _plain(text: str) -> str:
    """Escaped letters, digits, `=` and `_` as themselves, so that no name hides behind them."""
    return _LETTER_ESCAPES.sub(lambda match: unquote(match[0]), text)


def _may_hide_a_secret(rest: str) -> bool:
    """Whether a password is written in a way that is not parted, or escaped more than once."""
    parameters = len(_SECRET_PARAMETER.findall(rest))
    if not parameters and all(each.search(rest) for each in _SHORT):
        return True
    plainer = unquote(unquote(rest))
    return bool(_OTHER_SECRET.search(rest)) or len(_SECRET_PARAMETER.findall(plainer)) > parameters


def _words(rest: str) -> set[str]:
    """What a path segment, a parameter's value or a part of either is; short ones are no passwords
    (`/ch/1`)."""
    words = {word for part in re.split(r"[/?&;]", rest) for word in (part, *re.split("[=_]", part))}
    return {unquote(word) for word in words if len(word) > 3}


def _the_one(found: set[str], given: str | None) -> str | None:
    if not found:
        return given
    (taken,) = found
    if given is not None and given != taken:
        raise BadAddress("the source's address holds another name or password than its field")
    return taken


def _ascii_host(netloc: str) -> str:
    if netloc.isascii():
        return netloc
    try:
        return netloc.encode("idna").decode()
    except UnicodeError:
        raise BadAddress("the source's address cannot be read") from None
