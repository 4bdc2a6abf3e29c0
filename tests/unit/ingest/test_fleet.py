"""Cameras go on being recorded through restarts, the database present or not."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from payesh.ingest.adapters import leases
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import Assignment
from payesh.ingest.workers.fleet import Fleet, FleetTimes
from payesh.kit.database import Database
from tests.unit.ingest.builders import CAMERA, assignment


class Recording:
    """A recorder without a camera."""

    def __init__(self, known: Assignment) -> None:
        self.camera_id, self.token = known.camera_id, known.token

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def join(self, timeout: float) -> None: ...


class Present:
    """A database that accepts everything."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        yield


def fleet(spool: Spool, database: Any) -> Fleet:
    recorder: Any = Recording
    return Fleet(database, spool, "me", FleetTimes(3.0, 0.5), recorder)


@pytest.fixture
def noted(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path, 1000)
    spool.notes.keep_assignment(assignment(token=7))
    return spool


async def test_restarts_while_the_database_is_away_go_on_under_the_leases_held(
    noted: Spool,
) -> None:
    away = Database("postgresql+asyncpg://ingest:secret@nowhere.invalid/ingest")
    for _ in range(2):
        running = fleet(noted, away)
        await running.start()
        assert running.recording == {CAMERA: 7}
        await running.stop()
    await away.close()


async def test_a_lease_given_back_leaves_no_note_to_resume_from(
    noted: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []

    async def leave(session: Any, me: str) -> None:
        assert noted.notes.assignment(CAMERA)  # until that is committed the lease is held
        left.append(me)

    monkeypatch.setattr(leases, "leave", leave)
    running = fleet(noted, Present())
    await running._resume_from_notes()
    await running.stop()
    assert left == ["me"]
    assert noted.notes.assignment(CAMERA) is None


async def test_a_full_disk_keeps_no_camera_from_being_recorded(
    noted: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(noted.notes, "keep_assignment", full)
    running = fleet(noted, Present())
    await running._assign(assignment(token=8))
    assert running.recording == {CAMERA: 8}
