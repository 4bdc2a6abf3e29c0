"""Which principals may search reads, what is recorded of a search, and what it shows."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, text

from payesh.contracts import PlateRead
from payesh.contracts.access import AuditOutcome
from payesh.contracts.plates import CharacterAlternative, PlateCharacter
from payesh.contracts.values import RoadClass
from payesh.contracts.vocabulary import ReadOutcome
from payesh.kit.tables import audit_counter
from payesh.plates.adapters.reads import add
from payesh.plates.adapters.tables import reads
from tests.integration.plates.conftest import RunningService
from tests.support.passage_builder import passage
from tests.support.problems import problem
from tests.support.violation_builder import plate_read, violation
from tests.support.waiting import eventually

PLATE = "24د68135"


async def unreadable(service: RunningService, number: int, *, camera_id: str) -> list[PlateRead]:
    """Reads of one camera, pairs of them captured in the same instant; oldest first."""
    began = datetime.now(UTC) - timedelta(hours=1)
    seen = [
        passage(camera_id=camera_id, captured_at=began + timedelta(seconds=each // 2))
        for each in range(number)
    ]
    await service.publish(*seen)
    return [await service.read_of(each) for each in seen]


def ambiguous_read(text: str) -> PlateRead:
    """A read in whose `text` every `?` was hidden, and may be a 4."""
    characters = tuple(
        PlateCharacter(
            character=each,
            confidence=0.9,
            alternatives=(CharacterAlternative(character="4", confidence=0.05),),
        )
        for each in text
    )
    changes = {"outcome": ReadOutcome.AMBIGUOUS, "plate": None, "characters": characters}
    return plate_read(violation(county="garmsar"), None).model_copy(update=changes)


async def test_a_read_needs_a_token_its_scope_and_a_purpose(service: RunningService) -> None:
    for path in ("/v1/reads", f"/v1/reads/{uuid4()}"):
        async with httpx.AsyncClient(base_url=service.url) as stranger:
            assert problem(await stranger.get(path)) == (401, "unauthorized")
        async with service.client(scope="passages:read citations:read") as http:
            answer = await http.get(path)
            assert problem(answer) == (403, "missing-scope")
            assert answer.json()["scope"] == "reads:read"
        for purpose in (None, "", "%20"):
            async with service.client(purpose=purpose) as http:
                assert problem(await http.get(path)) == (403, "purpose-required")


async def test_every_spelling_finds_the_plate_and_no_other(service: RunningService) -> None:
    own, other = await service.car_passage(PLATE), await service.car_passage("24د68136")
    await service.publish(own, other)
    await service.read_of(own)
    await service.read_of(other)
    async with service.client() as http:
        for spelling in (
            PLATE, "۲۴ د ۶۸۱ | ۳۵", "٢٤د٦٨١٣٥", "24 د 681 ایران 35", "??د68135",
            "24\tد\n681 (35)", "\u200f۲۴-د-۶۸۱، ۳۵:",
        ):  # fmt: skip
            found = (await http.get("/v1/reads", params={"plate": spelling})).json()["items"]
            assert [each["read"]["passage_id"] for each in found] == [str(own.passage_id)]
        both = (await http.get("/v1/reads", params={"plate": "24د6813?"})).json()["items"]
        assert {r["read"]["passage_id"] for r in both} == {
            str(own.passage_id),
            str(other.passage_id),
        }
        for nothing in ("?", "؟??", "%", "_", "%%%", "24X68135", "24ض68135", "2468135", "24_68135"):
            answer = await http.get("/v1/reads", params={"plate": nothing})
            assert problem(answer) == (422, "plate-misspelt")


async def test_a_plate_is_found_where_one_of_its_characters_was_hidden(
    service: RunningService,
) -> None:
    hidden = ambiguous_read("24?6813?")
    other = ambiguous_read("24?6814?")
    async with service.database.transaction() as session:
        for read in (hidden, other):
            await add(session, read, datetime.now(UTC) + timedelta(hours=1))
    async with service.client() as http:
        for spelling in ("24الف68139", "24و68130", "2?و68130"):
            found = (await http.get("/v1/reads", params={"plate": spelling})).json()["items"]
            assert [each["read"]["read_id"] for each in found] == [str(hidden.read_id)], spelling
            assert found[0]["read"]["plate"] is None
            assert found[0]["read"]["characters"][7]["alternatives"][0]["character"] == "4"


async def test_an_unknown_letter_may_be_alef(service: RunningService) -> None:
    alef, other = await service.car_passage("24الف57913"), await service.car_passage("24ب57913")
    await service.publish(alef, other)
    for each in (alef, other):
        await service.read_of(each)
    async with service.client() as http:
        found = (await http.get("/v1/reads", params={"plate": "24?57913"})).json()["items"]
    assert {each["read"]["passage_id"] for each in found} == {
        str(alef.passage_id),
        str(other.passage_id),
    }


async def test_no_answer_is_sent_before_its_audit_record_is_committed(
    service: RunningService,
) -> None:
    async with service.client() as http:
        await http.get("/v1/reads")  # the counter's row exists from now on
        async with service.database.transaction() as session:
            await session.execute(select(audit_counter).with_for_update())
            waiting = asyncio.create_task(http.get("/v1/reads"))
            done, _ = await asyncio.wait({waiting}, timeout=0.5)
            assert not done, "answered although its record could not be written"
        assert (await waiting).status_code == 200


async def test_each_answer_is_recorded_with_what_it_showed_and_its_purpose(
    service: RunningService,
) -> None:
    [read, *others] = await unreadable(service, 3, camera_id=f"audited-{uuid4().hex[:8]}")
    subject, absent = f"officer-{uuid4().hex[:8]}", uuid4()
    async with service.client(
        purpose="%D9%BE%D8%B1%D9%88%D9%86%D8%AF%D9%87 7", sub=subject
    ) as http:
        assert (await http.get("/v1/reads", params={"camera_id": read.camera_id})).is_success
        assert (await http.get(f"/v1/reads/{read.read_id}")).is_success
        assert problem(await http.get(f"/v1/reads/{absent}")) == (404, "not-found")
    search, one, none = await service.audited(subject, 3)
    assert (search.action, one.action, none.action) == ("search", "read", "read")
    assert set(search.resource_ids) == {str(each.read_id) for each in (read, *others)}
    assert one.resource_ids == (str(read.read_id),)
    assert none.resource_ids == (str(absent),)
    assert [r.outcome for r in (search, one, none)] == [
        AuditOutcome.GRANTED,
        AuditOutcome.GRANTED,
        AuditOutcome.DENIED,
    ]
    for record in (search, one, none):
        assert record.purpose == "پرونده 7"
        assert (record.agency, record.scope) == ("traffic-police", "reads:read")
    assert [r.sequence for r in (search, one, none)] == list(
        range(search.sequence, search.sequence + 3)
    )


async def test_concurrent_searches_are_recorded_without_a_gap(service: RunningService) -> None:
    subject = f"officer-{uuid4().hex[:8]}"
    async with service.client(sub=subject) as http:
        answers = await asyncio.gather(*(http.get("/v1/reads") for _ in range(12)))
    assert all(answer.is_success for answer in answers)
    sequences = [record.sequence for record in await service.audited(subject, 12)]
    assert sequences == list(range(sequences[0], sequences[0] + 12))


@pytest.mark.parametrize(
    "bounds", [{"counties": ["damghan"]}, {"counties": []}, {"road_classes": ["local"]}]
)
async def test_a_read_outside_the_bounds_is_not_found(
    service: RunningService, bounds: dict[str, Any]
) -> None:
    [read] = await unreadable(service, 1, camera_id=f"bounded-{uuid4().hex[:8]}")
    assert read.road_class is RoadClass.MAIN_ARTERIAL
    async with service.client(**bounds) as http:
        found = await http.get("/v1/reads", params={"camera_id": read.camera_id})
        assert found.json() == {"items": [], "next": None}
        outside = await http.get(f"/v1/reads/{read.read_id}")
        absent = await http.get(f"/v1/reads/{uuid4()}")
        assert problem(outside) == (404, "not-found")
        assert outside.json() == absent.json(), "that it exists is personal data too"
    async with service.client(counties="*") as http:
        assert (await http.get(f"/v1/reads/{read.read_id}")).is_success


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
async def test_pages_follow_without_gap_or_repetition_while_more_is_read(
    service: RunningService, size: int
) -> None:
    camera_id = f"paged-{uuid4().hex[:8]}"
    stored = await unreadable(service, 7, camera_id=camera_id)
    shown, cursor = [], None
    async with service.client() as http:
        while True:
            query: dict[str, str | int] = {
                "camera_id": camera_id,
                "limit": size,
                **({"cursor": cursor} if cursor else {}),
            }
            page = (await http.get("/v1/reads", params=query)).json()
            assert len(page["items"]) <= size
            shown += [each["read"] for each in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
            newer = passage(camera_id=camera_id)
            await service.publish(newer)
            await service.read_of(newer)
    assert len(shown) == 7
    assert {each["read_id"] for each in shown} == {str(read.read_id) for read in stored}
    times = [datetime.fromisoformat(each["captured_at"]) for each in shown]
    assert times == sorted(times, reverse=True)


async def test_a_time_span_includes_its_beginning_and_not_its_end(service: RunningService) -> None:
    camera_id = f"timed-{uuid4().hex[:8]}"
    stored = await unreadable(service, 6, camera_id=camera_id)
    begin, end = stored[2].captured_at, stored[4].captured_at
    async with service.client() as http:
        query = {"camera_id": camera_id, "from": begin.isoformat(), "to": end.isoformat()}
        found = (await http.get("/v1/reads", params=query)).json()["items"]
        assert {r["read"]["read_id"] for r in found} == {str(r.read_id) for r in stored[2:4]}
        naive = await http.get("/v1/reads", params={"from": "2026-11-20T10:00:00"})
        assert naive.status_code == 422


@pytest.mark.parametrize("cursor", ["x", "AAAA", "bm90IGEgY3Vyc29y", "MjAyNnxub3QtYS11dWlk", "ب"])
async def test_a_cursor_that_was_not_given_out_is_refused(
    service: RunningService, cursor: str
) -> None:
    async with service.client() as http:
        answer = await http.get("/v1/reads", params={"cursor": cursor})
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
    service: RunningService, query: dict[str, str]
) -> None:
    async with service.client() as http:
        answer = await http.get("/v1/reads", params=query)
    assert problem(answer) == (422, "malformed")


async def test_a_page_is_bounded(service: RunningService) -> None:
    async with service.client() as http:
        for limit in (0, -1, 201):
            assert (await http.get("/v1/reads", params={"limit": limit})).status_code == 422


async def test_expired_reads_are_deleted_and_no_others(service: RunningService) -> None:
    async def gone() -> bool:
        async with service.database.transaction() as session:
            statement = select(reads.c.read_id).where(
                reads.c.passage_id == service.expired.passage_id
            )
            return (await session.execute(statement)).first() is None

    await eventually(gone)
    async with service.client() as http:
        assert (await http.get(f"/v1/reads/{service.expired.read_id}")).status_code == 404
        assert (await http.get(f"/v1/reads/{service.unexpired.read_id}")).status_code == 200


async def test_a_read_is_stored_in_the_partition_of_its_day(service: RunningService) -> None:
    today, long_ago = datetime.now(UTC), datetime(2019, 3, 1, tzinfo=UTC)
    seen = [passage(captured_at=at) for at in (today, long_ago)]
    await service.publish(*seen)
    lies_in = {}
    for each in seen:
        await service.read_of(each)
        async with service.database.transaction() as session:
            lies_in[each.captured_at] = await session.scalar(
                text("SELECT tableoid::regclass::text FROM reads WHERE passage_id = :id"),
                {"id": each.passage_id},
            )
    assert lies_in == {today: f"reads_{today:%Y%m%d}", long_ago: "reads_other"}
