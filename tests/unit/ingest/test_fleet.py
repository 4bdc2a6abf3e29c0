"""Cameras go on being recorded through restarts, the database present or not."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from payesh.ingest.adapters import leases
from payesh.ingest.adapters.cameras import StoredCamera
from payesh.ingest.adapters.source_secrets import StoredSource
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import Assignment, SpoolRecord
from payesh.ingest.workers import fleet as fleet_worker
from payesh.ingest.workers.fleet import Fleet, FleetTimes
from payesh.ingest.workers.resuming import resumed_from_notes
from payesh.kit.database import Database
from tests.unit.ingest.builders import AT, CAMERA, PLACE, REVISION, assignment, segment


class Recording:
    """A recorder without a camera."""

    def __init__(self, known: Assignment) -> None:
        self.camera_id, self.token = known.camera_id, known.token
        self.last_link_sha256 = known.last_link_sha256

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
    await running._assign(assignment(token=8), [])
    assert running.recording == {CAMERA: 8}


async def test_a_segment_stored_while_its_camera_is_read_is_the_link_gone_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, 1000)
    spool.append(CAMERA, segment(1, link_sha256="b" * 64))
    source = StoredSource("rtsp://camera.test/", None, None)
    before = StoredCamera(
        CAMERA, "", PLACE, True, "rtsp", source, REVISION, AT, AT, AT, "a" * 64, None, 0
    )

    async def cameras_named(session: Any, camera_ids: set[str]) -> list[StoredCamera]:
        for item in spool.items(CAMERA):  # the drain, just after the row was read
            spool.remove(item)
        return [before]

    async def nothing(session: Any, *_: Any) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(fleet_worker, "cameras_named", cameras_named)
    for name in ("raised_conditions", "picture_sizes", "basic_allowed"):
        monkeypatch.setattr(fleet_worker, name, nothing)
    running = fleet(spool, Present())
    await running._follow({CAMERA: 2})
    (recorder,) = running._recorders.values()
    assert cast(Recording, recorder).last_link_sha256 == "b" * 64


def test_a_segment_stored_while_notes_are_read_is_the_link_gone_on_from(
    noted: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted.append(CAMERA, segment(1, link_sha256="b" * 64))
    read = noted.notes.last_stored

    def last_stored(camera_id: str) -> list[SpoolRecord]:
        records = list(read(camera_id))
        for item in noted.items(CAMERA):  # the drain, just after the notes were read
            noted.remove(item)
        return records

    monkeypatch.setattr(noted.notes, "last_stored", last_stored)
    assert resumed_from_notes(assignment(), noted).last_link_sha256 == "b" * 64
