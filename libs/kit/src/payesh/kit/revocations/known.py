"""What this replica knows of revocations, how sure of it, and which doors need that certainty."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from payesh.contracts import TokensRevoked
from payesh.kit import metrics
from payesh.kit.errors import Unauthorized, Unavailable
from payesh.kit.lifecycle import Part, Periodic
from payesh.kit.revocations.revoked import RevokedTokens

News = Callable[[], Awaitable[Sequence[TokensRevoked]]]

_FIRST_LOOK_S = 5.0
_FORGET_EVERY_S = 60.0
_UNSURE_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class Doors:
    """Which scopes stay usable while revocations cannot be learnt, and how long all others do.

    `patience_s` are the seconds for which the last knowledge is enough for every scope; those in
    `open_scopes` need none: a camera's uploads go on.
    """

    patience_s: float
    open_scopes: frozenset[str]


class Revocations:
    """Part of every service: knows what was revoked, and refuses it.

    `news` is asked every `poll_s` seconds; None where there is only the topic. A follower of the
    topic calls `learn` and `confirm`; it is one of the `parts`.
    """

    def __init__(
        self,
        doors: Doors,
        *,
        news: News | None = None,
        poll_s: float = 3.0,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doors = doors
        self._revoked = RevokedTokens()
        self._clock_s = clock_s
        self._confirmed_at_s = float("-inf")
        self._caught_up = asyncio.Event()
        self._parts: list[Part] = [Periodic("forget revocations", _FORGET_EVERY_S, self._forget)]
        if news is not None:
            self._parts.append(Periodic("ask for revocations", poll_s, partial(self._ask, news)))

    def add(self, part: Part) -> None:
        """Run `part`, a follower of the topic, together with this."""
        self._parts.append(part)

    @property
    def age_s(self) -> float:
        """Seconds since everything that was revoked was known here; infinite before the first."""
        return self._clock_s() - self._confirmed_at_s

    @property
    def status(self) -> str:
        """For `/readyz`: "ok" or what is wrong."""
        if not self._caught_up.is_set():
            return "not caught up"
        age_s = self.age_s
        return (
            "ok"
            if age_s <= max(_UNSURE_AFTER_S, self._doors.patience_s)
            else (f"not known for {age_s:.0f} s")
        )

    def learn(self, revocations: Sequence[TokensRevoked]) -> None:
        """Take in revocations; some may be old or known."""
        self._revoked.learn(revocations, datetime.now(UTC))
        metrics.revocations_kept.set(len(self._revoked))

    def confirm(self, ago_s: float = 0.0) -> None:
        """Everything that was revoked up to `ago_s` seconds ago is known."""
        self._confirmed_at_s = max(self._confirmed_at_s, self._clock_s() - ago_s)
        self._caught_up.set()

    def refuse_revoked(self, claims: Mapping[str, Any]) -> None:
        """Raises Unauthorized (`revoked`) for what was issued before its revocation. `claims` are
        the verifier's, of a token or of the session that began with it."""
        if self._revoked.refuses(claims):
            metrics.revocations_refused.inc()
            raise Unauthorized(
                "this was revoked: sign in or ask for a token again",
                type="revoked",
                headers={
                    "WWW-Authenticate": 'Bearer error="invalid_token", error_description="revoked"'
                },
            )

    def require_certainty(self, scope: str, *, personal: bool) -> None:
        """Raises Unavailable (`revocations-unknown`) when it is too long ago that revocations
        were known, unless the scope stays open. Personal data never does."""
        stays_open = scope in self._doors.open_scopes and not personal
        if not stays_open and self.age_s > self._doors.patience_s:
            raise Unavailable(
                "whether this was revoked cannot be known now", type="revocations-unknown"
            )

    async def start(self) -> None:
        """Begin, and wait a little for the first knowledge: a service that is just up would
        refuse its first requests."""
        for part in self._parts:
            await part.start()
        try:
            await asyncio.wait_for(self._caught_up.wait(), _FIRST_LOOK_S)
        except TimeoutError:
            return  # /readyz names it

    async def stop(self) -> None:
        for part in reversed(self._parts):
            await part.stop()

    async def _ask(self, news: News) -> None:
        asked_at_s = self._clock_s()
        self.learn(await news())
        self.confirm(self._clock_s() - asked_at_s)

    async def _forget(self) -> None:
        self._revoked.forget_expired(datetime.now(UTC))
        metrics.revocations_kept.set(len(self._revoked))
