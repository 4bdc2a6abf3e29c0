"""The life of a signing key: published, signing, retired, withdrawn from the set.

A new key is published for an activation delay before it signs, so that verifiers have it by then.
A retired key stays published until the last token that it signed has expired.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CLOCK_ALLOWANCE = timedelta(minutes=2)
"""How far a verifier's clock may be behind before it misses a retired key."""


@dataclass(frozen=True)
class KeyLife:
    """When a key signs: from `activates_at` until its successor does, at `retires_at`. A withdrawn
    key left the set at once, because its private half may be known to others."""

    key_id: str
    activates_at: datetime
    retires_at: datetime | None
    withdrawn: bool = False


def signing_key(keys: Sequence[KeyLife], now: datetime) -> KeyLife | None:
    """The key that signs at `now`: of the active ones the latest."""
    active = [key for key in keys if key.activates_at <= now and not key.withdrawn]
    return max(active, key=lambda key: key.activates_at, default=None)


def published_keys(
    keys: Sequence[KeyLife], now: datetime, token_lifetime: timedelta
) -> list[KeyLife]:
    """The keys that verifiers need at `now`, the newest first."""
    kept = [
        key
        for key in keys
        if not key.withdrawn
        and (key.retires_at is None or now < key.retires_at + token_lifetime + CLOCK_ALLOWANCE)
    ]
    return sorted(kept, key=lambda key: key.activates_at, reverse=True)


def pending_key(keys: Sequence[KeyLife], now: datetime) -> KeyLife | None:
    """The key that is published and does not sign yet, if there is one."""
    waiting = [key for key in keys if key.activates_at > now and not key.withdrawn]
    return max(waiting, key=lambda key: key.activates_at, default=None)
