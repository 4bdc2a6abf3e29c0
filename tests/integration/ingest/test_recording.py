"""A camera's video is kept whole and in order, and its chain proves it."""

import asyncio
import io
from datetime import timedelta
from typing import Any

import av

from payesh.contracts import CameraConfigured, GapRecorded, SegmentStored
from payesh.contracts.chain import link_sha256
from payesh.local.camera.authentication import Credentials, Scheme


def decoded_frames(init: bytes, media: list[bytes]) -> int:
    with av.open(io.BytesIO(init + b"".join(media)), mode="r") as container:
        return len(list(container.decode(video=0)))


def assert_chained(segments: list[SegmentStored]) -> None:
    """Every link can be recomputed and names the one before."""
    for number, event in enumerate(segments):
        assert event.sequence == number
        if number:
            assert event.previous_link_sha256 == segments[number - 1].link_sha256
        assert event.link_sha256 == link_sha256(
            previous_link_sha256=event.previous_link_sha256,
            stream_id=event.stream_id,
            sequence=event.sequence,
            captured_at=event.captured_at,
            duration_ms=event.duration_ms,
            init_sha256=event.init.sha256,
            media_sha256=event.media.sha256,
            revision_sha256=event.revision.sha256,
            fencing_token=event.fencing_token,
        )


async def test_every_frame_of_a_camera_is_stored_and_the_chain_recomputes(
    stack: Any, replica: Any, camera: Any, eventually: Any
) -> None:
    server = await camera()
    camera_id = await replica.create_camera(server.url)
    await eventually(
        lambda: any(s.last_in_stream for s in stack.events(SegmentStored, camera_id)), 30
    )
    segments = stack.events(SegmentStored, camera_id)
    assert_chained(segments)
    init = await stack.objects.get(segments[0].init)
    media = [await stack.objects.get(event.media) for event in segments]
    assert decoded_frames(init, media) == sum(s.frame_count for s in segments) == 300
    # A clip cut out of the middle plays from the same init part.
    assert decoded_frames(init, media[2:4]) == segments[2].frame_count + segments[3].frame_count
    assert {s.clock_source for s in segments} == {"rtcp"}
    assert abs(segments[0].captured_at - server.started_at) < timedelta(milliseconds=100)
    total = segments[-1].captured_at - segments[0].captured_at
    assert abs(total + timedelta(milliseconds=segments[-1].duration_ms) - timedelta(seconds=12)) < (
        timedelta(milliseconds=100)
    )
    configured = stack.events(CameraConfigured, camera_id)
    assert [event.revision for event in configured] == [segments[0].revision]
    document = await stack.objects.get(configured[0].revision.object)
    assert b'"camera_id":"' + camera_id.encode() in document
    await replica.call("PATCH", f"/{camera_id}", json={"enabled": False})


async def test_a_camera_that_fails_and_comes_back_leaves_a_gap_and_a_new_stream(
    stack: Any, replica: Any, camera: Any, eventually: Any
) -> None:
    server = await camera(loop=True)
    camera_id = await replica.create_camera(server.url)
    await eventually(lambda: len(stack.events(SegmentStored, camera_id)) >= 1)
    port = int(server.url.rsplit(":", 1)[1].split("/")[0])
    await server.close()
    await asyncio.sleep(1.5)
    await camera(loop=True, port=port)

    def streams() -> list[Any]:
        return list(dict.fromkeys(s.stream_id for s in stack.events(SegmentStored, camera_id)))

    await eventually(lambda: len(streams()) == 2)
    segments = stack.events(SegmentStored, camera_id)
    before = [s for s in segments if s.stream_id == streams()[0]]
    after = [s for s in segments if s.stream_id == streams()[1]]
    assert before[-1].last_in_stream
    assert after[0].previous_link_sha256 == before[-1].link_sha256
    assert_chained(before)
    assert_chained(after)
    ended_at = before[-1].captured_at + timedelta(milliseconds=before[-1].duration_ms)
    (gap,) = [g for g in stack.events(GapRecorded, camera_id) if g.reason == "source_lost"]
    assert abs(gap.started_at - ended_at) < timedelta(milliseconds=5)
    assert gap.ended_at == after[0].captured_at
    assert (gap.last_stream_id, gap.last_sequence) == (streams()[0], before[-1].sequence)
    await replica.call("PATCH", f"/{camera_id}", json={"enabled": False})


async def test_a_camera_with_a_wrong_clock_is_recorded_but_its_times_are_not_believed(
    stack: Any, replica: Any, camera: Any, eventually: Any
) -> None:
    server = await camera(clock_skew_s=30.0)
    camera_id = await replica.create_camera(server.url)
    await eventually(lambda: len(stack.events(SegmentStored, camera_id)) >= 1)
    first = stack.events(SegmentStored, camera_id)[0]
    assert first.clock_source == "unverified"
    assert abs(first.captured_at - server.started_at) < timedelta(seconds=2)

    async def clock_is_off() -> bool:
        answer = await replica.call("GET", f"/{camera_id}/health")
        conditions = answer.json()["conditions"]
        raised = [(c["condition"], c["reason"]) for c in conditions if c["raised"]]
        return raised == [("clock_off", "clock_differs")]

    await eventually(clock_is_off)
    await replica.call("PATCH", f"/{camera_id}", json={"enabled": False})


async def test_basic_authentication_waits_for_the_revision_that_allows_it(
    stack: Any, replica: Any, camera: Any, eventually: Any, revision_fields: Any
) -> None:
    server = await camera(loop=True, credentials=Credentials("admin", "secret", Scheme.BASIC))
    camera_id = await replica.create_camera(None)
    source = {"url": server.url, "username": "admin", "password": "secret"}
    answer = await replica.call("PUT", f"/{camera_id}/source", json=source)
    assert answer.status_code < 300, answer.text

    async def refused() -> bool:
        conditions = (await replica.call("GET", f"/{camera_id}/health")).json()["conditions"]
        raised = {(c["condition"], c["reason"]) for c in conditions if c["raised"]}
        return ("access_denied", "basic_not_allowed") in raised

    await eventually(refused)
    assert stack.events(SegmentStored, camera_id) == []
    allowing = revision_fields(source_basic_allowed=True)
    answer = await replica.call("POST", f"/{camera_id}/revisions", json=allowing)
    assert answer.status_code == 201, answer.text
    await eventually(lambda: bool(stack.events(SegmentStored, camera_id)), 30)
    await replica.call("PATCH", f"/{camera_id}", json={"enabled": False})
