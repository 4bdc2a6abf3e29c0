"""Uploads of files and stills: a repeated one is kept once, a broken one gets its reason."""

import asyncio
import hashlib
import io
import json
import struct
import tempfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import cv2
import httpx
import numpy as np
import pytest
from sqlalchemy import select, update

from payesh.contracts import CameraHealthChanged, GapRecorded, SegmentStored, SnapshotStored
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.ingest import PictureSize
from payesh.contracts.values import ObjectReference, RevisionReference
from payesh.ingest.adapters import recordings as recording_rows
from payesh.ingest.adapters.cameras import insert_camera, insert_revision
from payesh.ingest.adapters.segments import segments_between
from payesh.ingest.adapters.tables import recordings as recordings_table
from payesh.ingest.main import MIGRATIONS
from payesh.ingest.workers import recordings as recordings_worker
from payesh.ingest.workers.recordings import Recordings
from payesh.kit.database import Database
from payesh.kit.migrations import run_migrations
from tests.support.encoded_video import encode, moved, remux

CERTIFICATE = {
    "number": "C-1",
    "issued_by": "سازمان استاندارد",
    "valid_from": "2020-01-01T00:00:00Z",
    "valid_to": "2099-01-01T00:00:00Z",
}


def jpeg(shade: int, width_px: int = 320, height_px: int = 180) -> bytes:
    picture = np.full((height_px, width_px, 3), shade, dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", picture)[1])


def noise_jpeg() -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (180, 320, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", noise)[1])


def png_header(width_px: int, height_px: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + body + struct.pack(">I", zlib.crc32(body))


async def post_still(
    replica: Any, camera_id: str, image: bytes, at: datetime, key: str | None = None, **data: str
) -> httpx.Response:
    answer: httpx.Response = await replica.call(
        "POST",
        f"/{camera_id}/snapshots",
        files={"image": ("still", image, "image/jpeg")},
        data={"captured_at": at.isoformat(), "clock_u95_ms": "50", **data},
        headers={"Idempotency-Key": key} if key else {},
    )
    return answer


async def test_a_still_sent_twice_is_one_event_and_its_series_has_no_hole(
    stack: Any, replica: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    camera_id = await replica.create_camera(None, source_kind="snapshots")
    at = datetime.now(UTC)
    answers = await asyncio.gather(
        *(
            post_still(replica, camera_id, jpeg(shade), at + timedelta(seconds=shade))
            for shade in (0, 1, 2, 3, 4, 0, 1, 2, 3, 4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201] * 5
    again = await post_still(replica, camera_id, jpeg(9), at, key="k")
    assert (await post_still(replica, camera_id, jpeg(9), at, key="k")).json() == again.json()
    other = await post_still(replica, camera_id, jpeg(10), at, key="k")
    assert other.status_code == 409
    await eventually(lambda: len(stack.events(SnapshotStored, camera_id)) == 6)
    await asyncio.sleep(0.5)
    events = stack.events(SnapshotStored, camera_id)
    assert [event.sequence for event in events] == list(range(6))
    assert len({event.stream_id for event in events}) == 1
    for former, event in pairwise(events):
        assert event.previous_link_sha256 == former.link_sha256
    image = await stack.objects.get(events[-1].image)
    assert hashlib.sha256(image).digest() == hashlib.sha256(jpeg(9)).digest()


async def test_a_still_of_another_size_than_the_revision_is_for_is_known(
    stack: Any, replica: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    camera_id = await replica.create_camera(
        None, source_kind="snapshots", width_px=64, height_px=48
    )

    async def conditions() -> list[tuple[Any, ...]]:
        answer = await replica.call("GET", f"/{camera_id}/health")
        return [
            (each["condition"], each["raised"], each["found_px"], each["expected_px"])
            for each in answer.json()["conditions"]
        ]

    expected = {"width_px": 64, "height_px": 48}
    right, wrong = jpeg(1, 64, 48), jpeg(1, 48, 64)
    at = datetime.now(UTC)
    for ordinal, image in enumerate((right, wrong, wrong)):
        answer = await post_still(replica, camera_id, image, at + timedelta(seconds=ordinal))
        assert answer.status_code == 201, answer.text
    found = {"width_px": 48, "height_px": 64}
    assert await conditions() == [("picture_size", True, found, expected)]
    await post_still(replica, camera_id, right, at + timedelta(seconds=3))
    assert await conditions() == [("picture_size", False, None, None)]
    await eventually(lambda: len(stack.events(CameraHealthChanged, camera_id)) == 2)


async def test_a_bomb_a_text_a_late_value_and_a_foreign_certificate_are_refused(
    stack: Any, replica: Any
) -> None:
    camera_id = await replica.create_camera(None, certificate=CERTIFICATE)
    now = datetime.now(UTC)
    bomb = await post_still(replica, camera_id, png_header(20_000, 10_000), now)
    assert (bomb.status_code, bomb.json()["type"]) == (
        413,
        "urn:payesh:problem:image-too-large",
    )
    text = await post_still(replica, camera_id, b"no image at all", now)
    assert (text.status_code, text.json()["type"]) == (422, "urn:payesh:problem:bad-image")
    heavy = await post_still(replica, camera_id, b"\xff" * (21 * 1024 * 1024), now)
    assert heavy.status_code == 413
    early = await post_still(replica, camera_id, jpeg(1), now + timedelta(hours=1))
    assert early.status_code == 422
    measured = {
        "speed_kmh": 97.0,
        "speed_u95_kmh": 1.0,
        "measured_at": (now - timedelta(milliseconds=560)).isoformat().replace("+00:00", "Z"),
        "certificate_number": "C-2",
    }
    apart = await post_still(replica, camera_id, jpeg(1), now, measurement=json.dumps(measured))
    assert (apart.status_code, apart.json()["type"]) == (422, "urn:payesh:problem:bad-time")
    # The clock's 50 ms come on top of the setting's 500.
    measured["measured_at"] = (now - timedelta(milliseconds=540)).isoformat().replace("+00:00", "Z")
    wrong = await post_still(replica, camera_id, jpeg(1), now, measurement=json.dumps(measured))
    assert wrong.json()["type"] == "urn:payesh:problem:wrong-certificate"
    measured["certificate_number"] = "C-1"
    right = await post_still(replica, camera_id, jpeg(1), now, measurement=json.dumps(measured))
    assert right.status_code == 201, right.text
    assert right.json()["event"]["measurement"]["speed_kmh"] == 97.0


async def test_a_still_is_kept_whole_upright_and_with_what_is_wrong_with_it(
    stack: Any, replica: Any
) -> None:
    camera_id = await replica.create_camera(None, source_kind="snapshots")
    now, whole = datetime.now(UTC), noise_jpeg()
    cut = await post_still(replica, camera_id, whole[: len(whole) * 6 // 10], now)
    assert (cut.status_code, cut.json()["type"]) == (422, "urn:payesh:problem:bad-image")
    assert "cut" in cut.json()["detail"]
    endless = await post_still(replica, camera_id, whole[:-2], now)
    assert endless.status_code == 201, endless.text
    event = endless.json()["event"]
    stored = ObjectReference.model_validate(event["image"])
    assert bytes(await stack.objects.get(stored)) == whole and event.get("warning") is None
    again = await post_still(replica, camera_id, whole[:-2], now)
    assert (again.status_code, again.json()) == (200, endless.json())
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"
    aside = whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + whole[2:]
    turned = (await post_still(replica, camera_id, aside, now)).json()["event"]
    assert (turned["width_px"], turned["height_px"]) == (180, 320)
    half = len(whole) // 2
    hole = whole[:half] + bytes(len(whole) // 10) + whole[half + len(whole) // 10 :]
    damaged = await post_still(replica, camera_id, hole, now)
    assert damaged.status_code == 201, damaged.text
    assert damaged.json()["event"]["warning"].startswith("damaged")


async def test_a_still_and_a_file_are_judged_by_the_revision_in_force_at_capture(
    stack: Any, replica: Any, clip: Path, revision_fields: Any, eventually: Any
) -> None:
    created_at = datetime.now(UTC)
    camera_id = await replica.create_camera(None, certificate=CERTIFICATE)
    under_first = datetime.now(UTC)
    later = revision_fields(
        county="semnan", place_class="B", certificate={**CERTIFICATE, "number": "C-2"}
    )
    revised = await replica.call("POST", f"/{camera_id}/revisions", json=later)
    assert revised.status_code == 201, revised.text
    under_second = datetime.now(UTC)

    async def measured(at: datetime, shade: int, number: str) -> httpx.Response:
        value = {
            "speed_kmh": 97.0,
            "speed_u95_kmh": 1.0,
            "measured_at": at.isoformat().replace("+00:00", "Z"),
            "certificate_number": number,
        }
        return await post_still(replica, camera_id, jpeg(shade), at, measurement=json.dumps(value))

    # The first revision also holds shortly before its creation; another does not.
    for at, shade, number, revision, county, place_class in (
        (created_at - timedelta(seconds=2), 1, "C-1", 1, "tehran", "A"),
        (under_first, 2, "C-1", 1, "tehran", "A"),
        (under_second, 3, "C-2", 2, "semnan", "B"),
    ):
        answer = await measured(at, shade, number)
        assert answer.status_code == 201, answer.text
        event = answer.json()["event"]
        assert (event["revision"]["revision"], event["county"], event["place_class"]) == (
            revision,
            county,
            place_class,
        )
    foreign = await measured(under_first, 4, "C-2")
    assert foreign.json()["type"] == "urn:payesh:problem:wrong-certificate"
    early = created_at - timedelta(seconds=10)
    before = await post_still(replica, camera_id, jpeg(5), early)
    assert (before.status_code, before.json()["type"]) == (422, "urn:payesh:problem:no-revision")
    file = await replica.call(
        "POST",
        f"/{camera_id}/recordings",
        files={"file": ("video.mp4", b"never read", "video/mp4")},
        data={"started_at": early.isoformat(), "clock_u95_ms": "400"},
    )
    assert (file.status_code, file.json()["type"]) == (422, "urn:payesh:problem:no-revision")
    # A right to the camera's present county is none to its former one.
    moved = await replica.call(
        "POST",
        f"/{camera_id}/snapshots",
        files={"image": ("still", jpeg(6), "image/jpeg")},
        data={"captured_at": under_first.isoformat(), "clock_u95_ms": "50"},
        headers=stack.authority.headers(counties=["semnan"]),
    )
    assert moved.json()["type"] == "urn:payesh:problem:out-of-bounds"

    recording = await upload(replica, camera_id, clip.read_bytes(), under_first)
    done = await outcome(replica, camera_id, recording)
    assert done["state"] == "done"
    await eventually(lambda: len(stack.events(SegmentStored, camera_id)) == done["segment_count"])
    segments = stack.events(SegmentStored, camera_id)
    assert {(s.revision.revision, s.county) for s in segments} == {(1, "tehran")}


async def upload(replica: Any, camera_id: str, content: bytes, started_at: datetime) -> str:
    answer = await replica.call(
        "POST",
        f"/{camera_id}/recordings",
        files={"file": ("video.mp4", content, "video/mp4")},
        data={"started_at": started_at.isoformat(), "clock_u95_ms": "400"},
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["recording_id"])


async def listed(replica: Any, camera_id: str) -> list[str]:
    """A camera's recordings, page by page."""
    found: list[str] = []
    following: str | None = ""
    while following is not None:
        params = {"limit": "2"} | ({"cursor": following} if following else {})
        page = (await replica.call("GET", f"/{camera_id}/recordings", params=params)).json()
        found += [each["recording_id"] for each in page["items"]]
        following = page["next"]
    return found


async def outcome(replica: Any, camera_id: str, recording_id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            answer = await replica.call("GET", f"/{camera_id}/recordings/{recording_id}")
            row: dict[str, Any] = answer.json()
            if row["state"] in ("done", "failed"):
                return row
            await asyncio.sleep(0.1)


async def test_a_file_becomes_a_stream_a_truncated_one_what_is_left_and_junk_an_error(
    stack: Any, replica: Any, clip: Path, eventually: Callable[..., Awaitable[None]]
) -> None:
    camera_id = await replica.create_camera(None, source_kind="recordings")
    started_at = datetime.now(UTC)
    content = clip.read_bytes()
    whole = await upload(replica, camera_id, content, started_at)
    cut = await upload(
        replica, camera_id, content[: len(content) // 2], started_at + timedelta(seconds=30)
    )
    junk = await upload(replica, camera_id, b"#EXTM3U\nfile:///etc/passwd\n" * 50, started_at)

    done = await outcome(replica, camera_id, whole)
    assert (done["state"], done["warning"]) == ("done", None)
    assert await listed(replica, camera_id) == [junk, cut, whole]
    truncated = await outcome(replica, camera_id, cut)
    assert truncated["state"] == "done" and "truncated" in truncated["warning"]
    failed = await outcome(replica, camera_id, junk)
    assert failed["state"] == "failed" and "not a video" in failed["error"]

    async def left() -> set[str]:
        """Uploaded files still there; only the one that could not be read should be."""
        kept = set()
        for recording in (whole, cut, junk):
            if await stack.objects.get_latest("recordings", f"{camera_id}/{recording}") is not None:
                kept.add(recording)
        return kept

    async def only_junk_is_left() -> bool:
        return await left() == {junk}

    await eventually(only_junk_is_left)

    expected = done["segment_count"] + truncated["segment_count"]
    await eventually(lambda: len(stack.events(SegmentStored, camera_id)) == expected)
    segments = stack.events(SegmentStored, camera_id)
    first = [s for s in segments if str(s.stream_id) == done["stream_id"]]
    second = [s for s in segments if str(s.stream_id) == truncated["stream_id"]]
    assert sum(s.frame_count for s in first) == 300
    assert 100 < sum(s.frame_count for s in second) < 200
    assert first[0].captured_at == started_at
    assert {s.clock_source for s in segments} == {"declared"}
    assert [s.last_in_stream for s in first] == [False] * (len(first) - 1) + [True]
    assert second[0].previous_link_sha256 == first[-1].link_sha256
    await eventually(lambda: len(stack.events(GapRecorded, camera_id)) == 1)
    (gap,) = stack.events(GapRecorded, camera_id)
    assert gap.reason == "corrupt"
    assert gap.ended_at - (started_at + timedelta(seconds=30)) == timedelta(seconds=12)


async def test_a_file_whose_times_jump_and_size_changes_becomes_streams_of_one_chain(
    stack: Any, replica: Any, tmp_path: Path, eventually: Callable[..., Awaitable[None]]
) -> None:
    """Times jump by 5 h after 2 s, to what would be the future; 2 s later the size changes."""
    small = encode(tmp_path / "small.mp4")
    jumped = remux(small, tmp_path / "jumped.ts", change=moved(5 * 3600.0, after_s=1.99))
    large = remux(
        encode(tmp_path / "large.mp4", 50, size=(320, 192)),
        tmp_path / "large.ts",
        change=moved(5 * 3600.0 + 4, after_s=-1),
    )
    camera_id = await replica.create_camera(None, source_kind="recordings")
    started_at = datetime.now(UTC)
    both = jumped.read_bytes() + large.read_bytes()
    done = await outcome(replica, camera_id, await upload(replica, camera_id, both, started_at))
    assert done["state"] == "done" and "jump by +18000.0 s" in done["warning"]
    await eventually(lambda: len(stack.events(SegmentStored, camera_id)) == done["segment_count"])
    segments = stack.events(SegmentStored, camera_id)
    streams = list(dict.fromkeys(segment.stream_id for segment in segments))
    assert str(streams[0]) == done["stream_id"] and len(streams) == 3
    assert [segment.last_in_stream for segment in segments] == [
        following is None or following.stream_id != segment.stream_id
        for segment, following in zip_longest(segments, segments[1:])
    ]
    for former, segment in pairwise(segments):
        assert segment.previous_link_sha256 == former.link_sha256
        assert segment.captured_at >= former.captured_at
    sizes = {segment.stream_id: segment.video.width_px for segment in segments}
    assert list(sizes.values()) == [160, 160, 320]
    assert [segment.clock_source for segment in segments] == ["declared"] + ["unverified"] * 2
    assert segments[-1].captured_at < started_at + timedelta(seconds=10)
    await eventually(lambda: len(stack.events(GapRecorded, camera_id)) == 1)
    (gap,) = stack.events(GapRecorded, camera_id)
    assert (gap.started_at, gap.reason) == (started_at + timedelta(seconds=2), "corrupt")
    assert gap.ended_at == segments[1].captured_at


async def test_videos_wait_unread_for_their_turn_and_stills_do_not_wait_for_them(
    stack: Any, clip: Path
) -> None:
    """A sender that pauses in the middle holds the only turn."""
    boundary = "b0undary"
    going_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        # Now: before it was registered the camera had no revision.
        fields = {"started_at": datetime.now(UTC).isoformat(), "clock_u95_ms": "400"}
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="v"\r\n\r\n'
        yield head.encode() + clip.read_bytes()
        await going_on.wait()
        yield f"\r\n--{boundary}--\r\n".encode()

    async with stack.replica(PAYESH_UPLOADS_AT_A_TIME="1") as replica:
        camera_id = await replica.create_camera(None)
        first = asyncio.create_task(
            replica.call(
                "POST",
                f"/{camera_id}/recordings",
                content=slow(),
                headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
            )
        )
        await asyncio.sleep(0.5)
        second = asyncio.create_task(
            upload(replica, camera_id, clip.read_bytes(), datetime.now(UTC))
        )
        still = await post_still(replica, camera_id, jpeg(1), datetime.now(UTC))
        assert still.status_code == 201, still.text
        await asyncio.sleep(1)
        assert not first.done() and not second.done()
        going_on.set()
        assert (await first).status_code == 202, first.result().text
        for recording in (first.result().json()["recording_id"], await second):
            assert (await outcome(replica, camera_id, recording))["state"] == "done"


async def test_a_still_that_never_ends_gives_its_turn_back(stack: Any) -> None:
    limits = {"PAYESH_UPLOADS_AT_A_TIME": "1", "PAYESH_SNAPSHOT_UPLOAD_S": "0.5"}
    async with stack.replica(**limits) as replica, asyncio.timeout(20):
        camera_id = await replica.create_camera(None)
        url = httpx.URL(replica.url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(
            f"POST /v1/cameras/{camera_id}/snapshots HTTP/1.1\r\nHost: ingest\r\n"
            f"Authorization: {stack.authority.headers()['Authorization']}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b"
            "\r\n".encode()
        )
        answer = await reader.read()  # until ingest closes the connection
        assert answer.startswith(b"HTTP/1.1 408") and b"upload-too-slow" in answer
        writer.close()
        still = await post_still(replica, camera_id, jpeg(1), datetime.now(UTC))
        assert still.status_code == 201, still.text


async def test_a_form_that_does_not_fit_is_answered_with_the_field(replica: Any) -> None:
    camera_id = await replica.create_camera(None)
    path = f"/{camera_id}/snapshots"
    answer = await replica.call("POST", path, files={"image": b"x"}, data={"clock_u95_ms": "-1"})
    assert answer.status_code == 422
    named = {error["field"] for error in answer.json()["errors"]}
    assert named == {"body/captured_at", "body/clock_u95_ms"}
    exact = {"captured_at": datetime.now(UTC).isoformat(), "clock_u95_ms": "0"}
    refused = await replica.call("POST", path, files={"image": b"x"}, data=exact)
    assert [error["field"] for error in refused.json()["errors"]] == ["body/clock_u95_ms"]
    plain = await replica.call("POST", path, data={"image": "x"})
    assert (plain.status_code, plain.json()["type"]) == (422, "urn:payesh:problem:malformed")


# --- the work on uploaded files, in this process, over a database that no replica works on


@pytest.fixture(scope="module")
async def queue(stack: Any) -> AsyncIterator[Database]:
    url = await stack.engines.database.create_database(f"ingest_{uuid4().hex[:8]}")
    await asyncio.to_thread(run_migrations, url, MIGRATIONS)
    database = Database(url, pool_size=4)
    yield database
    await database.close()


async def queued(queue: Database, stack: Any, clip: Path, revision_fields: Any) -> UUID:
    """A camera with an uploaded file that waits."""
    now = datetime.now(UTC)
    named = {"camera_id": f"cam-{uuid4().hex[:10]}", "revision": 1}
    document = {**revision_fields(), **named, "created_at": now.isoformat()[:26] + "Z"}
    revision = CameraRevision.model_validate_json(json.dumps(document))
    recording_id = uuid4()
    stored = await stack.objects.put(
        "recordings", str(recording_id), clip.read_bytes(), media_type="video/mp4"
    )
    reference = RevisionReference(revision=1, sha256=stored.sha256, object=stored)
    async with queue.transaction() as session:
        await insert_camera(session, revision, reference, None, now)
        await insert_revision(session, revision, reference, "tester")
        await recording_rows.insert_recording(
            session, recording_id, revision.camera_id, stored, now, 400
        )
    return recording_id


async def queue_row(queue: Database, recording_id: UUID) -> Any:
    async with queue.transaction() as session:
        return (
            await session.execute(
                select(recordings_table).where(recordings_table.c.recording_id == recording_id)
            )
        ).one()


class Store:
    """The real store. It waits at the end of a file or before it keeps a segment, and sets
    `waiting` then; or it hands out a file in small pieces."""

    def __init__(self, objects: Any, *, wait_at: str = "nowhere", piece_s: float = 0) -> None:
        self._objects = objects
        self._wait_at = wait_at
        self._piece_s = piece_s
        self.waiting = asyncio.Event()
        self.going_on = asyncio.Event()
        self.fetched = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    async def _pass(self, place: str) -> None:
        if place.endswith(self._wait_at):
            self.waiting.set()
            await self.going_on.wait()

    async def put(self, bucket: str, key: str, data: bytes, **fields: Any) -> ObjectReference:
        await self._pass(key)
        stored: ObjectReference = await self._objects.put(bucket, key, data, **fields)
        return stored

    async def stream(self, reference: ObjectReference) -> AsyncIterator[bytes]:
        self.fetched += 1
        content = await self._objects.get(reference)
        for start in range(0, len(content), len(content) // 10 + 1):
            await asyncio.sleep(self._piece_s)
            yield content[start : start + len(content) // 10 + 1]
        await self._pass("the end of the file")


@asynccontextmanager
async def working(queue: Database, store: Any, folder: Path, workers: int = 1) -> Any:
    running = Recordings(queue, store, folder, segment_s=2, workers=workers)
    await running.start()
    try:
        yield
    finally:
        await running.stop()


async def test_two_workers_of_one_file_leave_one_chain(
    queue: Database, stack: Any, clip: Path, revision_fields: Any, tmp_path: Path, eventually: Any
) -> None:
    """The first is slow with the file and loses its claim; it goes on when the second has
    published a segment, and overtakes it."""
    recording_id = await queued(queue, stack, clip, revision_fields)
    slow = Store(stack.objects, wait_at="the end of the file")
    second = Store(stack.objects, wait_at="00000001.m4s")
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(working(queue, slow, tmp_path))
        await slow.waiting.wait()
        async with queue.transaction() as session:
            await session.execute(update(recordings_table).values(claimed_until=datetime.now(UTC)))
        await opened.enter_async_context(working(queue, second, tmp_path))
        await second.waiting.wait()
        plan = (await queue_row(queue, recording_id)).plan
        slow.going_on.set()
        await asyncio.sleep(1)
        row = await queue_row(queue, recording_id)
        assert (row.state, row.plan) == ("running", plan), "the first wrote under its former claim"
        second.going_on.set()

        async def done() -> bool:
            return bool((await queue_row(queue, recording_id)).state == "done")

        await eventually(done)
    row = await queue_row(queue, recording_id)
    async with queue.transaction() as session:
        stored = await segments_between(
            session,
            row.camera_id,
            since=row.started_at - timedelta(days=1),
            until=row.started_at + timedelta(days=1),
            after=None,
            limit=100,
        )
    assert [each.sequence for each in stored] == list(range(row.segment_count))
    for former, each in pairwise(stored):
        assert each.previous_link_sha256 == former.link_sha256


async def test_a_file_that_takes_long_to_fetch_stays_with_its_worker(
    queue: Database,
    stack: Any,
    clip: Path,
    revision_fields: Any,
    tmp_path: Path,
    eventually: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording_rows, "CLAIM", timedelta(seconds=0.6))
    monkeypatch.setattr(recordings_worker, "_POLL_S", 0.1)
    recording_id = await queued(queue, stack, clip, revision_fields)
    store = Store(stack.objects, piece_s=0.15)

    async def done() -> bool:
        return bool((await queue_row(queue, recording_id)).state == "done")

    async with working(queue, store, tmp_path, workers=2):
        await eventually(done)
    assert store.fetched == 1


async def test_a_full_disk_is_no_fault_of_the_upload(
    queue: Database,
    stack: Any,
    clip: Path,
    revision_fields: Any,
    tmp_path: Path,
    eventually: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording_rows, "CLAIM", timedelta(seconds=0.6))
    monkeypatch.setattr(recordings_worker, "_POLL_S", 0.1)
    recording_id = await queued(queue, stack, clip, revision_fields)
    store = Store(stack.objects)

    async def state(wanted: str) -> bool:
        return bool((await queue_row(queue, recording_id)).state == wanted)

    with monkeypatch.context() as full:
        full.setattr(tempfile, "NamedTemporaryFile", lambda **_: io.FileIO("/dev/full", "w"))
        async with working(queue, store, tmp_path):
            await eventually(lambda: store.fetched == 2)
            assert await state("running")
    async with working(queue, store, tmp_path):
        await eventually(lambda: state("done"))


async def test_a_video_of_another_size_than_the_revisions_raises_a_condition_until_it_has_its_own(
    stack: Any, replica: Any, tmp_path: Path, eventually: Callable[..., Awaitable[None]]
) -> None:
    camera_id = await replica.create_camera(
        None, source_kind="recordings", width_px=160, height_px=96
    )
    sizes = ((160, 96), (320, 192), (320, 192), (96, 160))
    for number, size in enumerate(sizes):
        turned = 90 if size == (96, 160) else 0
        video = encode(tmp_path / f"{number}.mp4", 25, size=size, rotation_deg=turned)
        recording = await upload(replica, camera_id, video.read_bytes(), datetime.now(UTC))
        assert (await outcome(replica, camera_id, recording))["state"] == "done"

    def changes() -> list[tuple[bool, str | None, PictureSize | None, PictureSize | None]]:
        return [
            (change.raised, change.reason, change.found_px, change.expected_px)
            for change in stack.events(CameraHealthChanged, camera_id)
        ]

    await eventually(lambda: len(changes()) >= 2)
    found, expected = (PictureSize(width_px=w, height_px=h) for w, h in ((320, 192), (160, 96)))
    assert changes() == [(True, "size_changed", found, expected), (False, None, None, None)]
