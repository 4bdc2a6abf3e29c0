"""A recorded stream in the object store, as ingest leaves it: init, fragments, revision, shots."""

import io
import struct
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from hashlib import sha256
from uuid import UUID, uuid4

import av
import numpy as np
from PIL import Image, ImageDraw

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import ObjectReference, SegmentLink
from payesh.kit.objects import ObjectStore
from payesh.local.street.plate_art import draw_plate
from tests.support.revision_builder import revision as revision_of
from tests.support.violation_builder import CAPTURED_AT, CERTIFICATE, chained

WIDTH, HEIGHT, FRAMES_PER_SECOND, SEGMENT_S = 640, 360, 25, 2


@dataclass
class RecordedEvidence:
    """References and bytes of one stream."""

    store: ObjectStore
    stream_id: UUID
    revision: ObjectReference
    init: bytes
    fragments: list[bytes]
    links: list[SegmentLink]
    shots: list[ObjectReference]
    others: dict[str, ObjectReference] = field(default_factory=dict)


async def recorded_elsewhere(
    recorded: RecordedEvidence, county: str, captured_at: datetime
) -> RecordedEvidence:
    """The same recording by a camera of another county, or at another time."""
    built = _revision(county)
    body = built.model_dump_json().encode()
    digest = sha256(body).hexdigest()
    kept = await recorded.store.put(
        "revisions", f"camera-1/{digest}/1.json", body, media_type="application/json"
    )
    first = recorded.links[0]
    links = chained(
        first.stream_id,
        first.init,
        [link.media for link in recorded.links],
        revision_sha256=digest,
        moved_by=captured_at - CAPTURED_AT,
    )
    return replace(recorded, revision=kept, links=links)


def _revision(county: str = "semnan") -> CameraRevision:
    return revision_of(
        certificate=CERTIFICATE,
        name="سمنان، بلوار امام رضا، کیلومتر 3",
        width_px=WIDTH,
        height_px=HEIGHT,
        county=county,
    )


async def record(
    store: ObjectStore, *, seconds: int = 8, plate: str = "12ب34567", rate: int = FRAMES_PER_SECOND
) -> RecordedEvidence:
    """Record `seconds` of a drawn road with one car on it. Segments are two seconds long."""
    stream_id = uuid4()
    built = _revision()
    revision_body = built.model_dump_json().encode()
    revision = await store.put(
        "revisions", f"camera-1/{stream_id}/1.json", revision_body, media_type="application/json"
    )
    init, fragments = encode(seconds, rate)
    folder = f"camera-1/{stream_id}"
    init_kept = await store.put("segments", f"{folder}/init.mp4", init, media_type="video/mp4")
    media = [
        await store.put(
            "segments", f"{folder}/{number:08d}.m4s", body, media_type="video/iso.segment"
        )
        for number, body in enumerate(fragments)
    ]
    links = chained(stream_id, init_kept, media, revision_sha256=sha256(revision_body).hexdigest())
    shots = [
        await store.put("shots", f"{folder}/{n}.jpg", _shot(plate, n), media_type="image/jpeg")
        for n in range(3)
    ]
    return RecordedEvidence(store, stream_id, revision, init, fragments, links, shots)


def encode(seconds: int, rate: int = FRAMES_PER_SECOND) -> tuple[bytes, list[bytes]]:
    """H.264 in fragmented MP4, `rate` frames a second: the init part and one fragment a
    keyframe."""
    buffer = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(buffer, "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, 12800)
        stream.options = {"preset": "ultrafast", "g": str(rate * SEGMENT_S), "bf": "0"}
        road = _road()
        for number in range(seconds * rate):
            picture = road.copy()
            _draw_car(picture, (number % 100) / 100)
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV's
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return _split(buffer.getvalue())


def _split(body: bytes) -> tuple[bytes, list[bytes]]:
    init, fragments, offset = b"", [], 0
    while offset < len(body):
        size, kind = struct.unpack_from(">I4s", body, offset)
        box = body[offset : offset + size]
        if kind in (b"ftyp", b"moov"):
            init += box
        elif kind == b"moof":
            fragments.append(box)
        elif kind == b"mdat":
            fragments[-1] += box
        offset += size
    return init, fragments


def _road() -> Image.Image:
    picture = Image.new("RGB", (WIDTH, HEIGHT), (168, 186, 196))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 120, WIDTH, HEIGHT), fill=(146, 132, 104))
    draw.polygon([(290, 120), (350, 120), (600, 360), (40, 360)], fill=(74, 76, 78))
    for step in range(8):
        near, far = 120 + 240 * (step / 8) ** 2, 120 + 240 * ((step + 0.5) / 8) ** 2
        draw.line((320, near, 320, far), fill=(230, 230, 220), width=1 + step)
    return picture


def _draw_car(picture: Image.Image, position: float) -> None:
    depth = position**2
    y, width = 130 + 190 * depth, 18 + 130 * depth
    x = 335 + 60 * depth
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((x, y - width * 0.6, x + width, y), width * 0.12, fill=(150, 40, 36))
    draw.rectangle(
        (x + width * 0.14, y - width * 0.54, x + width * 0.86, y - width * 0.3), fill=(40, 52, 60)
    )
    draw.rectangle(
        (x + width * 0.3, y - width * 0.2, x + width * 0.7, y - width * 0.1), fill=(240, 240, 235)
    )


def _shot(plate: str, number: int) -> bytes:
    scale = 1.0 - 0.12 * number
    width = int(320 * scale)
    picture = Image.new("RGB", (width, int(240 * scale)), (74, 76, 78))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((6, 20 * scale, width - 6, 225 * scale), 26, fill=(150, 40, 36))
    draw.rounded_rectangle(
        (40 * scale, 34 * scale, width - 40 * scale, 100 * scale), 12, fill=(40, 52, 60)
    )
    art = Image.fromarray(np.asarray(draw_plate(plate, height_px=int(34 * scale))))
    picture.paste(art, ((width - art.width) // 2, int(150 * scale)))
    body = io.BytesIO()
    picture.save(body, "JPEG", quality=88)
    return body.getvalue()
