"""What is published of a camera's picture stays true through restarts and full disks."""

from pathlib import Path

import numpy as np
import pytest

from payesh.contracts.vocabulary import HealthCondition
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import HealthRecord
from payesh.ingest.domain.picture_health import Luma
from payesh.ingest.workers import inspection as inspection_module
from payesh.ingest.workers.inspection import Inspection
from payesh.ingest.workers.resuming import resumed, waiting
from tests.unit.ingest.builders import CAMERA, PLACE, assignment, health
from tests.unit.ingest.disk import Disk

BLACK: Luma = np.zeros((180, 320), np.float32)


def scene(number: int) -> Luma:
    return np.random.default_rng(number).uniform(40, 220, (180, 320)).astype(np.float32)


class Looking:
    """An inspection that is shown pictures one by one."""

    def __init__(self, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inspection = Inspection(spool, lambda camera_id: None)
        self._spool = spool
        self._shown: Luma = BLACK
        monkeypatch.setattr(inspection_module, "first_luma", lambda init, media: self._shown)

    def at(self, *pictures: Luma) -> None:
        for self._shown in pictures:
            self.inspection.offer(CAMERA, PLACE, b"", b"")
            self.inspection._pool.submit(lambda: None).result()

    def changes(self) -> list[tuple[str, bool]]:
        records = [item.record for item in self._spool.items(CAMERA)]
        return [(each.condition, each.raised) for each in records if isinstance(each, HealthRecord)]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path, 1000)


@pytest.fixture
def looking(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> Looking:
    return Looking(spool, monkeypatch)


def test_a_condition_that_ended_unobserved_is_cleared(looking: Looking) -> None:
    looking.inspection.follow(CAMERA, frozenset({"black", "offline"}))
    looking.at(*map(scene, range(4)))
    assert looking.changes() == [("black", False)]


def test_a_condition_that_lasts_is_not_raised_anew(looking: Looking) -> None:
    looking.inspection.follow(CAMERA, frozenset({"black"}))
    looking.at(*(BLACK + number for number in range(4)))
    assert looking.changes() == []


def test_a_change_that_a_full_disk_refused_is_recorded_later(looking: Looking, disk: Disk) -> None:
    looking.inspection.follow(CAMERA, frozenset())
    disk.full = True
    looking.at(*(BLACK + number for number in range(3)))
    assert disk.refusals
    disk.full = False
    looking.at(*(BLACK + number for number in range(3)))
    assert looking.changes() == [("black", True)]


def test_a_recorder_starts_from_conditions_that_still_wait_too(spool: Spool) -> None:
    spool.append(CAMERA, health(HealthCondition.BLACK))
    spool.append(CAMERA, health(HealthCondition.OFFLINE))
    spool.append(CAMERA, health(HealthCondition.OFFLINE, raised=False))
    known = resumed(assignment(raised=frozenset({"frozen", "offline"})), waiting(spool, CAMERA))
    assert known.raised == {"black", "frozen"}
