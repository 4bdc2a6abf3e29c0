"""A signing key's life: published, signing, retired, gone.

A new key is published `activation_delay` before it signs, so that verifiers know it by then. A
retired key stays published until the last token that it signed has expired.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CLOCK_ALLOWANCE = timedelta(minutes=2)
"""How far a verifier's clock may be behind ours before it misses a retired key."""


@dataclass(frozen=True)
class KeyLife:
    key_id: str
    activates_at: datetime
    retires_at: datetime | None  # when its successor starts to sign
    withdrawn: bool = False  # taken out of the set at once, because it may be known to others


def signing_key(keys: Sequence[KeyLife], now: datetime) -> KeyLife | None:
    """The key that signs at `now`: of those active the latest."""
    active = [key for key in keys if key.activates_at <= now and not key.withdrawn]
    return max(active, key=lambda key: key.activates_at, default=None)


def published_keys(
    keys: Sequence[KeyLife], now: datetime, token_lifetime: timedelta
) -> list[KeyLife]:
    """Keys that verifiers must know at `now`, the newest first."""
    kept = [
        key
        for key in keys
        if not key.withdrawn
        and (key.retires_at is None or now < key.retires_at + token_lifetime + CLOCK_ALLOWANCE)
    ]
    return sorted(kept, key=lambda key: key.activates_at, reverse=True)


def pending_key(keys: Sequence[KeyLife], now: datetime) -> KeyLife | None:
    """A key that is published and does not sign yet."""
    waiting = [key for key in keys if key.activates_at > now and not key.withdrawn]
    return max(waiting, key=lambda key: key.activates_at, default=None)
