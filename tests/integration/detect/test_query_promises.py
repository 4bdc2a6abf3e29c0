"""What the observer published can be read, once each, within the reader's bounds."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from payesh.contracts import PassageObserved, TrafficCounted
from payesh.contracts.access import AuditOutcome
from payesh.detect.adapters.tables import passages, traffic
from payesh.kit.tables import audit_counter
from tests.integration.detect.conftest import CountingHouse, counted
from tests.support.partitions import neighbour_of
from tests.support.passage_builder import passage
from tests.support.problems import problem
from tests.support.waiting import eventually

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def camera() -> str:
    return f"counted-{uuid4().hex[:10]}"


def minutes(camera_id: str, number: int) -> list[TrafficCounted]:
    """Of one stream, oldest first."""
    stream_id = uuid4()
    return [
        counted(camera_id, NOON + timedelta(minutes=n), vehicles=n, stream_id=stream_id)
        for n in range(number)
    ]


async def projected(house: CountingHouse, seen: PassageObserved) -> None:
    """Publish, and wait until the passage can be asked for."""
    await house.publish(seen)

    async def held() -> bool:
        async with house.client(counties="*") as http:
            return (await http.get(f"/v1/passages/{seen.passage_id}")).status_code == 200

    await eventually(held)


async def test_counts_delivered_twice_count_once(house: CountingHouse) -> None:
    name = camera()
    first, second = minutes(name, 2)
    await house.projected(first, first, second)
    await house.projected(first, counted(name, NOON + timedelta(minutes=9), stream_id=uuid4()))
    found = await house.intervals(name)
    assert [each["counts"][0]["vehicles"] for each in found] == [0, 1, 3]
    assert found[0] == {
        "camera_id": name,
        "stream_id": str(first.stream_id),
        "started_at": "2026-11-20T12:00:00Z",
        "ended_at": "2026-11-20T12:01:00Z",
        "counts": [
            {"lane": "1", "vehicle_class": "car", "vehicles": 0, "mean_speed_kmh": 51.5},
        ],
        "lanes": [
            {
                "lane": "1",
                "vehicles": 0,
                "mean_speed_kmh": 51.5,
                "p85_speed_kmh": 60.25,
                "mean_headway_s": None,
                "occupancy": 0.125,
                "queue_vehicles": 2,
                "queue_m": None,
            }
        ],
    }


async def test_two_streams_of_a_minute_are_both_kept(house: CountingHouse) -> None:
    """A camera that reconnected within a minute has two intervals that begin in it."""
    name = camera()
    both = [counted(name, NOON, vehicles=each, stream_id=uuid4()) for each in (2, 5)]
    later = counted(name, NOON + timedelta(hours=1), vehicles=7, stream_id=uuid4())
    await house.projected(*both, later)
    found = [each["counts"][0]["vehicles"] for each in await house.intervals(name)]
    assert sorted(found) == [2, 5, 7]


async def test_a_passage_delivered_twice_is_there_once_and_as_published(
    house: CountingHouse,
) -> None:
    seen = passage()
    await house.publish(seen, seen)
    await projected(house, passage(passage_id=neighbour_of(seen.topic, seen.key())))
    async with house.database.transaction() as session:
        rows = select(func.count()).where(passages.c.passage_id == seen.passage_id)
        assert await session.scalar(rows) == 1
    async with house.client() as http:
        answer = await http.get(f"/v1/passages/{seen.passage_id}")
    assert PassageObserved.from_json(json.dumps(answer.json()["passage"]).encode()) == seen


async def test_traffic_needs_a_token_and_its_scope_but_no_purpose(house: CountingHouse) -> None:
    async with httpx.AsyncClient(base_url=house.url) as stranger:
        assert problem(await stranger.get("/v1/traffic")) == (401, "unauthorized")
    async with house.client(scope="passages:read reads:read") as http:
        assert problem(await http.get("/v1/traffic")) == (403, "missing-scope")
    async with house.client(purpose=None, scope="traffic:read") as http:
        assert (await http.get("/v1/traffic")).status_code == 200


async def test_a_time_is_asked_for_from_its_beginning_up_to_its_end(house: CountingHouse) -> None:
    name = camera()
    own = minutes(name, 6)
    await house.projected(*own)
    begin, end = own[2].started_at, own[4].started_at
    async with house.client() as http:
        query = {"camera_id": name, "from": begin.isoformat(), "to": end.isoformat()}
        found = (await http.get("/v1/traffic", params=query)).json()["items"]
        assert [each["counts"][0]["vehicles"] for each in found] == [2, 3]
        tehran = {"camera_id": name, "from": "2026-11-20T15:34:00+03:30"}
        found = (await http.get("/v1/traffic", params=tehran)).json()["items"]
        assert [each["counts"][0]["vehicles"] for each in found] == [4, 5]
        naive = await http.get("/v1/traffic", params={"from": "2026-11-20T10:00:00"})
        assert naive.status_code == 422


@pytest.mark.parametrize("bounds", [{"counties": ["damghan"]}, {"road_classes": ["local"]}])
async def test_traffic_outside_the_bounds_is_not_shown(
    house: CountingHouse, bounds: dict[str, Any]
) -> None:
    name = camera()
    await house.projected(*minutes(name, 2))
    async with house.client(**bounds) as http:
        answer = await http.get("/v1/traffic", params={"camera_id": name})
    assert answer.json() == {"items": [], "next": None}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
async def test_pages_join_without_gap_or_repetition(house: CountingHouse, size: int) -> None:
    name = camera()
    # Two streams that count the same minutes: equal times must not hide each other.
    own = [*minutes(name, 4), *minutes(name, 3)]
    await house.projected(*own)
    shown, cursor = [], None
    async with house.client() as http:
        while True:
            query: dict[str, Any] = {"camera_id": name, "limit": size}
            query |= {"cursor": cursor} if cursor else {}
            page = (await http.get("/v1/traffic", params=query)).json()
            assert len(page["items"]) <= size
            shown += [(i["started_at"], i["stream_id"]) for i in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
    assert len(shown) == 7
    assert {stream for _, stream in shown} == {str(each.stream_id) for each in own}
    assert shown == sorted(set(shown))


@pytest.mark.parametrize("cursor", ["x", "bm90IGEgY3Vyc29y", "MjAyNnxub3QtYS11dWlk", "ب"])
async def test_a_cursor_that_was_not_given_out_is_refused(
    house: CountingHouse, cursor: str
) -> None:
    async with house.client() as http:
        answer = await http.get("/v1/traffic", params={"cursor": cursor})
    assert problem(answer) == (422, "bad-cursor")


@pytest.mark.parametrize(
    "query",
    [
        {"camera_id": "a\0"},
        {"from": "0001-01-01T00:00:00+14:00"},
        {"to": "9999-12-31T23:59:59-14:00"},
    ],
)
async def test_what_the_database_cannot_hold_is_malformed(
    house: CountingHouse, query: dict[str, str]
) -> None:
    async with house.client() as http:
        answer = await http.get("/v1/traffic", params=query)
    assert problem(answer) == (422, "malformed")


async def test_a_passage_needs_its_scope_and_a_purpose(house: CountingHouse) -> None:
    path = f"/v1/passages/{uuid4()}"
    async with httpx.AsyncClient(base_url=house.url) as stranger:
        assert problem(await stranger.get(path)) == (401, "unauthorized")
    async with house.client(scope="traffic:read") as http:
        assert problem(await http.get(path)) == (403, "missing-scope")
    for purpose in (None, "", "%20"):
        async with house.client(purpose=purpose) as http:
            assert problem(await http.get(path)) == (403, "purpose-required")


async def test_each_answer_about_a_passage_is_on_record_even_a_refusal(
    house: CountingHouse,
) -> None:
    seen = passage()
    await projected(house, seen)
    subject = f"officer-{uuid4().hex[:8]}"
    async with house.client(sub=subject, purpose="file 7") as http:
        assert (await http.get(f"/v1/passages/{seen.passage_id}")).is_success
    async with house.client(sub=subject, purpose="file 7", counties=["damghan"]) as http:
        outside = await http.get(f"/v1/passages/{seen.passage_id}")
        absent = await http.get(f"/v1/passages/{uuid4()}")
    assert problem(outside) == (404, "not-found")
    assert outside.json() == absent.json(), "its existence is personal data too"
    records = await house.audited(subject, 3)
    assert [r.outcome for r in records] == [
        AuditOutcome.GRANTED,
        AuditOutcome.DENIED,
        AuditOutcome.DENIED,
    ]
    assert [r.resource_ids for r in records[:2]] == [(str(seen.passage_id),)] * 2
    assert {r.purpose for r in records} == {"file 7"}
    numbers = [r.sequence for r in records]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


async def test_no_passage_leaves_before_its_audit_record_is_committed(
    house: CountingHouse,
) -> None:
    seen = passage()
    await projected(house, seen)  # the counter's row is there now
    async with house.client() as http:
        async with house.database.transaction() as session:
            await session.execute(select(audit_counter).with_for_update())
            waiting = asyncio.create_task(http.get(f"/v1/passages/{seen.passage_id}"))
            done, _ = await asyncio.wait({waiting}, timeout=0.5)
            assert not done, "answered although its record could not be written"
        assert (await waiting).status_code == 200


async def test_passages_expire_and_counts_stay(house: CountingHouse) -> None:
    await house.projected(*minutes(camera(), 1))

    async def gone() -> bool:
        async with house.database.transaction() as session:
            own = select(passages).where(passages.c.passage_id == house.expired.passage_id)
            return (await session.execute(own)).first() is None

    await eventually(gone)
    async with house.client() as http:
        answer = await http.get(f"/v1/passages/{house.expired.passage_id}")
    assert problem(answer) == (404, "not-found")
    async with house.database.transaction() as session:
        assert (await session.scalar(select(func.count()).select_from(traffic)) or 0) > 0
