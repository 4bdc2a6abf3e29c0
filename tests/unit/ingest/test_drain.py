"""A good item waits for what it needs; a broken one leaves a gap before it is set aside."""

import asyncio
import errno
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from payesh.contracts.vocabulary import HealthCondition
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import GapRecord
from payesh.ingest.handlers import health as health_handlers
from payesh.ingest.workers.drain import Drain
from payesh.kit.objects import ObjectStore
from tests.support.waiting import eventually
from tests.unit.ingest.builders import CAMERA, health, segment
from tests.unit.ingest.disk import Disk


class OutOfFiles:
    """Stands where database and sockets do, on a machine without a free descriptor for a while."""

    def __init__(self, failures: float) -> None:
        self.failures = failures

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        yield


@asynccontextmanager
async def draining(spool: Spool, database: Any) -> AsyncIterator[Drain]:
    drain = Drain(spool, cast(ObjectStore, None), database, concurrency=1)
    await drain.start()
    try:
        yield drain
    finally:
        await drain.stop()


async def test_a_fault_of_the_machine_sets_nothing_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[str] = []

    async def change_health(session: Any, event: Any) -> bool:
        stored.append(event.condition)
        return False

    monkeypatch.setattr(health_handlers, "change_health", change_health)
    spool = Spool(tmp_path, 1000)
    async with draining(spool, OutOfFiles(3)) as drain:
        # From another thread, as recorders call it.
        await asyncio.to_thread(spool.append, CAMERA, health(HealthCondition.BLACK))
        await asyncio.to_thread(drain.on_spooled, CAMERA)
        await eventually(lambda: drain.blocked_by == "machine")
        await eventually(lambda: spool.depth == 0)
        assert drain.blocked_by is None
    assert stored == ["black"]
    assert not list(tmp_path.glob("*/*.bad"))


def of_another_version(sidecar: Path) -> None:
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_bytes()), "version": 2}))


def without_its_link(sidecar: Path) -> None:
    document = json.loads(sidecar.read_bytes())
    del document["body"]["link_sha256"]
    sidecar.write_text(json.dumps(document))


@pytest.mark.parametrize("damage", [of_another_version, without_its_link])
async def test_an_unusable_segment_is_set_aside_only_when_its_gap_is_kept(
    tmp_path: Path, disk: Disk, damage: Any
) -> None:
    spool = Spool(tmp_path, 1000)
    record = segment(4)
    spool.append(CAMERA, record, b"x")
    sidecar = tmp_path / CAMERA / "000000000000.json"
    damage(sidecar)
    disk.full = True
    async with draining(spool, OutOfFiles(float("inf"))) as drain:
        await eventually(lambda: disk.refusals >= 2)
        assert sidecar.exists()
        disk.full = False
        # The gap waits for the machine; what was set aside waits for an operator.
        await eventually(lambda: drain.blocked_by == "machine")
    (waiting,) = spool.items(CAMERA)
    assert waiting.record == record.lost()
    assert isinstance(waiting.record, GapRecord)
    assert (waiting.record.reason, waiting.record.last_sequence) == ("corrupt", 3)
    assert {path.name for path in (tmp_path / CAMERA).glob("000000000000.*")} == {
        "000000000000.json.bad", "000000000000.m4s.bad", "000000000000.reason",
    }  # fmt: skip
