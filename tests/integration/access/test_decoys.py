"""Who looked for a plate has an answer, and a decoy plate that is looked for raises an alarm."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from payesh.kit.bus import Producer
from payesh.kit.query_digests import QueryDigests
from tests.support.waiting import eventually

from .conftest import RunningAccess
from .test_audit import record

DECOYS = "/v1/audit/decoys"


@pytest.fixture
def plate() -> str:
    """A plate of layout car that no other test looks for."""
    return (
        f"{secrets.randbelow(89) + 10}ب{secrets.randbelow(899) + 100}{secrets.randbelow(89) + 10}"
    )


@pytest.fixture
async def producer(access: RunningAccess) -> AsyncIterator[Producer]:
    producer = Producer(access.settings)
    await producer.start()
    yield producer
    await producer.stop()


async def searched(
    access: RunningAccess,
    producer: Producer,
    plate: str,
    *,
    recorded_at: datetime | None = None,
    **more: Any,
) -> str:
    """A record of a search as plates publishes it; its epoch."""
    epoch = uuid4().hex
    digest = QueryDigests(access.settings.query_digest_key).of({"plate": plate, **more})
    await producer.publish(
        record(
            epoch,
            1,
            recorded_at=recorded_at or datetime.now(UTC),
            resource_ids=(),
            query_digest=digest.whole,
            query_terms=digest.terms,
            query_key_id=digest.key_id,
        )
    )
    return epoch


async def who_looked_for(access: RunningAccess, plate: str) -> list[str]:
    answer = await access.post("/v1/audit/plate-searches", {"plate": plate, "limit": 200})
    assert answer.status_code == 200, answer.text
    terms = set(answer.json()["terms"])
    assert all(terms.intersection(each["record"]["query_terms"]) for each in answer.json()["items"])
    return [
        item["record"]["epoch"]
        for item in answer.json()["items"]
        if item["record"]["service"] == "plates"
    ]


async def test_who_looked_for_a_plate_is_found_in_any_spelling_and_with_places_unknown(
    access: RunningAccess, producer: Producer, plate: str
) -> None:
    whole = await searched(access, producer, plate, camera_id="cam-1")
    partial = await searched(access, producer, f"{plate[:5]}?{plate[6:]}")
    other = await searched(access, producer, "11ب11111")

    async def found() -> bool:
        return {whole, partial} <= set(await who_looked_for(access, plate))

    await eventually(found)
    assert other not in await who_looked_for(access, plate)
    spaced = f"{plate[:2]} {plate[2]} {plate[3:6]}-{plate[6:]}"
    assert {whole, partial} <= set(await who_looked_for(access, spaced))
    refused = await access.post("/v1/audit/plate-searches", {"plate": "no plate"})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:payesh:problem:plate")


async def decoy_alarms(access: RunningAccess, decoy_id: str) -> list[dict[str, Any]]:
    answer = await access.get("/v1/audit/alarms?open=true&limit=200")
    return [
        alarm for alarm in answer.json()["items"] if alarm["details"].get("decoy_id") == decoy_id
    ]


async def test_a_decoy_of_two_people_raises_an_alarm_when_it_is_looked_for(
    access: RunningAccess, producer: Producer, plate: str
) -> None:
    one = await access.person_bearer(scopes=["audit:decoys"])
    other = await access.person_bearer(scopes=["audit:decoys"])
    entered = await access.post(DECOYS, {"name": "north gate", "plate": plate}, one)
    assert entered.status_code == 201, entered.text
    decoy_id = entered.json()["decoy_id"]
    confirm = f"{DECOYS}/{decoy_id}/confirm"
    own = await access.post(confirm, {"plate": plate}, one)
    assert (own.status_code, own.json()["type"]) == (403, "urn:payesh:problem:second-person")
    wrong = await access.post(confirm, {"plate": "11ب11111"}, other)
    assert (wrong.status_code, wrong.json()["type"]) == (409, "urn:payesh:problem:other-plate")
    assert (await access.post(confirm, {"plate": plate}, other)).status_code == 204
    assert (await access.post(confirm, {"plate": plate}, other)).status_code == 409

    before = await searched(access, producer, plate)
    with_unknown = await searched(access, producer, f"?{plate[1:]}")

    async def raised() -> bool:
        return len(await decoy_alarms(access, decoy_id)) >= 2

    await eventually(raised)
    alarms = await decoy_alarms(access, decoy_id)
    assert {alarm["details"]["subject"] for alarm in alarms} == {
        f"person:{before}",
        f"person:{with_unknown}",
    }
    assert {alarm["kind"] for alarm in alarms} == {"decoy"}

    async def recorded() -> bool:
        found = await access.get(f"/v1/audit?resource={alarms[0]['alarm_id']}")
        return "alarm:decoy" in [i["record"]["action"] for i in found.json()["items"]]

    await eventually(recorded)
    async with access.http() as http:
        notices = (await http.get("/readyz")).json()["notices"]
    assert "decoy: " in notices["audit alarms"]

    listed = (await access.get(DECOYS, one)).json()["items"]
    assert plate not in str(listed)


async def active_decoy(access: RunningAccess, plate: str) -> tuple[str, list[dict[str, str]]]:
    """A decoy of two people, and the headers of both."""
    people = [await access.person_bearer(scopes=["audit:decoys"]) for _ in range(2)]
    entered = await access.post(DECOYS, {"name": "gate", "plate": plate}, people[0])
    decoy_id = str(entered.json()["decoy_id"])
    confirmed = await access.post(f"{DECOYS}/{decoy_id}/confirm", {"plate": plate}, people[1])
    assert confirmed.status_code == 204, confirmed.text
    return decoy_id, people


async def subjects_alarmed(access: RunningAccess, decoy_id: str) -> set[str]:
    return {alarm["details"]["subject"] for alarm in await decoy_alarms(access, decoy_id)}


async def test_one_person_cannot_retire_a_decoy(
    access: RunningAccess, producer: Producer, plate: str
) -> None:
    decoy_id, (one, other) = await active_decoy(access, plate)
    retire = f"{DECOYS}/{decoy_id}/retire"
    proposed = await access.post(retire, {}, one)
    assert (proposed.status_code, proposed.json()["state"]) == (200, "retiring")
    again = await access.post(retire, {}, one)
    assert (again.status_code, again.json()["type"]) == (403, "urn:payesh:problem:second-person")
    epoch = await searched(access, producer, plate)

    async def raised() -> bool:
        return f"person:{epoch}" in await subjects_alarmed(access, decoy_id)

    await eventually(raised)
    retired = await access.post(retire, {}, other)
    assert (retired.status_code, retired.json()["state"]) == (200, "retired")
    assert (await access.post(retire, {}, one)).status_code == 409


async def test_a_proposal_to_retire_a_decoy_holds_for_a_day(
    access: RunningAccess, plate: str
) -> None:
    """Else one that no person answered would let the next person retire it alone."""
    decoy_id, (one, other) = await active_decoy(access, plate)
    retire = f"{DECOYS}/{decoy_id}/retire"
    await access.post(retire, {}, one)
    database = await access.database()
    try:
        await database.execute(
            "UPDATE decoys SET retirement_at = retirement_at - interval '25 hours'"
            " WHERE decoy_id = $1",
            UUID(decoy_id),
        )
    finally:
        await database.close()
    answer = await access.post(retire, {}, other)
    assert (answer.status_code, answer.json()["state"]) == (200, "retiring")
    assert (await access.post(retire, {}, one)).json()["state"] == "retired"


async def test_a_search_before_the_retirement_raises_its_alarm_when_it_arrives_after(
    access: RunningAccess, producer: Producer, plate: str
) -> None:
    decoy_id, people = await active_decoy(access, plate)
    searched_at = datetime.now(UTC)
    for person in people:
        await access.post(f"{DECOYS}/{decoy_id}/retire", {}, person)
    late = await searched(access, producer, plate, recorded_at=searched_at)
    after = await searched(
        access, producer, plate, recorded_at=datetime.now(UTC) + timedelta(minutes=2)
    )

    async def raised() -> bool:
        return f"person:{late}" in await subjects_alarmed(access, decoy_id)

    async def seen() -> bool:
        return after in await who_looked_for(access, plate)

    await eventually(raised)
    await eventually(seen)
    assert f"person:{after}" not in await subjects_alarmed(access, decoy_id)


async def test_a_refused_search_of_the_log_carries_what_was_searched_and_meets_decoys(
    access: RunningAccess, plate: str
) -> None:
    decoy_id, _ = await active_decoy(access, plate)
    without_scope = await access.bearer_with(scopes=["people:read"])
    without_purpose = {
        name: value
        for name, value in (await access.person_bearer(scopes=["audit:read"])).items()
        if name == "Authorization"
    }
    body = {"plate": plate, "limit": 7}
    async with access.http() as http:
        for headers in (without_scope, without_purpose):
            refused = await http.post("/v1/audit/plate-searches", json=body, headers=headers)
            assert refused.status_code == 403, refused.text
        malformed = await http.post(
            "/v1/audit/plate-searches", json={"plate": 7}, headers=without_scope
        )
        assert malformed.status_code == 403
    term = QueryDigests(access.settings.query_digest_key).of({"plate": plate})

    async def recorded() -> list[dict[str, Any]]:
        answer = await access.post("/v1/audit/plate-searches", {"plate": plate, "limit": 200})
        return [
            item["record"]
            for item in answer.json()["items"]
            if item["record"]["outcome"] == "denied"
        ]

    async def both() -> bool:
        return len(await recorded()) == 2

    await eventually(both)
    assert {each["query_digest"] for each in await recorded()} == {term.whole}

    async def alarmed() -> bool:
        alarms = await decoy_alarms(access, decoy_id)
        return [each["details"]["outcome"] for each in alarms].count("denied") == 2

    await eventually(alarmed)


async def test_a_decoy_of_one_person_raises_no_alarm(
    access: RunningAccess, producer: Producer, plate: str
) -> None:
    one = await access.person_bearer(scopes=["audit:decoys"])
    entered = await access.post(DECOYS, {"name": "south gate", "plate": plate}, one)
    epoch = await searched(access, producer, plate)

    async def seen() -> bool:
        return epoch in await who_looked_for(access, plate)

    await eventually(seen)
    assert await decoy_alarms(access, entered.json()["decoy_id"]) == []


async def test_decoys_are_kept_by_people_of_the_operators_agency(
    access: RunningAccess, plate: str
) -> None:
    machine = await access.bearer_with(scopes=["audit:decoys"])
    refused = await access.post(DECOYS, {"name": "x", "plate": plate}, machine)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:payesh:problem:person-required",
    )


async def test_no_plate_of_a_decoy_is_stored(access: RunningAccess, plate: str) -> None:
    one = await access.person_bearer(scopes=["audit:decoys"])
    await access.post(DECOYS, {"name": "east gate", "plate": plate}, one)
    database = await access.database()
    try:
        rows = await database.fetch("SELECT d::text FROM decoys AS d")
    finally:
        await database.close()
    assert rows and not any(plate in row["d"] for row in rows)
