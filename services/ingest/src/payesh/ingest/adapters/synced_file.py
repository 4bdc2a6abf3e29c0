"""Files that are on the disk whole, or not at all, when the write returns."""

import contextlib
import os
from pathlib import Path

PART_SUFFIX = ".part"


def write_synced(path: Path, data: bytes, *, sync_folder: bool = True) -> None:
    """Write beside `path`, sync, rename into place. Raises OSError and then leaves no part behind.

    Without `sync_folder` the name becomes durable with that of the next file in the folder: names
    in one folder are journalled in order.
    """
    part = path.with_name(path.name + PART_SUFFIX)
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())
        part.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)  # on a full disk half a file is room that others lack
        raise
    if not sync_folder:
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
