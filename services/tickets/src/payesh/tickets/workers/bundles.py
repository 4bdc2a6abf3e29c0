"""Workers that build evidence bundles, woken as soon as a join has committed."""

import asyncio
from collections.abc import Callable

from payesh.kit.errors import DependencyFault
from payesh.kit.lifecycle import WakingWorker
from payesh.kit.telemetry import tracer, use_traceparent
from payesh.tickets import metrics
from payesh.tickets.adapters.bundle_jobs import BundleJob
from payesh.tickets.handlers.bundling import (
    BundlingDependencies,
    attempt,
    keep_hold,
    take_job,
)

_POLL_S = 2.0
_A_MOMENT_S = 0.01


class BundleWorkers:
    """A bounded number of workers, each with at most one job in hand.

    A dependency that is away is waited for as long as it takes, with the job in hand: a database
    that is away could not note a later attempt.
    """

    def __init__(self, dependencies: BundlingDependencies, *, in_parallel: int) -> None:
        self._builders = [_Builder(dependencies, self.wake) for _ in range(in_parallel)]
        self._workers = [
            WakingWorker(f"bundles-{number}", builder.work, poll_s=_POLL_S)
            for number, builder in enumerate(self._builders)
        ]

    @property
    def blocked_by(self) -> str | None:
        """The dependency that a bundle waits for, for `/readyz`."""
        return next((each.blocked_by for each in self._workers if each.blocked_by), None)

    def wake(self) -> None:
        """A job was committed: take it now instead of at the next poll."""
        for worker in self._workers:
            worker.wake()

    async def start(self) -> None:
        for worker in self._workers:
            await worker.start()

    async def stop(self) -> None:
        """Finish the bundles in hand, for a while; what is left is taken up by the next start."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))


class _Builder:
    """One worker's job in hand: kept over the faults of a dependency, and over no other error, so
    that a job which always fails blocks no worker."""

    def __init__(self, dependencies: BundlingDependencies, wake: Callable[[], None]) -> None:
        self._dependencies = dependencies
        self._wake = wake
        self._in_hand: BundleJob | None = None

    async def work(self) -> bool:
        """One attempt at the job in hand, or at the next; False when there is none."""
        job = self._in_hand or await take_job(self._dependencies)
        if job is None:
            return False
        self._in_hand = None
        with use_traceparent(job.traceparent), tracer.start_as_current_span("tickets.bundle"):
            try:
                due_in_s = await attempt(self._dependencies, job)
            except DependencyFault as fault:
                metrics.bundle_retries.labels(fault.dependency).inc()
                await keep_hold(self._dependencies, job)
                self._in_hand = job
                raise
        if due_in_s is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(due_in_s + _A_MOMENT_S, self._wake)
        return True
