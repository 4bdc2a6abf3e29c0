"""A still is judged once, at the door: what is kept there decodes in detect, with the same size."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest

from payesh.contracts.stills import NotAStill, StillHeader, read_still_header
from payesh.detect.adapters.stills import decode_still, size_of
from payesh.ingest.adapters.stills import DAMAGED, checked_still
from payesh.kit.errors import MessageFault

RED, BLUE = (30, 30, 200), (200, 30, 30)
WIDTH, HEIGHT = 640, 360


def picture(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray[Any, Any]:
    """Red on the left, blue on the right, noise between: colours and turns can be seen."""
    image = np.random.default_rng(3).integers(0, 255, (height, width, 3), dtype=np.uint8)
    image[:, : width * 3 // 7], image[:, width * 4 // 7 :] = RED, BLUE
    return image


def jpeg(image: np.ndarray[Any, Any] | None = None, *, progressive: bool = False) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return bytes(cv2.imencode(".jpg", picture() if image is None else image, options)[1])


def png(image: np.ndarray[Any, Any] | None = None) -> bytes:
    return bytes(cv2.imencode(".png", picture() if image is None else image)[1])


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def exif(orientation: int, order: str = ">") -> bytes:
    mark = b"MM\0*" if order == ">" else b"II*\0"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return mark + struct.pack(f"{order}IH", 8, 1) + entry + b"\0\0\0\0"


def with_segment(still: bytes, marker: int, body: bytes) -> bytes:
    return still[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body + still[2:]


def before_tables(still: bytes, inserted: bytes) -> bytes:
    at = still.index(b"\xff\xdb")
    return still[:at] + inserted + still[at:]


def frame_changed(still: bytes, *, marker: int = 0xC0, at: int = 0, to: bytes = b"") -> bytes:
    place = still.index(b"\xff\xc0")
    changed = bytearray(still)
    changed[place + 1] = marker
    changed[place + at : place + at + len(to)] = to
    return bytes(changed)


def kept(data: bytes) -> tuple[bytes, str | None, StillHeader]:
    """What the door does with a still. Raises NotAStill."""
    header = read_still_header(data)
    return *checked_still(data, header), header


def hole(still: bytes, length: int) -> bytes:
    half = len(still) // 2
    return still[:half] + b"\0" * length + still[half + length :]


KEPT = {
    "jpeg": jpeg(),
    "progressive": jpeg(progressive=True),
    "grey": jpeg(cv2.cvtColor(picture(), cv2.COLOR_BGR2GRAY)),
    "fill bytes": before_tables(jpeg(), b"\xff\xff\xff"),
    "TEM marker": before_tables(jpeg(), b"\xff\x01"),
    "text behind": jpeg() + b"\r\n<EventNotificationAlert/>\r\n--boundary--",
    "two joined": jpeg() + jpeg(picture(320, 180)),
    "thumbnail in APP1": with_segment(jpeg(), 0xE1, b"Exif\0\0" + jpeg(picture(160, 90))),
    "restart intervals": bytes(
        cv2.imencode(".jpg", picture(), [cv2.IMWRITE_JPEG_RST_INTERVAL, 4])[1]
    ),
    "png": png(),
    "16 bits": png(picture().astype(np.uint16) * 256),
    "alpha": png(np.dstack([picture(), np.zeros((HEIGHT, WIDTH), np.uint8)])),
}


@pytest.mark.parametrize("kind", KEPT)
def test_what_is_kept_is_kept_as_it_is_and_decodes(kind: str) -> None:
    data = KEPT[kind]
    image, warning, header = kept(data)
    assert (image, warning) == (data, None)
    decoded = decode_still(image)
    assert decoded.shape == (HEIGHT, WIDTH, 3)
    assert (header.width_px, header.height_px) == size_of(image) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("whole", "end"),
    [(jpeg(), 2), (jpeg(), 1), (jpeg(progressive=True), 2), (png(), 12), (png(), 5)],
    ids=["jpeg", "half a marker", "progressive", "png", "cut in the end chunk"],
)
def test_a_missing_end_marker_is_mended(whole: bytes, end: int) -> None:
    image, warning, _ = kept(whole[:-end])
    assert (image, warning) == (whole, None)
    assert np.array_equal(decode_still(whole[:-end]), decode_still(whole))


def scans(still: bytes) -> list[int]:
    found, at = [], still.find(b"\xff\xda")
    while at >= 0:
        found.append(at)
        at = still.find(b"\xff\xda", at + 2)
    return found


REFUSED = {
    "cut": (jpeg()[: len(jpeg()) * 6 // 10], "cut"),
    "cut late": (jpeg()[:-200], "cut"),
    "progressive, cut in a scan": (jpeg(progressive=True)[:-1500], "cut"),
    "progressive, without its last scans": (
        jpeg(progressive=True)[: scans(jpeg(progressive=True))[4]], "cut",
    ),
    "png, cut": (png()[: len(png()) // 2], "cut"),
    "png, damaged": (hole(png(), 20), "checksum"),
    "lossless": (frame_changed(jpeg(), marker=0xC3), "lossless"),
    "arithmetic": (frame_changed(jpeg(), marker=0xC9), "arithmetically"),
    "hierarchical": (frame_changed(jpeg(), marker=0xC5), "hierarchical"),
    "height after the picture": (frame_changed(jpeg(), at=5, to=b"\0\0"), "height"),
    "12 bits": (frame_changed(jpeg(), marker=0xC1, at=4, to=b"\x0c"), "12 bits"),
    "small": (jpeg(picture(15, 15)), "smaller than 16"),
    "gif": (b"GIF89a", "neither JPEG nor PNG"),
    "nothing": (b"", "neither JPEG nor PNG"),
    "signature alone": (b"\x89PNG\r\n\x1a\n", "no header"),
    "start alone": (b"\xff\xd8\xff", "no size"),
    "scan without a frame": (b"\xff\xd8\xff\xda\0\2", "no size"),
    "empty segments": (b"\xff\xd8\xff\xe0\0\0" * 9, "cut or its markers"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_decode_is_refused_in_words(kind: str) -> None:
    data, reason = REFUSED[kind]
    with pytest.raises(NotAStill, match=reason):
        kept(data)


def test_a_damaged_part_is_a_warning() -> None:
    image, warning, _ = kept(hole(jpeg(), 4000))
    assert warning == DAMAGED
    assert decode_still(image).shape == (HEIGHT, WIDTH, 3)


def test_a_cut_picture_that_was_given_an_end_is_a_warning_too() -> None:
    image, warning, _ = kept(jpeg()[: len(jpeg()) // 2] + b"\xff\xd9")
    assert warning == DAMAGED
    assert decode_still(image).shape == (HEIGHT, WIDTH, 3)


CORNERS = {  # which of the picture's sides the red one is, by EXIF
    1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom",
}  # fmt: skip


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", CORNERS)
@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_the_announced_size_is_that_of_the_upright_picture(
    kind: str, orientation: int, order: str
) -> None:
    directory = exif(orientation, order)
    if kind == "jpeg":
        data = with_segment(jpeg(), 0xE1, b"Exif\0\0" + directory)
    else:
        data = png()[:33] + chunk(b"eXIf", directory) + png()[33:]
    image, _, header = kept(data)
    decoded = decode_still(image)
    assert (header.width_px, header.height_px) == (decoded.shape[1], decoded.shape[0])
    assert (header.width_px > header.height_px) == (orientation < 5)
    half = {
        "left": decoded[:, :50],
        "right": decoded[:, -50:],
        "top": decoded[:50],
        "bottom": decoded[-50:],
    }
    red = half[CORNERS[orientation]].reshape(-1, 3).mean(axis=0)
    assert np.abs(red - RED).max() < 20


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_agrees_with_an_independent_decoder(orientation: int) -> None:
    data = with_segment(jpeg(), 0xE1, b"Exif\0\0" + exif(orientation))
    reference: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(decode_still(data), reference)


def test_the_size_is_known_before_a_pixel_is_unpacked() -> None:
    header = b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", 20_000, 10_000, 8, 2, 0, 0, 0)
    )
    assert read_still_header(header).pixels == 200_000_000
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, 1080, 1920, 3) + b"\1\x11\0" * 3
    read = read_still_header(b"\xff\xd8\xff\xe1" + struct.pack(">H", 10) + b"Exif\0\0\0\0" + frame)
    assert (read.width_px, read.height_px, read.media_type) == (1920, 1080, "image/jpeg")


def test_random_damage_is_refused_or_decodes() -> None:
    """What the door keeps never is a fault of the message later."""
    rng, whole = np.random.default_rng(11), [jpeg(), jpeg(progressive=True), png(picture(64, 48))]
    for number in range(150):
        data = bytearray(whole[number % 3])
        for at in rng.integers(2, len(data), 3):
            data[at] = rng.integers(0, 256)
        try:
            image, _, header = kept(bytes(data))
        except NotAStill:
            continue
        if header.pixels > 4 * WIDTH * HEIGHT:
            continue  # a changed size
        try:
            assert decode_still(image).shape[:2] == (header.height_px, header.width_px)
        except MessageFault as error:
            raise AssertionError(f"{number}: {error}") from error


def test_a_picture_of_many_pixels_is_checked_in_pieces() -> None:
    body = io.BytesIO()
    packed = zlib.compressobj(9)
    for _ in range(3000):
        body.write(packed.compress(b"\0" * 9001))
    body.write(packed.flush())
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 3000, 3000, 8, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", body.getvalue()) + chunk(b"IEND", b"")
    assert kept(data)[0] == data


def rows_of(filters: list[int], row_bytes: list[int], *, interlaced: bool) -> bytes:
    """A PNG of 20 by 19 pixels in true colour, each row with a filter."""
    rng = np.random.default_rng(4)
    rows = [bytes((f,)) + rng.bytes(n) for f, n in zip(filters, row_bytes, strict=True)]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 19, 8, 2, 0, 0, int(interlaced)))
    body = chunk(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


ROWS = {
    False: [60] * 19,
    # Pixels of a row of each pass (ISO/IEC 15948, 8.2), and how many rows of 19 it has.
    True: [3 * wide for wide, high in ((3, 3), (2, 3), (5, 2), (5, 5), (10, 5), (10, 10), (20, 9))
           for _ in range(high)],
}  # fmt: skip


@pytest.mark.parametrize("interlaced", [False, True])
def test_a_row_of_a_png_names_a_filter_that_there_is(interlaced: bool) -> None:
    sizes = ROWS[interlaced]
    sound = [number % 5 for number in range(len(sizes))]
    image, warning, _ = kept(rows_of(sound, sizes, interlaced=interlaced))
    assert warning is None and decode_still(image).shape == (19, 20, 3)
    with pytest.raises(NotAStill, match="cut"):
        kept(rows_of(sound[:-1], sizes[:-1], interlaced=interlaced))
    for row in (0, len(sizes) // 2, len(sizes) - 1):
        broken = [*sound[:row], 5, *sound[row + 1 :]]
        with pytest.raises(NotAStill, match="row"):
            kept(rows_of(broken, sizes, interlaced=interlaced))
