"""Bytes of ours split where they should; a file is not to blame for the machine."""

import errno
import struct
from pathlib import Path

import av
import av.error
import pytest

from payesh.ingest.adapters.video_file import FileSegments
from payesh.ingest.domain.fragments import NotFragmented, split


def box(kind: bytes, size: int) -> bytes:
    return struct.pack(">I", size + 8) + kind + b"\0" * size


def test_init_and_fragments_are_separated_byte_for_byte() -> None:
    init = box(b"ftyp", 20) + box(b"moov", 700)
    fragments = [box(b"moof", 100) + box(b"mdat", 5000), box(b"moof", 90) + box(b"mdat", 1)]
    assert split(init + b"".join(fragments)) == (init, fragments)
    assert split(init) == (init, [])
    with pytest.raises(NotFragmented):
        split(init + fragments[0][:-1])


def test_a_machine_that_can_open_no_more_files_makes_no_upload_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise av.error.OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(av, "open", refused)
    with pytest.raises(OSError) as caught:
        next(FileSegments(tmp_path / "video", shortest_s=2).fragments())
    assert caught.value.errno == errno.EMFILE
