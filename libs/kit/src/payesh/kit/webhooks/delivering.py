"""Deliveries on their way: an endpoint at a time, each in its own order, until it has them."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit import metrics
from payesh.kit.database import Database
from payesh.kit.errors import Unauthorized
from payesh.kit.lifecycle import Periodic, WakingWorker
from payesh.kit.tokens import TokenVerifier
from payesh.kit.webhooks.sending import NotSent, Sender
from payesh.kit.webhooks.signing import WebhookKey
from payesh.kit.webhooks.store import Delivery, Endpoint, delivery_of, endpoint_of
from payesh.kit.webhooks.tables import deliveries, endpoints

log = structlog.get_logger(__name__)

_POLL_S = 2.0
_GATHER_S = 0.1
_PRUNE_EVERY_S = 600.0
_HELD = timedelta(seconds=60)
"""How long an endpoint is one worker's; each delivery begins it anew."""
_A_TURN = 20
_FIRST_WAIT_S, _LONGEST_WAIT_S = 5.0, 3600.0
_MOST_ATTEMPTS = 15
"""About eight hours; what one receiver refuses so long no longer keeps the rest from it."""
_UNREACHABLE_AFTER = timedelta(days=3)
_GONE = 410

_CLAIM = text("""
    UPDATE webhook_endpoints AS mine SET claim = :claim, claimed_until = :until
    WHERE endpoint_id = (
        SELECT endpoint_id FROM webhook_endpoints AS each
        WHERE paused IS NULL AND stands_until > :now AND not_before <= :now
          AND (claimed_until IS NULL OR claimed_until < :now)
          AND EXISTS (
              SELECT 1 FROM webhook_deliveries AS waiting
              WHERE waiting.endpoint_id = each.endpoint_id AND waiting.ended_at IS NULL
          )
        ORDER BY not_before
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING *
""")


@dataclass(slots=True)
class _Turn:
    """An endpoint in this worker's hands, as it stands after each delivery."""

    endpoint: Endpoint
    claim: UUID


class Deliverer:
    """Sends what waits. Any number of replicas run one; several endpoints are served side by side,
    each by one worker, and one that is away keeps no other waiting.

    `verifier` tells what was revoked: an endpoint's client has to be one that would still be let
    in. `keep` is for how long deliveries can be listed and replayed.
    """

    def __init__(
        self,
        database: Database,
        sender: Sender,
        key: WebhookKey,
        verifier: TokenVerifier,
        *,
        scope: str,
        keep: timedelta,
        concurrency: int = 4,
        first_wait_s: float = _FIRST_WAIT_S,
    ) -> None:
        self._database = database
        self._sender = sender
        self._key = key
        self._verifier = verifier
        self._scope = scope
        self._keep = keep
        self._first_wait_s = first_wait_s
        self._worker = WakingWorker(
            "webhooks", self._serve, poll_s=_POLL_S, concurrency=concurrency, patience_s=25.0
        )
        self._pruning = Periodic("webhook pruning", _PRUNE_EVERY_S, self._prune)
        self._watching = Periodic("webhook rights", 5.0, self._pause_revoked)
        database.on_outbox_commit(self._worker.wake)

    @property
    def blocked_by(self) -> str | None:
        """What deliveries wait for, for `/readyz`; None also while single receivers are away."""
        return self._worker.blocked_by

    def wake(self) -> None:
        """Look now: something was announced, or an endpoint renewed."""
        self._worker.wake()

    async def start(self) -> None:
        await self._worker.start()
        await self._pruning.start()
        await self._watching.start()

    async def stop(self) -> None:
        await self._watching.stop()
        await self._pruning.stop()
        await self._worker.stop()

    async def _serve(self) -> bool:
        """One turn of one endpoint; False when none waits."""
        turn = await self._claimed()
        if turn is None:
            # Few commits announce anything: those that come meanwhile share the next look.
            await self._worker.pause(_GATHER_S)
            return False
        if not await self._still_admitted(turn):
            return True
        for delivery in await self._waiting(turn.endpoint):
            if self._worker.stopping or not await self._deliver(turn, delivery):
                break
        await self._change(turn, claim=None, claimed_until=None)
        return True

    async def _claimed(self) -> _Turn | None:
        now, claim = datetime.now(UTC), uuid4()
        async with self._database.transaction() as session:
            row = (
                await session.execute(_CLAIM, {"claim": claim, "until": now + _HELD, "now": now})
            ).one_or_none()
        return None if row is None else _Turn(endpoint_of(row), claim)

    async def _still_admitted(self, turn: _Turn) -> bool:
        """Whether the endpoint's client would be let in. Raises Unavailable while that cannot be
        known: nothing is sent then."""
        self._verifier.require_certainty(self._scope, personal=False)
        try:
            self._verifier.refuse_revoked(turn.endpoint.claims)
        except Unauthorized:
            await self._change(turn, paused="revoked", claim=None, claimed_until=None)
            log.info("webhook paused", endpoint=str(turn.endpoint.endpoint_id), reason="revoked")
            return False
        return True

    async def _pause_revoked(self) -> None:
        """Revocations are known for as long as tokens live: an endpoint for which nothing comes in
        that time must be paused too."""
        async with self._database.transaction() as session:
            rows = await session.execute(
                select(endpoints.c.endpoint_id, endpoints.c.claims).where(
                    endpoints.c.paused.is_distinct_from("revoked")
                )
            )
            for endpoint_id, claims in rows.all():
                try:
                    self._verifier.refuse_revoked(claims)
                except Unauthorized:
                    await session.execute(
                        update(endpoints)
                        # Unless it was renewed since it was read.
                        .where(endpoints.c.endpoint_id == endpoint_id, endpoints.c.claims == claims)
                        .values(paused="revoked")
                    )

    async def _waiting(self, endpoint: Endpoint) -> list[Delivery]:
        query = (
            select(*(deliveries.c[name] for name in Delivery.__dataclass_fields__))
            .where(
                deliveries.c.endpoint_id == endpoint.endpoint_id, deliveries.c.ended_at.is_(None)
            )
            .order_by(deliveries.c.id)
            .limit(_A_TURN)
        )
        async with self._database.transaction() as session:
            return [delivery_of(row) for row in await session.execute(query)]

    async def _deliver(self, turn: _Turn, delivery: Delivery) -> bool:
        """One attempt; whether the next delivery may follow it."""
        endpoint, now = turn.endpoint, datetime.now(UTC)
        # Before the attempt: a worker that lost the endpoint must not send beside the other.
        if not await self._change(turn, claimed_until=now + _HELD):
            return False
        headers = self._key.headers(
            endpoint.endpoint_id, endpoint.versions(now), delivery.delivery_id, now, delivery.body
        )
        try:
            status = await self._sender.post(endpoint.url, delivery.body, headers)
        except NotSent as error:
            outcome, delivered, gone = str(error), False, False
        else:
            outcome, delivered, gone = str(status), 200 <= status < 300, status == _GONE
        metrics.webhook_attempts.labels("delivered" if delivered else "failed").inc()
        await self._note(turn, delivery, outcome, delivered=delivered, gone=gone)
        return delivered

    async def _note(
        self, turn: _Turn, delivery: Delivery, outcome: str, *, delivered: bool, gone: bool
    ) -> None:
        """Keep what came of an attempt. The endpoint's row is locked before its deliveries', as
        everywhere: who removes an endpoint must not wait for who waits for them."""
        now, attempts = datetime.now(UTC), delivery.attempts + 1
        ended = delivered or attempts >= _MOST_ATTEMPTS
        async with self._database.transaction() as session:
            standing = self._standing_after(turn, now, delivered=delivered, gone=gone)
            if not await _set(session, turn, **standing):
                return  # removed, or another worker's: it sends this delivery again
            await session.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery.id)
                .values(attempts=attempts, outcome=outcome, ended_at=now if ended else None)
            )

    def _standing_after(
        self, turn: _Turn, now: datetime, *, delivered: bool, gone: bool
    ) -> dict[str, object]:
        """What changes of the endpoint with an attempt."""
        if delivered:
            turn.endpoint = replace(turn.endpoint, failures=0, failing_since=None)
            return {"failures": 0, "failing_since": None}
        failures = turn.endpoint.failures + 1
        since = turn.endpoint.failing_since or now
        wait_s = min(_LONGEST_WAIT_S, self._first_wait_s * 2 ** min(failures - 1, 20))
        wait_s *= random.uniform(0.8, 1.2)  # noqa: S311 - so that many do not come at once
        paused = "gone" if gone else "unreachable" if now - since > _UNREACHABLE_AFTER else None
        if paused:
            log.warning("webhook paused", endpoint=str(turn.endpoint.endpoint_id), reason=paused)
        return {
            "failures": failures,
            "failing_since": since,
            "not_before": now + timedelta(seconds=wait_s),
            **({"paused": paused} if paused else {}),
        }

    async def _change(self, turn: _Turn, **values: object) -> bool:
        async with self._database.transaction() as session:
            return await _set(session, turn, **values)

    async def _prune(self) -> None:
        before = datetime.now(UTC) - self._keep
        async with self._database.transaction() as session:
            await session.execute(delete(deliveries).where(deliveries.c.announced_at < before))
            lapsed = endpoints.c.stands_until < before
            await session.execute(delete(endpoints).where(lapsed))


async def _set(session: AsyncSession, turn: _Turn, **values: object) -> bool:
    """Change the endpoint if it is still in the worker's hands; whether it is."""
    done = await session.execute(
        update(endpoints)
        .where(
            endpoints.c.endpoint_id == turn.endpoint.endpoint_id, endpoints.c.claim == turn.claim
        )
        .values(**values)
        .returning(endpoints.c.endpoint_id)
    )
    return done.scalar() is not None
