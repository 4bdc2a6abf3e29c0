"""Background work that outlives its failures: a worker that is woken, and a periodic chore."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from payesh.kit import metrics
from payesh.kit.faults import dependency_fault

log = structlog.get_logger(__name__)

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
STOP_PATIENCE_S = 10.0


class Backoff:
    """Waiting times that double from `first_s` up to `longest_s`."""

    def __init__(self, first_s: float = FIRST_WAIT_S, longest_s: float = LONGEST_WAIT_S) -> None:
        self._first_s = min(first_s, longest_s)
        self._longest_s = longest_s
        self._next_s = self._first_s

    def next_s(self) -> float:
        """The time to wait after one more failure."""
        wait_s = self._next_s
        self._next_s = min(self._longest_s, wait_s * 2)
        return wait_s

    def reset(self) -> None:
        """Begin with `first_s` again: an attempt succeeded."""
        self._next_s = self._first_s


class WakingWorker:
    """Calls `work` until it finds nothing to do, then waits for `wake` or `poll_s`.

    `work` returns True when more may be waiting. A failure never ends the worker: it is logged,
    counted, shown in `blocked_by` and followed by a wait that doubles up to `longest_wait_s`.
    A dependency that is away is waited for as long as it takes.

    `concurrency` tasks call `work` side by side; a wake reaches each of them. On `stop` each task
    finishes the call in hand, at most `patience_s`, and is then cancelled; with `drain` it goes on
    until `work` returns False or fails. A `stop` that is cancelled cancels them at once.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[bool]],
        *,
        poll_s: float,
        concurrency: int = 1,
        first_wait_s: float = FIRST_WAIT_S,
        longest_wait_s: float = LONGEST_WAIT_S,
        patience_s: float = STOP_PATIENCE_S,
        drain: bool = False,
    ) -> None:
        self.name = name
        self._work = work
        self._poll_s = poll_s
        self._first_wait_s = first_wait_s
        self._longest_wait_s = longest_wait_s
        self._patience_s = patience_s
        self._drain = drain
        # One event a task: with one for all, a task that clears it would swallow the wake of a
        # task that is in the middle of its work.
        self._wakes = [asyncio.Event() for _ in range(concurrency)]
        self._stopping = asyncio.Event()
        self._blocks: dict[int, str] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def blocked_by(self) -> str | None:
        """What the worker waits for, for `/readyz`: a dependency, or its own name when it failed
        otherwise. None while it works."""
        return next(iter(self._blocks.values()), None)

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called: work of several steps ends at its next step."""
        return self._stopping.is_set()

    def wake(self) -> None:
        """Look for work now instead of at the next poll. Called from the event loop's thread."""
        for woken in self._wakes:
            woken.set()

    async def pause(self, seconds: float) -> None:
        """Wait inside `work`; returns at once when the worker stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def start(self) -> None:
        self._stopping.clear()
        self._blocks.clear()
        self._tasks = [
            asyncio.create_task(self._run(number, woken), name=f"{self.name} {number}")
            for number, woken in enumerate(self._wakes)
        ]

    async def stop(self) -> None:
        self._stopping.set()
        self.wake()
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        try:
            await asyncio.wait(tasks, timeout=self._patience_s)
        finally:  # also when the stop itself is cancelled: no task outlives it
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, number: int, woken: asyncio.Event) -> None:
        backoff = Backoff(self._first_wait_s, self._longest_wait_s)
        while True:
            woken.clear()  # before the look: what comes after it leaves the event set
            failed = more = False
            try:
                more = await self._work()
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                failed = True  # something that the work awaited was cancelled, not this task
                self._note_failure(number, error)
            except Exception as error:
                failed = True
                self._note_failure(number, error)
            else:
                self._note_success(number)
                backoff.reset()
            if self.stopping and not (self._drain and more):
                return
            if failed:
                await self.pause(backoff.next_s())
            elif not more:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), self._poll_s)
            if self.stopping and not self._drain:
                return

    def _note_failure(self, number: int, error: BaseException) -> None:
        fault = dependency_fault(error)
        blocked_by = self.name if fault is None else fault.dependency
        metrics.worker_failures.labels(self.name, blocked_by).inc()
        if fault is None:
            log.error("worker failed", worker=self.name, exc_info=error)
        elif self._blocks.get(number) != blocked_by:  # once for each time that it is away
            log.warning("worker waits", worker=self.name, dependency=blocked_by, reason=str(fault))
        self._blocks[number] = blocked_by

    def _note_success(self, number: int) -> None:
        blocked_by = self._blocks.pop(number, None)
        if blocked_by is not None:
            log.info("worker goes on", worker=self.name, after=blocked_by)


class Periodic(WakingWorker):
    """Calls `chore` at the start and `every_s` seconds after each time that it succeeded.

    A chore that fails is tried again sooner, after 1, 2, 4, ... seconds up to `every_s`. `wake`
    calls it now.
    """

    def __init__(
        self,
        name: str,
        every_s: float,
        chore: Callable[[], Awaitable[Any]],
        *,
        patience_s: float = STOP_PATIENCE_S,
    ) -> None:
        async def once() -> bool:
            await chore()
            return False

        super().__init__(
            name,
            once,
            poll_s=every_s,
            first_wait_s=1.0,
            longest_wait_s=every_s,
            patience_s=patience_s,
        )
