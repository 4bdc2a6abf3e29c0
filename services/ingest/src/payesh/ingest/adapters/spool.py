"""A bounded spool on disk: what was recorded waits here until store, database and bus have it.

Layout: `<folder>/<camera>/<ordinal>.json` says what an item is, `<ordinal>.m4s` holds its media,
`<stream>.init` the init part that the stream's segments share. A `.json` is written last, synced
and renamed into place, so an item is there whole or not at all. Ordinals give the order per camera.
`*.bad` is what could not be stored or read, for a person; its media counts until it is removed.
"""

import contextlib
import errno
import fcntl
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

log = structlog.get_logger(__name__)

_ORDINAL = "[0-9]" * 12


class SpoolFull(Exception):
    """The limit is reached: recording stops, and the time lost is recorded as a gap."""


class SpoolInUse(Exception):
    """Another process drains this folder; two would reorder a camera's segments."""


@dataclass(frozen=True, slots=True)
class SpoolItem:
    """`kind` is `segment`, `gap` or `health`; `body` what to store and say."""

    camera_id: str
    ordinal: int
    kind: str
    body: dict[str, Any]
    media_path: Path | None


class Spool:
    """Safe for one writing thread a camera and one draining loop.

    `limit_bytes` bounds media; sidecars are small and always written, since a gap that cannot be
    noted would be a silent loss.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder = folder
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
        """Items that wait."""
        return self._items

    @property
    def has_room(self) -> bool:
        """After a refusal true again only well below the limit, so that recording does not
        flutter at it: every new start costs the time to the next keyframe. What the disk itself
        refused, only a write that succeeds can take back."""
        with self._lock:
            if self._refused and self._bytes <= max(0, self.limit_bytes * 0.9 - 2 * self._refused):
                self._refused = 0
            return not self._refused and not self._disk_refuses

    @property
    def disk_refuses(self) -> bool:
        """The last write failed: who waits for room has to try another."""
        return self._disk_refuses

    def cameras(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir())

    def append(
        self, camera_id: str, kind: str, body: dict[str, Any], media: bytes | None = None
    ) -> SpoolItem:
        """Keep an item durably. Raises SpoolFull, also when the disk itself is full."""
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
                _write_synced(media_path, media, sync_folder=False)
            record = json.dumps({"kind": kind, "body": body}).encode()
            _write_synced(sidecar_path, record)
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
        return SpoolItem(camera_id, ordinal, kind, body, media_path)

    def put_init(self, camera_id: str, stream_id: UUID, init: bytes) -> None:
        """Keep the init part of a stream. Raises SpoolFull when the disk is full."""
        try:
            _write_synced(self._init_path(camera_id, stream_id), init)
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

    def last(self, camera_id: str, kinds: frozenset[str]) -> SpoolItem | None:
        """The newest item of some kinds that still waits."""
        found = [item for item in self.items(camera_id) if item.kind in kinds]
        return found[-1] if found else None

    def remove(self, item: SpoolItem) -> None:
        """Forget a stored item. The media goes last: a sidecar never names what is not there.

        The sidecar stays as the note `last-<kind>`: who starts while the database is away knows
        from it where the chain stands.
        """
        folder = self.folder / item.camera_id
        (folder / f"{item.ordinal:012d}.json").replace(folder / f"last-{item.kind}.note")
        size = 0
        if item.media_path is not None and item.media_path.exists():
            size = item.media_path.stat().st_size
            item.media_path.unlink()
        with self._lock:
            self._bytes -= size
            self._items -= 1

    def forget_init(self, camera_id: str, stream_id: UUID) -> None:
        """Remove the init part of a stream that has ended and is stored."""
        self._init_path(camera_id, stream_id).unlink(missing_ok=True)

    def set_aside(self, item: SpoolItem) -> None:
        """Keep an item that cannot be stored for a person to look at, out of the way."""
        self._set_aside(self.folder / item.camera_id / f"{item.ordinal:012d}.json")

    def _set_aside(self, sidecar: Path) -> None:
        media = sidecar.with_suffix(".m4s")
        with contextlib.suppress(FileNotFoundError):
            media.rename(media.with_suffix(".m4s.bad"))
        try:
            sidecar.rename(sidecar.with_suffix(".json.bad"))
        except FileNotFoundError:  # another thread was faster
            return
        with self._lock:
            self._items -= 1

    def note(self, camera_id: str, name: str, document: dict[str, Any] | None) -> None:
        """Remember (or, with None, forget) a small document, such as an assignment."""
        path = self._camera_folder(camera_id) / f"{name}.note"
        if document is None:
            path.unlink(missing_ok=True)
        else:
            _write_synced(path, json.dumps(document).encode())

    def noted(self, camera_id: str, name: str) -> dict[str, Any] | None:
        path = self.folder / camera_id / f"{name}.note"
        try:
            document = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return None
        return document if isinstance(document, dict) else None

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
            record = json.loads(path.read_bytes())
            kind, body = record["kind"], dict(record["body"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            if isinstance(error, OSError) and error.errno != errno.EIO:
                raise
            log.error("unreadable item set aside", camera_id=camera_id, item=path.stem)
            self._set_aside(path)
            return None
        media = path.with_suffix(".m4s") if kind == "segment" else None
        return SpoolItem(camera_id, int(path.stem), kind, body, media)

    def _recover(self, camera_id: str) -> None:
        """Count what a former process left and remove what it had not finished."""
        folder = self.folder / camera_id
        for path in folder.glob("*.part"):
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
        # A stream does not outlive its process: init parts that no waiting segment needs are done.
        needed = {item.body.get("stream_id") for item in self.items(camera_id)}
        for path in folder.glob("*.init"):
            if path.stem not in needed:
                path.unlink()


def _write_synced(path: Path, data: bytes, *, sync_folder: bool = True) -> None:
    """Without `sync_folder` the name is durable with that of the next file: names in one folder
    are journalled in order."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())
        part.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)  # on a full disk half a file is what others lack
        raise
    if not sync_folder:
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
