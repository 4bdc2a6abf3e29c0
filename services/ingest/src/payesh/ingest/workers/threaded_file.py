"""A video file read in a thread of its own, no faster than its fragments are taken."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

from payesh.ingest.adapters.remuxer import Fragment
from payesh.ingest.adapters.video_file import FileSegments

T = TypeVar("T")

_AHEAD = 2
_PATIENCE_S = 0.5


async def fragments_of(file: FileSegments, thread_name: str) -> AsyncGenerator[Fragment]:
    """The file's fragments; raises what reading raises. To be closed (`contextlib.aclosing`): the
    thread then ends at its next fragment."""
    stopping = threading.Event()
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Fragment | BaseException | None] = asyncio.Queue(_AHEAD)

    def hand_over(item: Fragment | BaseException | None) -> None:
        waiting = asyncio.run_coroutine_threadsafe(queue.put(item), loop)
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                waiting.result(_PATIENCE_S)
                return
        waiting.cancel()

    def read() -> None:
        try:
            for fragment in file.fragments():
                if stopping.is_set():
                    return
                hand_over(fragment)
            hand_over(None)
        except BaseException as error:
            hand_over(error)

    threading.Thread(target=read, name=thread_name, daemon=True).start()
    try:
        while (item := await queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopping.set()


async def marking_last(items: AsyncIterator[T]) -> AsyncIterator[tuple[T, bool]]:
    """Each item with whether it is the last one: one is held back, for only the end shows it."""
    held: list[T] = []
    async for item in items:
        for former in held:
            yield former, False
        held = [item]
    for final in held:
        yield final, True
