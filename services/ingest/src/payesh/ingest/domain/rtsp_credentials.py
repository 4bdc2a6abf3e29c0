"""Answers to a camera's challenge: Digest (RFC 7616, and RFC 2617 without `qop`) and Basic."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([A-Za-z][\w-]*)(?=[\s,]|$)'
)
# MD5 is what RFC 2617 has and nearly all cameras offer: weak, but the password is not readable.
_HASHES: dict[str, Callable[[str], str]] = {
    "MD5": lambda text: hashlib.md5(_bytes(text), usedforsecurity=False).hexdigest(),
    "SHA-256": lambda text: hashlib.sha256(_bytes(text)).hexdigest(),
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """A camera's account. `basic_allowed`: the password may be sent in a form that anyone between
    can read, where the camera offers no Digest."""

    username: str
    password: str
    basic_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate that a camera offers; parameter names are in lower case."""

    scheme: str
    parameters: dict[str, str]

    @property
    def stale(self) -> bool:
        """Whether only the nonce was too old, not the password wrong."""
        return self.parameters.get("stale", "").lower() == "true"


def challenges(headers: Iterable[str]) -> list[Challenge]:
    """The challenges in values of WWW-Authenticate; one value may hold several."""
    found: list[Challenge] = []
    for header in headers:
        for name, quoted, bare, scheme in _TOKEN.findall(header):
            if scheme:
                found.append(Challenge(scheme.lower(), {}))
            elif found:
                found[-1].parameters[name.lower()] = quoted or bare
    return found


def chosen(offered: Sequence[Challenge], *, basic_allowed: bool) -> Challenge | None:
    """The first Digest that can be answered, else Basic where it is allowed, else None."""
    digests = [each for each in offered if _answerable(each)]
    basics = [each for each in offered if each.scheme == "basic" and basic_allowed]
    return next(iter([*digests, *basics]), None)


def authorization(
    challenge: Challenge,
    credentials: Credentials,
    *,
    method: str,
    target: str,
    count: int,
    client_nonce: str,
) -> str:
    """The value of Authorization for the `count`-th request under the challenge's nonce."""
    if challenge.scheme == "basic":
        pair = f"{credentials.username}:{credentials.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    offered = challenge.parameters
    algorithm, session = _algorithm(challenge)
    digest = _HASHES[algorithm]
    realm, nonce = offered.get("realm", ""), offered.get("nonce", "")
    secret = digest(f"{credentials.username}:{realm}:{credentials.password}")
    if session:
        secret = digest(f"{secret}:{nonce}:{client_nonce}")
    request = digest(f"{method}:{target}")
    fields = [
        ("username", _quoted(credentials.username)),
        ("realm", f'"{realm}"'),
        ("nonce", f'"{nonce}"'),
        ("uri", f'"{target}"'),
    ]
    middle = nonce
    if "qop" in offered:
        middle += f":{count:08x}:{client_nonce}:auth"
        fields += [("qop", "auth"), ("nc", f"{count:08x}")]
    if "qop" in offered or session:
        fields.append(("cnonce", f'"{client_nonce}"'))
    fields.append(("response", f'"{digest(f"{secret}:{middle}:{request}")}"'))
    if "algorithm" in offered:
        fields.append(("algorithm", offered["algorithm"]))
    if "opaque" in offered:
        fields.append(("opaque", f'"{offered["opaque"]}"'))
    return "Digest " + ", ".join(f"{name}={value}" for name, value in fields)


def _answerable(challenge: Challenge) -> bool:
    if challenge.scheme != "digest" or "nonce" not in challenge.parameters:
        return False
    qualities = re.split(r"[\s,]+", challenge.parameters.get("qop", "auth").lower())
    return "auth" in qualities and _algorithm(challenge)[0] in _HASHES


def _algorithm(challenge: Challenge) -> tuple[str, bool]:
    """The hash's name, and whether it is of the session's form."""
    name = challenge.parameters.get("algorithm", "MD5").upper()
    return name.removesuffix("-SESS"), name.endswith("-SESS")


def _bytes(text: str) -> bytes:
    """A realm comes back as it was sent, whatever its encoding (see `rtsp_messages`)."""
    return text.encode("utf-8", "surrogateescape")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
