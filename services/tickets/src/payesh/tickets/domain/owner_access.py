"""How an owner comes to the own citation: by its number and a code that is sent to the owner.

A code is a function of its id under the service's key (RFC 4226, section 5.3), so that no code is
stored and the one that was sent can be sent again. Bounds hold for each number, whether or not
there is such a citation, and for each sender.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from payesh.tickets.domain.numbering import holds

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=10)
SESSION_LASTS = timedelta(minutes=20)
MOST_TRIES = 5
"""Wrong codes after which a code is worth nothing."""

_NUMBER = re.compile(r"1[34][0-9]{2}-[a-z0-9-]{1,40}-[0-9]{1,9}-[0-9]{2}")
_FOLDED = str.maketrans(
    {chr(zero + digit): str(digit) for zero in (0x06F0, 0x0660) for digit in range(10)}
    | dict.fromkeys("‐‑–—−_", "-")
    | dict.fromkeys(" \u200c\u200e\u200f\u2066\u2067\u2068\u2069\u00a0", "")
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """At most `count` within `window`."""

    count: int
    window: timedelta


PER_NUMBER = (
    Allowed(1, timedelta(minutes=1)),
    Allowed(5, timedelta(hours=1)),
    Allowed(10, timedelta(days=1)),
)
"""Codes that may be asked for one number: with `MOST_TRIES`, fifty guesses of a million a day."""
PER_SENDER = (Allowed(20, timedelta(hours=1)),)
"""Codes that one sender may ask for, of all numbers together."""
FAILURES_PER_SENDER = (Allowed(20, timedelta(hours=1)),)
"""Wrong codes of one sender, of all numbers together."""
LONGEST_WINDOW = timedelta(days=1)


def is_within(allowed: tuple[Allowed, ...], before: list[datetime], now: datetime) -> bool:
    """Whether one more is allowed at `now`, after those at `before`.

    >>> now = datetime(2026, 1, 1)
    >>> is_within((Allowed(2, timedelta(hours=1)),), [now, now - timedelta(hours=2)], now)
    True
    >>> is_within((Allowed(1, timedelta(hours=1)),), [now], now)
    False
    """
    return all(sum(now - at < each.window for at in before) < each.count for each in allowed)


def folded_number(text: str) -> str | None:
    """A citation's number as it is stored, from what a person typed; None where its check digits
    do not hold, which says nothing of whether there is such a citation.

    >>> folded_number(" ۱۴۰۵-Semnan-۱۲-۸۲ "), folded_number("1405-semnan-12-83")
    ('1405-semnan-12-82', None)
    """
    folded = text.translate(_FOLDED).lower()
    return folded if _NUMBER.fullmatch(folded) and holds(folded) else None


def folded_code(text: str) -> str:
    """A code from what a person typed.

    >>> folded_code(" ۱۲۳ ۴۵۶")
    '123456'
    """
    return text.translate(_FOLDED).replace("-", "")


def code_of(key: bytes, code_id: UUID) -> str:
    """The digits that are sent.

    >>> code_of(b"k" * 32, UUID(int=1)), code_of(b"k" * 32, UUID(int=2))
    ('065331', '804826')
    """
    digest = hmac.new(key, b"owner code\n" + code_id.bytes, sha256).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def is_code(key: bytes, code_id: UUID, typed: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(code_of(key, code_id).encode(), typed.encode())


def sender_digest(key: bytes, address: str) -> bytes:
    """What attempts are counted by: a sender's address is not stored."""
    return hmac.new(key, b"owner sender\n" + address.encode(), sha256).digest()
