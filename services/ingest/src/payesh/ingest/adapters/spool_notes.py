"""Notes in the spool: what a process that starts while the database is away needs to record.

`<folder>/<camera>/assignment.note` is the lease held and all that goes with it;
`last-<kind>.note` is the last stored record of a kind, which shows where the chain stands.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import structlog

from payesh.ingest.adapters.spool_records import (
    Assignment,
    SpoolRecord,
    UnreadableRecord,
    UnusableRecord,
    read_assignment,
    read_spooled,
)
from payesh.ingest.adapters.synced_file import write_synced

log = structlog.get_logger(__name__)


def last_stored_path(camera_folder: Path, kind: str) -> Path:
    return camera_folder / f"last-{kind}.note"


class SpoolNotes:
    """The notes in a spool's folder, a camera at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep_assignment(self, assignment: Assignment) -> None:
        """Raises OSError, as on a full disk."""
        path = self._assignment_path(assignment.camera_id)
        path.parent.mkdir(exist_ok=True)
        write_synced(path, assignment.to_bytes())

    def forget_assignment(self, camera_id: str) -> None:
        self._assignment_path(camera_id).unlink(missing_ok=True)

    def assignment(self, camera_id: str) -> Assignment | None:
        """None when there is no note, or none that this version reads: that is kept as `*.bad`."""
        path = self._assignment_path(camera_id)
        try:
            return read_assignment(path.read_bytes())
        except OSError:
            return None
        except UnreadableRecord as error:
            log.error("assignment set aside", camera_id=camera_id, reason=str(error))
            with contextlib.suppress(OSError):
                path.rename(path.with_name(path.name + ".bad"))
            return None

    def last_stored(self, camera_id: str) -> Iterator[SpoolRecord]:
        """The last stored record of each kind; one that cannot be read is left out."""
        for path in sorted((self._folder / camera_id).glob("last-*.note")):
            try:
                record = read_spooled(path.read_bytes())
                if isinstance(record, UnusableRecord):
                    raise UnreadableRecord(record.reason)
            except (OSError, UnreadableRecord) as error:
                log.warning("note not read", camera_id=camera_id, note=path.name, reason=str(error))
            else:
                yield record

    def _assignment_path(self, camera_id: str) -> Path:
        return self._folder / camera_id / "assignment.note"
