"""Incidents that the observer published can be read: once each, with their ends, within bounds."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from payesh.contracts import IncidentObserved
from payesh.contracts.vocabulary import IncidentEnd, IncidentKind
from payesh.detect.adapters.tables import incidents
from payesh.detect.handlers.retention import expire_incidents
from payesh.detect.main import create
from tests.integration.detect.conftest import CountingHouse, incident
from tests.support.partitions import neighbour_of
from tests.support.problems import problem

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def camera() -> str:
    return f"watched-{uuid4().hex[:10]}"


def ended(raised: IncidentObserved, minutes: int = 5) -> IncidentObserved:
    end = raised.began_at + timedelta(minutes=minutes)
    return raised.model_copy(
        update={
            "captured_at": end,
            "ended_at": end,
            "ended_by": IncidentEnd.CLEARED,
            "value": 60.0 * minutes,
        }
    )


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [each["incident_id"] for each in items]


async def test_an_incident_is_shown_once_and_then_with_its_end(house: CountingHouse) -> None:
    name = camera()
    raised = incident(name, NOON)
    await house.publish(raised, raised)
    await house.incident_shown(raised)
    assert ids(await house.incidents(camera_id=name)) == [str(raised.incident_id)]
    over = ended(raised)
    await house.publish(over)
    await house.incident_shown(over)
    assert ids(await house.incidents(camera_id=name)) == [str(raised.incident_id)]


async def test_an_end_stays_whatever_is_delivered_after_it(house: CountingHouse) -> None:
    """Its beginning may come late, out of a dead letter."""
    name = camera()
    raised = incident(name, NOON)
    await house.publish(ended(raised))
    await house.incident_shown(ended(raised))
    beside = incident(str(neighbour_of(raised.topic, name)), NOON)
    await house.publish(raised, beside)
    await house.incident_shown(beside)
    (found,) = await house.incidents(camera_id=name)
    assert found["ended_by"] == "cleared"


async def test_incidents_are_asked_for_by_kind_time_and_whether_they_last(
    house: CountingHouse,
) -> None:
    name = camera()
    first = incident(name, NOON)
    second = incident(name, NOON + timedelta(minutes=1), incident=IncidentKind.QUEUE)
    third = incident(name, NOON + timedelta(minutes=2))
    await house.publish(first, second, third, ended(first))
    await house.incident_shown(ended(first))

    async def asked(**query: Any) -> list[str]:
        return ids(await house.incidents(camera_id=name, **query))

    one, two, three = (str(each.incident_id) for each in (first, second, third))
    assert await asked() == [one, two, three]
    assert await asked(incident="queue") == [two]
    assert await asked(ended="false") == [two, three]
    assert await asked(ended="true") == [one]
    begun = {"from": "2026-11-20T12:01:00Z", "to": "2026-11-20T12:02:00Z"}
    assert await asked(**begun) == [two]
    assert await asked(incident="an_unknown_kind") == []


@pytest.mark.parametrize("size", [1, 2, 3, 50])
async def test_pages_join_without_gap_or_repetition(house: CountingHouse, size: int) -> None:
    name = camera()
    # Several begin at one moment: equal times must not hide each other.
    own = [incident(name, NOON + timedelta(minutes=n // 3)) for n in range(7)]
    await house.publish(*own)
    await house.incident_shown(own[-1])
    shown, cursor = [], None
    async with house.client() as http:
        while True:
            query: dict[str, Any] = {"camera_id": name, "limit": size}
            query |= {"cursor": cursor} if cursor else {}
            page = (await http.get("/v1/incidents", params=query)).json()
            shown += [(each["began_at"], each["incident_id"]) for each in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
    assert shown == sorted(set(shown))
    assert {found for _, found in shown} == {str(each.incident_id) for each in own}


async def test_incidents_need_a_token_and_its_scope_but_no_purpose(house: CountingHouse) -> None:
    async with httpx.AsyncClient(base_url=house.url) as stranger:
        assert problem(await stranger.get("/v1/incidents")) == (401, "unauthorized")
    async with house.client(scope="passages:read reads:read") as http:
        assert problem(await http.get("/v1/incidents")) == (403, "missing-scope")
    async with house.client(purpose=None, scope="traffic:read") as http:
        assert (await http.get("/v1/incidents")).status_code == 200


@pytest.mark.parametrize("bounds", [{"counties": ["damghan"]}, {"road_classes": ["local"]}])
async def test_incidents_outside_the_bounds_are_not_shown(
    house: CountingHouse, bounds: dict[str, Any]
) -> None:
    name = camera()
    happened = incident(name, NOON)
    await house.publish(happened)
    await house.incident_shown(happened)
    async with house.client(**bounds) as http:
        answer = await http.get("/v1/incidents", params={"camera_id": name})
    assert answer.json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"camera_id": "a\0"}, "malformed"),
        ({"incident": "a\0"}, "malformed"),
        ({"incident": "Queue"}, "malformed"),
        ({"ended": "perhaps"}, "malformed"),
        ({"cursor": "bm90IGEgY3Vyc29y"}, "bad-cursor"),
    ],
)
async def test_a_question_that_cannot_be_meant_is_refused(
    house: CountingHouse, query: dict[str, str], expected: str
) -> None:
    async with house.client() as http:
        answer = await http.get("/v1/incidents", params=query)
    assert problem(answer) == (422, expected)


async def test_old_incidents_expire(house: CountingHouse) -> None:
    name = camera()
    now = datetime.now(UTC)
    old, recent = incident(name, now - timedelta(days=401)), incident(name, now)
    await house.publish(old, recent)
    await house.incident_shown(recent)
    app = create(house.settings)
    await expire_incidents(app.state.dependencies)
    await app.state.dependencies.database.close()
    async with house.database.transaction() as session:
        rows = select(incidents.c.incident_id).where(incidents.c.camera_id == name)
        assert (await session.scalars(rows)).all() == [recent.incident_id]
