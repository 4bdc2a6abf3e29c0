"""A bounded spool on disk: recordings wait here until store, database and bus have them.

Layout: `<folder>/<camera>/<ordinal>.json` is an item's record (`spool_records`), `<ordinal>.m4s`
its media, `<stream>.init` the init part that the stream's segments share. A `.json` is written
last, synced and renamed into place, so an item is there whole or not at all. Ordinals give the
order per camera. `*.bad` could not be stored or read and waits for an operator, its reason in
`<ordinal>.reason`; its media counts against the limit until it is removed. `*.note` are notes
(`spool_notes`).
"""

import contextlib
import errno
import fcntl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from payesh.ingest import metrics
from payesh.ingest.adapters.spool_notes import SpoolNotes, last_stored_path
from payesh.ingest.adapters.spool_records import (
    SegmentRecord,
    SpoolRecord,
    UnreadableRecord,
    UnusableRecord,
    read_spooled,
)
from payesh.ingest.adapters.synced_file import PART_SUFFIX, write_synced

log = structlog.get_logger(__name__)

_ORDINAL = "[0-9]" * 12


class SpoolFull(Exception):
    """The limit is reached, or the disk is full: recording stops, and a gap records the time."""


class SpoolInUse(Exception):
    """Another process uses the folder; two would reorder a camera's segments."""


@dataclass(frozen=True, slots=True)
class SpoolItem:
    """A record that waits; `media_path` is a segment's."""

    camera_id: str
    ordinal: int
    record: SpoolRecord | UnusableRecord
    media_path: Path | None


class Spool:
    """Safe for one writing thread a camera and one draining loop.

    `limit_bytes` bounds media; sidecars are small and always written, since a gap that cannot be
    noted would be a silent loss.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder = folder
        self.notes = SpoolNotes(folder)
        self.limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._next: dict[str, int] = {}
        self._bytes = 0
        self._items = 0
        self._refused = 0
        self._disk_refuses = False
        folder.mkdir(parents=True, exist_ok=True)
        self._held = (folder / "lock").open("a+")
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._held.close()
            raise SpoolInUse(f"another process uses the spool {folder}") from error
        # Working copies of uploads, whose process was killed: each may be as large as an upload.
        for path in folder.glob("recording-*"):
            if path.is_file():
                path.unlink()
        for camera in self.cameras():
            self._recover(camera)

    def close(self) -> None:
        self._held.close()

    @property
    def used_bytes(self) -> int:
        return self._bytes

    @property
    def depth(self) -> int:
        """How many items wait."""
        return self._items

    @property
    def has_room(self) -> bool:
        """After a refusal true again only well below the limit, so that recording does not
        stop and start at it: every start costs the time to the next keyframe. After a refusal by
        the disk itself only a write that succeeds makes it true."""
        with self._lock:
            if self._refused and self._bytes <= max(0, self.limit_bytes * 0.9 - 2 * self._refused):
                self._refused = 0
            return not self._refused and not self._disk_refuses

    @property
    def disk_refuses(self) -> bool:
        """Whether the last write failed; only another write can show that there is room again."""
        return self._disk_refuses

    def cameras(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir())

    def append(self, camera_id: str, record: SpoolRecord, media: bytes | None = None) -> SpoolItem:
        """Keep a record durably. Raises SpoolFull, also when the disk itself is full."""
        folder = self.folder / camera_id
        size = len(media) if media is not None else 0
        with self._lock:
            if size and self._bytes + size > self.limit_bytes:
                self._refused = size
                raise SpoolFull(f"{self._bytes} of {self.limit_bytes} bytes are in use")
            ordinal = self._next.get(camera_id, 0)
            self._next[camera_id] = ordinal + 1
            self._bytes += size
        media_path = folder / f"{ordinal:012d}.m4s" if media is not None else None
        sidecar_path = folder / f"{ordinal:012d}.json"
        try:
            folder.mkdir(exist_ok=True)
            if media is not None and media_path is not None:
                write_synced(media_path, media, sync_folder=False)
            write_synced(sidecar_path, record.to_bytes())
        except OSError as error:
            for path in (sidecar_path, media_path):  # a sidecar never names what is not there
                if path is not None:
                    with contextlib.suppress(OSError):
                        path.unlink(missing_ok=True)
            with self._lock:
                self._bytes -= size
                self._disk_refuses = True
            raise SpoolFull(f"the disk refused an item: {error.strerror}") from error
        with self._lock:
            self._items += 1
            self._disk_refuses = False
        return SpoolItem(camera_id, ordinal, record, media_path)

    def put_init(self, camera_id: str, stream_id: UUID, init: bytes) -> None:
        """Keep the init part of a stream. Raises SpoolFull when the disk is full."""
        try:
            write_synced(self._init_path(camera_id, stream_id), init)
        except OSError as error:
            self._disk_refuses = True
            raise SpoolFull(f"the disk refused an init part: {error.strerror}") from error

    def init(self, camera_id: str, stream_id: UUID) -> bytes:
        return self._init_path(camera_id, stream_id).read_bytes()

    def items(self, camera_id: str) -> Iterator[SpoolItem]:
        """What waits for one camera, oldest first."""
        folder = self.folder / camera_id
        if not folder.is_dir():
            return
        for path in sorted(folder.glob(f"{_ORDINAL}.json")):
            item = self._read(camera_id, path)
            if item is not None:
                yield item

    def remove(self, item: SpoolItem) -> None:
        """Forget a stored item. The media goes last: a sidecar never names what is not there.

        The sidecar stays as the note of the last stored record.
        """
        folder = self.folder / item.camera_id
        sidecar = folder / f"{item.ordinal:012d}.json"
        sidecar.replace(last_stored_path(folder, item.record.kind))
        size = 0
        if item.media_path is not None and item.media_path.exists():
            size = item.media_path.stat().st_size
            item.media_path.unlink()
        with self._lock:
            self._bytes -= size
            self._items -= 1

    def forget_init(self, camera_id: str, stream_id: UUID) -> None:
        """Remove the init part of a stream that has ended and is stored, unless media is set aside
        that may need it."""
        if any((self.folder / camera_id).glob("*.m4s.bad")):
            return
        self._init_path(camera_id, stream_id).unlink(missing_ok=True)

    def set_aside(self, item: SpoolItem, reason: str) -> None:
        """Keep an item that cannot be stored for an operator, out of the way of the others."""
        self._set_aside(self.folder / item.camera_id / f"{item.ordinal:012d}.json", reason)

    def _set_aside(self, sidecar: Path, reason: str) -> None:
        log.error("item set aside", camera_id=sidecar.parent.name, item=sidecar.stem, reason=reason)
        with contextlib.suppress(OSError):  # the log has it too
            sidecar.with_suffix(".reason").write_text(reason + "\n", encoding="utf-8")
        media = sidecar.with_suffix(".m4s")
        with contextlib.suppress(FileNotFoundError):
            media.rename(media.with_suffix(".m4s.bad"))
        try:
            sidecar.rename(sidecar.with_suffix(".json.bad"))
        except FileNotFoundError:  # another thread was faster
            return
        metrics.set_aside.inc()
        with self._lock:
            self._items -= 1

    def _camera_folder(self, camera_id: str) -> Path:
        folder = self.folder / camera_id
        folder.mkdir(exist_ok=True)
        return folder

    def _init_path(self, camera_id: str, stream_id: UUID) -> Path:
        return self._camera_folder(camera_id) / f"{stream_id}.init"

    def _read(self, camera_id: str, path: Path) -> SpoolItem | None:
        """None when it is gone, or cannot be read and was set aside: a disk that lost power may
        give back a file of zeros, and one such item must not hold up all that wait behind it."""
        try:
            record = read_spooled(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, UnreadableRecord) as error:
            if isinstance(error, OSError) and error.errno != errno.EIO:
                raise
            self._set_aside(path, str(error))
            return None
        media = path.with_suffix(".m4s") if isinstance(record, SegmentRecord) else None
        return SpoolItem(camera_id, int(path.stem), record, media)

    def _recover(self, camera_id: str) -> None:
        """Count what a former process left and remove what it had not finished."""
        folder = self.folder / camera_id
        for path in folder.glob(f"*{PART_SUFFIX}"):
            path.unlink()
        highest = -1
        for path in folder.glob(f"{_ORDINAL}.*"):
            highest = max(highest, int(path.name[: path.name.index(".")]))
            kind = path.name[path.name.index(".") :]
            if kind == ".json":
                self._items += 1
            elif kind == ".m4s" and not path.with_suffix(".json").exists():
                path.unlink()
            elif kind in (".m4s", ".m4s.bad"):
                self._bytes += path.stat().st_size
        self._next[camera_id] = highest + 1
        self._forget_needless_inits(camera_id)

    def _forget_needless_inits(self, camera_id: str) -> None:
        """A stream does not outlive its process: init parts that no waiting segment needs are done.
        While anything is set aside all stay, for its media is of no use without them."""
        folder, needed = self.folder / camera_id, set()
        for item in self.items(camera_id):
            if isinstance(item.record, UnusableRecord):
                return
            if isinstance(item.record, SegmentRecord):
                needed.add(str(item.record.stream_id))
        if any(folder.glob("*.m4s.bad")):
            return
        for path in folder.glob("*.init"):
            if path.stem not in needed:
                path.unlink()
