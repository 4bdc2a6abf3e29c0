"""Ingest outlives outages of its dependencies and its own end; lost time is a recorded gap."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from payesh.contracts import GapRecorded, SegmentStored
from tests.support.tcp_proxy import TcpProxy

FRAME = timedelta(milliseconds=60)
"""Holes below it are rounding, not time that was lost."""


def spans(segments: list[SegmentStored]) -> list[tuple[datetime, datetime]]:
    return [
        (s.captured_at, s.captured_at + timedelta(milliseconds=s.duration_ms)) for s in segments
    ]


def unaccounted(segments: list[SegmentStored], gaps: list[GapRecorded]) -> timedelta:
    """Time between first and last segment that is neither stored nor in a recorded gap."""
    covered = sorted(spans(segments) + [(g.started_at, g.ended_at) for g in gaps])
    until, missing = spans(segments)[0][0], timedelta()
    for start, end in covered:
        if start - until > FRAME and start > spans(segments)[0][0]:
            missing += start - until
        until = max(until, end)
    return missing


@asynccontextmanager
async def proxies(stack: Any) -> AsyncIterator[tuple[TcpProxy, TcpProxy, dict[str, str]]]:
    """The ways to store and database, to be cut, and the settings that lead over them."""
    store_host, store_port = stack.engines.addresses()["s3_endpoint"].split(":")
    head, _, tail = stack.database_url.rpartition("@")
    address, _, name = tail.partition("/")
    async with (
        TcpProxy(store_host, int(store_port)) as store,
        TcpProxy("127.0.0.1", int(address.rsplit(":", 1)[1])) as database,
    ):
        yield (
            store,
            database,
            {
                "PAYESH_S3_ENDPOINT": store.address,
                "PAYESH_DATABASE_URL": f"{head}@{database.address}/{name}",
            },
        )


async def test_while_store_and_database_are_away_no_frame_is_lost(
    stack: Any, camera: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    server = await camera()
    async with (
        proxies(stack) as (store, database, changes),
        stack.replica(**changes) as replica,
    ):
        camera_id = await replica.create_camera(server.url)
        await eventually(lambda: len(stack.events(SegmentStored, camera_id)) >= 1)
        await store.cut()
        await asyncio.sleep(1)
        # Longer than the lease lives: recording goes on under the token it holds.
        await database.cut()
        await asyncio.sleep(4)
        answer = await replica.client.get("/readyz")
        assert answer.status_code == 503
        states = answer.json()["dependencies"]
        assert states["database"] != "ok" and "items wait for" in states["spool"], states
        await store.resume()
        await database.resume()
        await eventually(
            lambda: sum(s.frame_count for s in stack.events(SegmentStored, camera_id)) >= 300,
            30,
        )
        segments = stack.events(SegmentStored, camera_id)
        assert len({s.stream_id for s in segments}) == 1
        assert [s.sequence for s in segments] == list(range(len(segments)))
        assert segments[-1].last_in_stream
        await replica.call("PATCH", f"/{camera_id}", json={"enabled": False})


async def test_an_ingest_killed_in_an_outage_resumes_without_its_database_and_records_its_gap(
    stack: Any, camera: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    server = await camera(loop=True)
    spool = stack.folder / "spool-killed"
    async with proxies(stack) as (store, database, changes):
        async with stack.replica(spool, **changes) as replica:
            camera_id = await replica.create_camera(server.url)
            await eventually(lambda: len(stack.events(SegmentStored, camera_id)) >= 1)
            await store.cut()
            folder = spool / camera_id
            await eventually(lambda: len(list(folder.glob("*.m4s"))) >= 2)
            await database.cut()
            await replica.kill()
        waiting = len(list(folder.glob("*.m4s")))
        kept = stack.events(SegmentStored, camera_id)
        async with stack.replica(spool, **changes) as replica:
            await eventually(lambda: len(list(folder.glob("*.m4s"))) > waiting)
            await store.resume()
            await database.resume()

            def recorded_again() -> bool:
                return len({s.stream_id for s in stack.events(SegmentStored, camera_id)}) == 2

            await eventually(recorded_again)
            await replica.call("PATCH", f"/{camera_id}", json={"enabled": False})
    segments = stack.events(SegmentStored, camera_id)
    former = [s for s in segments if s.stream_id == kept[0].stream_id]
    assert len(former) >= len(kept) + 2
    assert [s.sequence for s in former] == list(range(len(former)))
    first = next(s for s in segments if s.stream_id != kept[0].stream_id)
    assert first.previous_link_sha256 == former[-1].link_sha256
    gaps = stack.events(GapRecorded, camera_id)
    assert "worker_stopped" in {g.reason for g in gaps}
    assert unaccounted(segments, gaps) == timedelta()
    lost = first.captured_at - spans(former)[-1][1]
    assert timedelta() < lost < timedelta(seconds=20)


async def test_a_full_spool_stops_recording_and_leaves_a_gap(
    stack: Any, camera: Any, tmp_path: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    server = await camera(loop=True)
    store_host, store_port = stack.engines.addresses()["s3_endpoint"].split(":")
    spool = tmp_path / "spool"
    async with TcpProxy(store_host, int(store_port)) as store:
        changes = {"PAYESH_S3_ENDPOINT": store.address, "PAYESH_SPOOL_LIMIT_MIB": "1"}
        async with stack.replica(spool, **changes) as replica:
            camera_id = await replica.create_camera(server.url)
            await eventually(lambda: len(stack.events(SegmentStored, camera_id)) >= 1)
            await store.cut()

            async def full() -> bool:
                states = (await replica.client.get("/readyz")).json()["dependencies"]
                return bool(states["spool"].startswith("full"))

            await eventually(full)
            await store.resume()

            def gaps() -> list[GapRecorded]:
                found: list[GapRecorded] = stack.events(GapRecorded, camera_id)
                return [gap for gap in found if gap.reason == "spool_full"]

            await eventually(lambda: len(gaps()) >= 1, 30)
            await replica.call("PATCH", f"/{camera_id}", json={"enabled": False})
    segments = stack.events(SegmentStored, camera_id)
    assert unaccounted(segments, stack.events(GapRecorded, camera_id)) == timedelta()
    for stream in {s.stream_id for s in segments}:
        numbers = [s.sequence for s in segments if s.stream_id == stream]
        assert numbers == list(range(len(numbers)))


async def test_replicas_share_cameras_and_one_takes_over_from_a_killed_one(
    stack: Any, camera: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    servers = [await camera(loop=True) for _ in range(2)]
    async with stack.replica() as first, stack.replica() as second:
        cameras = [await first.create_camera(server.url) for server in servers]

        def held(replica: Any) -> set[str]:
            notes = replica.spool.glob("*/assignment.note")
            return {note.parent.name for note in notes} & set(cameras)

        await eventually(lambda: len(held(first)) == 1 and len(held(second)) == 1)
        (orphan,) = held(second)

        def segments() -> list[SegmentStored]:
            found: list[SegmentStored] = stack.events(SegmentStored, orphan)
            return found

        await eventually(lambda: len(segments()) >= 1)
        await second.kill()
        token = segments()[-1].fencing_token
        await eventually(lambda: segments()[-1].fencing_token > token, 15)
        taken = [s for s in segments() if s.fencing_token > token]
        assert taken[0].sequence == 0
        assert "worker_stopped" in {g.reason for g in stack.events(GapRecorded, orphan)}
        for camera_id in cameras:
            await first.call("PATCH", f"/{camera_id}", json={"enabled": False})
