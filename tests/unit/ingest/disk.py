"""The spool's disk, which a test may fill."""

import errno
from pathlib import Path
from typing import Any

import pytest

from payesh.ingest.adapters import spool as spool_module
from payesh.ingest.adapters import spool_notes as notes_module
from payesh.ingest.adapters.synced_file import write_synced


class Disk:
    """Refuses what is written to the spool while `full`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.refusals = 0
        for module in (spool_module, notes_module):
            monkeypatch.setattr(module, "write_synced", self._written)

    def _written(self, path: Path, data: bytes, **options: Any) -> None:
        if self.full:
            self.refusals += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        write_synced(path, data, **options)
