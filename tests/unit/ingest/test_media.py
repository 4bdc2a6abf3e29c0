"""Bytes from outside are judged by their headers; bytes of ours split where they should."""

import errno
import struct
from pathlib import Path

import av
import av.error
import pytest

from payesh.ingest.adapters.video_file import FileSegments
from payesh.ingest.domain.fragments import NotFragmented, split
from payesh.ingest.domain.image_header import NotAnImage, read_image_header


def box(kind: bytes, size: int) -> bytes:
    return struct.pack(">I", size + 8) + kind + b"\0" * size


def test_init_and_fragments_are_separated_byte_for_byte() -> None:
    init = box(b"ftyp", 20) + box(b"moov", 700)
    fragments = [box(b"moof", 100) + box(b"mdat", 5000), box(b"moof", 90) + box(b"mdat", 1)]
    assert split(init + b"".join(fragments)) == (init, fragments)
    assert split(init) == (init, [])
    with pytest.raises(NotFragmented):
        split(init + fragments[0][:-1])


def test_the_size_of_an_image_is_told_without_decoding_it() -> None:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(
        ">IIBBBBBI", 20000, 10000, 8, 2, 0, 0, 0, 0
    )
    assert read_image_header(png).pixels == 200_000_000
    exif = b"\xff\xe1" + struct.pack(">H", 10) + b"Exif\0\0\0\0"
    frame = b"\xff\xc2" + struct.pack(">HBHH", 17, 8, 1080, 1920) + b"\0" * 10
    header = read_image_header(b"\xff\xd8" + exif + frame)
    assert (header.width_px, header.height_px, header.media_type) == (1920, 1080, "image/jpeg")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xda\0\0",
        b"\xff\xd8\xff\xe0\0\0" * 9,
    ],
)
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(NotAnImage):
        read_image_header(data)


def test_a_machine_that_can_open_no_more_files_makes_no_upload_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise av.error.OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(av, "open", refused)
    with pytest.raises(OSError) as caught:
        next(FileSegments(tmp_path / "video", shortest_s=2).fragments())
    assert caught.value.errno == errno.EMFILE
