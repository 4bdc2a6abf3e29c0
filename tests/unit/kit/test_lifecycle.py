"""Promises of the parts that a process runs: order, clean ends, workers that outlive failures."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from payesh.kit.errors import DatabaseUnavailable
from payesh.kit.lifecycle import (
    Backoff,
    OnStop,
    Periodic,
    WakingWorker,
    migrations_folder,
    running,
)
from tests.support.waiting import eventually


class RecordedPart:
    """Appends "+name" when it starts and "-name" when it stops."""

    def __init__(
        self, name: str, calls: list[str], *, fails: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._name = name
        self._calls = calls
        self._fails = fails

    async def start(self) -> None:
        self._call("+")

    async def stop(self) -> None:
        self._call("-")

    def _call(self, sign: str) -> None:
        self._calls.append(sign + self._name)
        if self._fails(sign):
            raise RuntimeError(sign + self._name)


async def test_parts_start_in_order_and_stop_in_reverse_order() -> None:
    calls: list[str] = []
    async with running(*(RecordedPart(name, calls) for name in "abc")):
        assert calls == ["+a", "+b", "+c"]
    assert calls == ["+a", "+b", "+c", "-c", "-b", "-a"]


async def test_a_start_that_fails_stops_the_parts_that_had_started() -> None:
    calls: list[str] = []
    parts = [
        RecordedPart("a", calls),
        RecordedPart("b", calls),
        RecordedPart("c", calls, fails=lambda sign: sign == "+"),
        RecordedPart("d", calls),
    ]
    with pytest.raises(RuntimeError, match=r"^\+c$"):
        async with running(*parts):
            pytest.fail("the body ran")
    assert calls == ["+a", "+b", "+c", "-b", "-a"]


async def test_a_stop_that_fails_is_raised_after_the_other_parts_have_stopped() -> None:
    calls: list[str] = []
    parts = [
        RecordedPart("a", calls),
        RecordedPart("b", calls, fails=lambda sign: sign == "-"),
        RecordedPart("c", calls, fails=lambda sign: sign == "-"),
    ]
    with capture_logs() as lines, pytest.raises(RuntimeError):
        async with running(*parts):
            pass
    assert calls == ["+a", "+b", "+c", "-c", "-b", "-a"]
    own = [line["event"] for line in lines if line.get("part") == "RecordedPart"]
    assert own == ["part failed to stop"] * 2


async def test_an_error_of_the_body_stops_the_parts_too() -> None:
    calls: list[str] = []
    with pytest.raises(KeyError):
        async with running(RecordedPart("a", calls)):
            raise KeyError
    assert calls == ["+a", "-a"]


async def test_plain_and_coroutine_functions_close_on_stop() -> None:
    closed: list[str] = []

    async def close() -> None:
        closed.append("coroutine")

    async with running(OnStop(lambda: closed.append("plain")), OnStop(close)):
        assert closed == []
    assert closed == ["coroutine", "plain"]


def test_waits_double_up_to_the_longest_and_begin_again_after_a_success() -> None:
    backoff = Backoff(0.2, 1.0)
    assert [backoff.next_s() for _ in range(5)] == [0.2, 0.4, 0.8, 1.0, 1.0]
    backoff.reset()
    assert backoff.next_s() == 0.2
    assert Backoff(5.0, 2.0).next_s() == 2.0


async def test_a_worker_goes_on_while_there_is_more_and_then_waits_for_a_wake() -> None:
    waiting, done = [1, 2, 3], []

    async def work() -> bool:
        if waiting:
            done.append(waiting.pop(0))
        return bool(waiting)

    worker = WakingWorker("test", work, poll_s=60)
    async with running(worker):
        await eventually(lambda: done == [1, 2, 3])
        waiting.append(4)
        await asyncio.sleep(0.05)
        assert done == [1, 2, 3]
        worker.wake()
        await eventually(lambda: done == [1, 2, 3, 4])


async def test_a_wake_while_the_worker_looks_is_not_lost() -> None:
    looking, go_on = asyncio.Event(), asyncio.Event()
    looks = 0

    async def work() -> bool:
        nonlocal looks
        looks += 1
        looking.set()
        await go_on.wait()
        return False

    worker = WakingWorker("test", work, poll_s=60)
    async with running(worker):
        await looking.wait()
        worker.wake()  # what it announces was committed after the worker had looked
        go_on.set()
        await eventually(lambda: looks == 2)


async def test_a_wake_reaches_every_task() -> None:
    looks: list[str] = []

    async def work() -> bool:
        task = asyncio.current_task()
        assert task is not None
        looks.append(task.get_name())
        return False

    worker = WakingWorker("test", work, poll_s=60, concurrency=3)
    async with running(worker):
        await eventually(lambda: len(looks) == 3)
        worker.wake()
        await eventually(lambda: len(looks) == 6)
    assert sorted(looks[:3]) == sorted(looks[3:]) == ["test 0", "test 1", "test 2"]


async def test_a_worker_polls_without_a_wake() -> None:
    looks = 0

    async def work() -> bool:
        nonlocal looks
        looks += 1
        return False

    async with running(WakingWorker("test", work, poll_s=0.01)):
        await eventually(lambda: looks >= 3)


@pytest.mark.parametrize(
    ("error", "blocked_by"),
    [
        (DatabaseUnavailable(), "database"),
        (ValueError("a defect"), "test"),
        (asyncio.CancelledError(), "test"),
    ],
)
async def test_a_worker_outlives_a_failure_and_shows_it(
    error: BaseException, blocked_by: str
) -> None:
    failures: list[BaseException] = [error] * 3

    async def work() -> bool:
        if failures:
            raise failures.pop()
        return False

    worker = WakingWorker("test", work, poll_s=0.01, first_wait_s=0.05)
    with capture_logs() as lines:
        async with running(worker):
            await eventually(lambda: worker.blocked_by is not None)
            assert worker.blocked_by == blocked_by
            await eventually(lambda: worker.blocked_by is None)
    assert failures == []
    # A dependency that is away is logged once, a defect each time that it shows.
    expected = ["worker waits"] if blocked_by == "database" else ["worker failed"] * 3
    own = [line["event"] for line in lines if line.get("worker") == "test"]
    assert own == [*expected, "worker goes on"]


async def test_a_stop_ends_a_wait_after_a_failure() -> None:
    async def work() -> bool:
        raise DatabaseUnavailable

    worker = WakingWorker("test", work, poll_s=60, first_wait_s=60, longest_wait_s=60)
    async with asyncio.timeout(5):
        async with running(worker):
            await eventually(lambda: worker.blocked_by is not None)


async def test_a_stop_lets_the_call_in_hand_finish() -> None:
    began, finished = asyncio.Event(), False

    async def work() -> bool:
        nonlocal finished
        began.set()
        await asyncio.sleep(0.05)
        finished = True
        return True

    async with running(WakingWorker("test", work, poll_s=60)):
        await began.wait()
    assert finished


async def test_a_stop_cancels_a_call_that_takes_too_long() -> None:
    began = asyncio.Event()

    async def work() -> bool:
        began.set()
        await asyncio.sleep(60)
        return False

    async with asyncio.timeout(5):
        async with running(WakingWorker("test", work, poll_s=60, patience_s=0.02)):
            await began.wait()


async def test_a_stop_that_is_cancelled_leaves_no_task() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def work() -> bool:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return False

    def running() -> set[str]:
        """By name: the loop has the tasks of other tests' services too."""
        names = {task.get_name() for task in asyncio.all_tasks()}
        return names & {"leaves none 0", "leaves none 1"}

    worker = WakingWorker("leaves none", work, poll_s=60, concurrency=2)
    await worker.start()
    await began.wait()
    assert len(running()) == 2
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(worker.stop(), 0.02)
    async with asyncio.timeout(5):
        await ended.wait()
        await eventually(lambda: not running())


@pytest.mark.parametrize(("drain", "left"), [(True, 0), (False, 2)])
async def test_a_draining_worker_works_off_what_waits_before_it_ends(
    drain: bool, left: int
) -> None:
    waiting, began, go_on = [1, 2, 3], asyncio.Event(), asyncio.Event()

    async def work() -> bool:
        began.set()
        await go_on.wait()
        waiting.pop()
        return bool(waiting)

    worker = WakingWorker("test", work, poll_s=60, drain=drain)
    async with running(worker):
        await began.wait()
        asyncio.get_running_loop().call_later(0.02, go_on.set)
    assert len(waiting) == left


async def test_a_draining_worker_looks_once_more_after_the_stop() -> None:
    waiting: list[str] = []
    done: list[str] = []

    async def work() -> bool:
        done.extend(waiting)
        waiting.clear()
        return False

    async with running(WakingWorker("test", work, poll_s=60, drain=True)):
        await asyncio.sleep(0.02)
        waiting.append("added last")
    assert done == ["added last"]


async def test_a_pause_inside_the_work_ends_with_the_worker() -> None:
    began = asyncio.Event()

    async def work() -> bool:
        began.set()
        await worker.pause(60)
        assert worker.stopping
        return False

    worker = WakingWorker("test", work, poll_s=60)
    async with asyncio.timeout(5):
        async with running(worker):
            await began.wait()


async def test_a_worker_starts_again_after_a_stop() -> None:
    looks = 0

    async def work() -> bool:
        nonlocal looks
        looks += 1
        return False

    worker = WakingWorker("test", work, poll_s=60)
    async with running(worker):
        await eventually(lambda: looks == 1)
    async with running(worker):
        await eventually(lambda: looks > 1)


async def test_a_chore_is_called_at_the_start_and_regularly_though_it_fails() -> None:
    calls = 0

    async def chore() -> None:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise ValueError("fails every other time")

    chores = Periodic("test", 0.01, chore)
    async with running(chores):
        await eventually(lambda: calls >= 5)


async def test_a_chore_that_failed_is_tried_again_before_its_next_time() -> None:
    calls = 0

    async def chore() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise DatabaseUnavailable

    chores = Periodic("test", 3600, chore)
    async with running(chores):
        await eventually(lambda: calls == 2)
        await eventually(lambda: chores.blocked_by is None)


def test_migrations_lie_in_the_package_or_beside_the_source(tmp_path: Path) -> None:
    package = tmp_path / "services/x/src/payesh/x"
    package.mkdir(parents=True)
    module = str(package / "main.py")
    assert migrations_folder(module) == tmp_path / "services/x/migrations"
    (package / "migrations").mkdir()
    assert migrations_folder(module) == package / "migrations"
