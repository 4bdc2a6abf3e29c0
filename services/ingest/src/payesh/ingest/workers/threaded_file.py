"""A video file read in a thread of its own, no faster than its fragments are taken."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable

from payesh.ingest.adapters.video_file import FileFragment, FileSegments

_AHEAD = 2
_PATIENCE_S = 0.5
_RENEW_S = 5.0


async def survey(file: FileSegments, still_ours: Callable[[], Awaitable[None]]) -> None:
    """Survey the file; `still_ours` is awaited now and then, and may raise to end it."""
    stopping = threading.Event()
    reading = asyncio.ensure_future(asyncio.to_thread(file.survey, stopping.is_set))
    try:
        while not (await asyncio.wait({reading}, timeout=_RENEW_S))[0]:
            await still_ours()
        reading.result()
    finally:
        stopping.set()


async def fragments_of(file: FileSegments, thread_name: str) -> AsyncGenerator[FileFragment]:
    """The file's fragments; raises what reading raises. To be closed (`contextlib.aclosing`): the
    thread then ends at its next fragment."""
    stopping = threading.Event()
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[FileFragment | BaseException | None] = asyncio.Queue(_AHEAD)

    def hand_over(item: FileFragment | BaseException | None) -> None:
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
