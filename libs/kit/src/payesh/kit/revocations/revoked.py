"""What is revoked, as a bounded set in memory; no clock and no I/O."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from payesh.contracts import TokensRevoked
from payesh.contracts.vocabulary import RevocationKind

REVOCATION_CLAIM = "rev"
"""The number of the last revocation that a token's issue took into account."""
KEY_CLAIM = "kid"
"""The key that signed a token; the verifier adds it to the claims."""
SESSION_CLAIM = "sid"
"""The sign-in at access that a token came from."""

MOST_ENTRIES = 50_000
_OF_HOLDERS = frozenset(
    {
        RevocationKind.SUBJECT,
        RevocationKind.CLIENT,
        RevocationKind.AGENCY,
        RevocationKind.SESSION,
    }
)


class RevokedTokens:
    """Revocations that have not expired, the last one of each holder, sign-in and key.

    At most `most` are kept. Beyond that the older half becomes one bound: every token issued before
    the last of them is refused, which is more than was revoked and never less. Keys are kept apart:
    who has a withdrawn one can write any number into a token.
    """

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        self._most = most
        self._holders: dict[str, TokensRevoked] = {}
        self._keys: dict[str, TokensRevoked] = {}
        self._everything: TokensRevoked | None = None

    def __len__(self) -> int:
        return len(self._holders) + len(self._keys)

    def learn(self, revocations: Iterable[TokensRevoked], now: datetime) -> None:
        """Take in what was revoked, in any order and any number of times."""
        for each in revocations:
            if each.expires_at <= now:
                continue
            kind = each.revoked.partition(":")[0]
            if kind == RevocationKind.KEY:
                self._keys[each.revoked] = each
            elif kind in _OF_HOLDERS:
                _keep_later(self._holders, each)
            else:  # everything, or what only a later release knows: nothing from before stays
                self._revoke_everything(each)
        if len(self._holders) > self._most:
            self._forget_expired(now)
        if len(self._holders) > self._most:
            self._fold()

    def forget_expired(self, now: datetime) -> None:
        """Drop what no valid token can be affected by any more."""
        self._forget_expired(now)

    def refuses(self, claims: Mapping[str, Any]) -> bool:
        """Whether a token or session with these verified claims was revoked."""
        if f"{RevocationKind.KEY}:{claims.get(KEY_CLAIM)}" in self._keys:
            return True
        if self._everything is not None and not _issued_after(claims, self._everything):
            return True
        if not self._holders:
            return False
        return any(
            not _issued_after(claims, revocation)
            for name in _names(claims)
            if (revocation := self._holders.get(name)) is not None
        )

    def _forget_expired(self, now: datetime) -> None:
        for entries in (self._holders, self._keys):
            for name in [name for name, each in entries.items() if each.expires_at <= now]:
                del entries[name]
        if self._everything is not None and self._everything.expires_at <= now:
            self._everything = None

    def _fold(self) -> None:
        oldest_first = sorted(self._holders.values(), key=lambda each: each.number)
        for each in oldest_first[: len(oldest_first) // 2]:
            del self._holders[each.revoked]
            self._revoke_everything(each)

    def _revoke_everything(self, before: TokensRevoked) -> None:
        current = self._everything
        if current is None or current.number < before.number:
            self._everything = before


def _keep_later(entries: dict[str, TokensRevoked], revocation: TokensRevoked) -> None:
    current = entries.get(revocation.revoked)
    if current is None or current.number < revocation.number:
        entries[revocation.revoked] = revocation


def _issued_after(claims: Mapping[str, Any], revocation: TokensRevoked) -> bool:
    number = claims.get(REVOCATION_CLAIM)
    if isinstance(number, int):
        return number >= revocation.number
    issued_at = claims.get("iat")
    # A whole second counts as before a moment within it: rather one token too many is refused.
    return isinstance(issued_at, int | float) and issued_at > revocation.revoked_at.timestamp()


def _names(claims: Mapping[str, Any]) -> Iterator[str]:
    """Every name under which these claims may be revoked."""
    actor = claims.get("act")
    if isinstance(actor, Mapping):
        actor = actor.get("sub")
    subject = claims.get("sub")
    yield f"{RevocationKind.SUBJECT}:{subject}"
    yield f"{RevocationKind.AGENCY}:{claims.get('agency')}"
    for client in {subject, actor, claims.get("client_id")}:
        yield f"{RevocationKind.CLIENT}:{client}"
    if (session := claims.get(SESSION_CLAIM)) is not None:
        yield f"{RevocationKind.SESSION}:{session}"
