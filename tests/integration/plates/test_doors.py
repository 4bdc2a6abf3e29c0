"""Who comes in by the routes of plates, what is on record of the others, and of what they asked."""

from uuid import uuid4

import httpx

from payesh.kit.query_digests import QueryDigests
from payesh.plates.main import create
from tests.integration.plates.conftest import RunningService
from tests.integration.plates.test_search_promises import unreadable
from tests.support.doors import (
    admits_no_stranger,
    doors,
    records_who_lacks_the_scope,
    shows_nothing_of_elsewhere,
    stops_who_asks_too_often,
)
from tests.support.engine_settings import QUERY_KEY
from tests.support.problems import problem

DIGESTS = QueryDigests(QUERY_KEY)


async def test_every_route_is_shut_to_strangers_and_records_whom_it_refuses(
    service: RunningService,
) -> None:
    found = doors(create(service.settings), read_id=str(uuid4()))
    subject = f"person:{uuid4().hex[:8]}"
    await admits_no_stranger(
        found,
        {
            "no token": lambda: httpx.AsyncClient(base_url=service.url),
            "wrong audience": lambda: service.client(aud="elsewhere"),
        },
    )
    await records_who_lacks_the_scope(
        found,
        service.client(sub=subject, scope="law:read"),
        lambda number: service.audited(subject, number),
    )


async def test_every_route_has_a_quota(service: RunningService) -> None:
    app = create(service.settings.model_copy(update={"requests_per_minute": 1}))
    run = uuid4().hex[:8]

    def caller(number: int) -> httpx.AsyncClient:
        token = service.signer.token(f"person:{run}-{number}", scope="law:read")
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=transport, base_url="http://plates", headers=headers)

    await stops_who_asks_too_often(doors(app, read_id=str(uuid4())), caller)
    await app.state.dependencies.database.close()


async def test_a_read_of_another_county_is_shut_on_every_route(service: RunningService) -> None:
    [read] = await unreadable(service, 1, camera_id=f"elsewhere-{uuid4().hex[:8]}")
    subject = f"person:{uuid4().hex[:8]}"
    await shows_nothing_of_elsewhere(
        doors(create(service.settings), read_id=str(read.read_id)),
        service.client(sub=subject, counties=["damghan"]),
        lambda number: service.audited(subject, number),
        hidden=str(read.read_id),
        lists=["GET /v1/reads"],
    )


async def test_who_looked_for_a_plate_is_answered_hits_or_none(service: RunningService) -> None:
    subject = f"person:{uuid4().hex[:8]}"
    begin = "2026-11-26T00:00:00Z"
    asked = [
        {"plate": "۲۴ ص ۶۸۱ | ۳۵", "from": begin},
        {"plate": "24ص68135", "camera_id": "cam-1"},
        {"plate": "24?68135"},
    ]
    async with service.client(sub=subject) as http:
        for each in asked:
            assert (await http.get("/v1/reads", params=each)).json()["items"] == []
    async with service.client(sub=subject, scope="law:read") as http:
        assert problem(await http.get("/v1/reads", params=asked[0])) == (403, "missing-scope")
    records = await service.audited(subject, 4)
    plate = DIGESTS.term("plate", "24ص68135")
    assert [plate in each.query_terms for each in records] == [True, True, False, True]
    assert DIGESTS.term("plate", "24?68135") in records[2].query_terms
    # A refused search is as findable as a granted one.
    assert records[3].query_digest == records[0].query_digest
    assert {each.query_key_id for each in records} == {DIGESTS.key_id}
    assert all("68135" not in each.to_json().decode() for each in records)
