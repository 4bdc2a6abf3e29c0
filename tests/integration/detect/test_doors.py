"""Who comes in by the routes of detect, and what is on record of the others."""

from datetime import UTC, datetime
from uuid import uuid4

import httpx

from payesh.detect.main import create
from payesh.kit.query_digests import QueryDigests
from tests.integration.detect.conftest import CountingHouse, counted, incident
from tests.integration.detect.shown_view import measured, show_view
from tests.integration.detect.test_query_promises import projected
from tests.support.doors import (
    admits_no_stranger,
    doors,
    records_who_lacks_the_scope,
    shows_nothing_of_elsewhere,
    stops_who_asks_too_often,
)
from tests.support.engine_settings import QUERY_KEY
from tests.support.passage_builder import passage


async def test_every_route_is_shut_to_strangers_and_records_whom_it_refuses(
    house: CountingHouse,
) -> None:
    passage_id = str(uuid4())
    found = doors(create(house.settings), passage_id=passage_id, camera_id="camera-1")
    subject = f"person:{uuid4().hex[:8]}"
    await admits_no_stranger(
        found,
        {
            "no token": lambda: httpx.AsyncClient(base_url=house.url),
            "wrong audience": lambda: house.client(aud="elsewhere"),
        },
    )
    await records_who_lacks_the_scope(
        found,
        house.client(sub=subject, scope="law:read"),
        lambda number: house.audited(subject, number),
    )
    records = await house.audited(subject, len(found))
    by_id = next(r for r in records if r.resource_ids == (passage_id,))
    assert by_id.resource_ids == (passage_id,)
    assert by_id.query_digest == QueryDigests(QUERY_KEY).of({"passage_id": passage_id}).whole


async def test_every_route_has_a_quota(house: CountingHouse) -> None:
    app = create(house.settings.model_copy(update={"requests_per_minute": 1}))
    run = uuid4().hex[:8]

    def caller(number: int) -> httpx.AsyncClient:
        token = house.signer.token(f"person:{run}-{number}", scope="law:read")
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=transport, base_url="http://detect", headers=headers)

    found = doors(app, passage_id=str(uuid4()), camera_id="camera-1")
    await stops_who_asks_too_often(found, caller)
    await app.state.dependencies.database.close()


async def test_a_passage_of_another_county_is_shut_on_every_route(house: CountingHouse) -> None:
    seen = passage()
    await projected(house, seen)
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    counts = counted(seen.camera_id, noon, stream_id=uuid4())
    await house.projected(counts)
    happened = incident(seen.camera_id, noon)
    await house.publish(happened)
    await house.incident_shown(happened)
    subject = f"person:{uuid4().hex[:8]}"
    await show_view(house, seen.camera_id)
    await shows_nothing_of_elsewhere(
        doors(create(house.settings), passage_id=str(seen.passage_id), camera_id=seen.camera_id),
        house.client(sub=subject, counties=["damghan"]),
        lambda number: house.audited(subject, number),
        hidden=seen.camera_id,
        lists=["GET /v1/traffic", "GET /v1/incidents"],
        without={"GET /calibration": "asks for a camera's id and shows none"},
        sent={
            "POST /v1/cameras/{camera_id}/calibration": {"json": measured()},
            "POST /v1/cameras/{camera_id}/drives": {
                "json": {"drives": [{"at": "2026-11-20T12:00:00Z", "known_kmh": 60.0}]}
            },
        },
    )
