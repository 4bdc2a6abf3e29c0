"""A good item waits for whatever it needs; a broken one is told of before it is set aside."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from payesh.ingest.adapters.spool import Spool, SpoolFull
from payesh.ingest.workers import drain as drain_module
from payesh.ingest.workers.drain import Drain
from payesh.kit.objects import ObjectStore
from tests.unit.ingest.assignment_builder import CAMERA, PLACE
from tests.unit.ingest.disk import Disk

AT = "2026-01-01T10:00:00+00:00"


class OutOfFiles:
    """Stands where database and sockets do, on a machine without a free descriptor for a while."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        yield


def drain_of(spool: Spool, database: Any) -> Drain:
    return Drain(spool, cast(ObjectStore, None), database, concurrency=1)


async def test_a_fault_of_the_machine_sets_nothing_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[str] = []

    async def change_health(session: Any, event: Any) -> bool:
        stored.append(event.condition)
        return False

    monkeypatch.setattr(drain_module, "change_health", change_health)
    spool = Spool(tmp_path, 1000)
    change = {"condition": "black", "raised": True, "changed_at": AT, "value": 1, "threshold": 12}
    spool.append(CAMERA, "health", {**change, **PLACE.fields()})
    await drain_of(spool, OutOfFiles(3))._pass(CAMERA)
    assert stored == ["black"]
    assert not list(tmp_path.glob("*/*.bad"))


async def test_a_broken_segment_is_set_aside_only_when_its_gap_is_kept(
    tmp_path: Path, disk: Disk
) -> None:
    spool = Spool(tmp_path, 1000)
    body = {"stream_id": str(uuid4()), "sequence": 4, "captured_at": AT, "ended_at": AT}
    item = spool.append(CAMERA, "segment", {**body, **PLACE.fields()}, b"x")
    drain = drain_of(spool, OutOfFiles(0))
    disk.full = True
    with pytest.raises(SpoolFull):
        await drain._give_up(item)
    assert [waiting.kind for waiting in spool.items(CAMERA)] == ["segment"]
    disk.full = False
    await drain._give_up(item)
    (gap,) = spool.items(CAMERA)
    await drain.stop(0)
    assert (gap.kind, gap.body["reason"], gap.body["last_sequence"]) == ("gap", "corrupt", 3)
