"""Ordered start and stop of the parts that a process runs."""

import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import structlog

log = structlog.get_logger(__name__)


class Part(Protocol):
    """Something that a service runs. `stop` is called once for each `start` that succeeded."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@asynccontextmanager
async def running(*parts: Part) -> AsyncIterator[None]:
    """Start the parts in order, and stop them in reverse order on leaving.

    A start that fails stops the parts that had started, and is raised. A stop that fails is
    logged, does not keep the other parts from stopping, and is raised when they have.
    """
    async with AsyncExitStack() as stack:
        for part in parts:
            await part.start()
            stack.push_async_callback(_stop, part)
        yield


async def _stop(part: Part) -> None:
    try:
        await part.stop()
    except Exception:
        log.exception("part failed to stop", part=type(part).__name__)
        raise


class OnStop:
    """A part that only calls `close` when it stops: a pool, an executor, a client's connections.

    `close` may be a plain function or a coroutine function.
    """

    def __init__(self, close: Callable[[], Any]) -> None:
        self._close = close

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        outcome = self._close()
        if inspect.isawaitable(outcome):
            await outcome


def migrations_folder(package_file: str) -> Path:
    """The folder with `env.py` of the package whose module passes its `__file__`.

    A wheel carries the migrations inside the package; a checkout has them beside `src`.
    """
    package = Path(package_file).parent
    packaged = package / "migrations"
    return packaged if packaged.is_dir() else package.parents[2] / "migrations"
