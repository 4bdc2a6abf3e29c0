"""Who comes in by the routes and pages of tickets, and what is on record of the others."""

from functools import partial
from uuid import uuid4

import httpx

from payesh.kit.query_digests import QueryDigests
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.tickets.main import create
from tests.integration.tickets.conftest import Office, claims, token
from tests.support.doors import (
    Door,
    admits_no_stranger,
    doors,
    records_who_lacks_the_scope,
    stops_who_asks_too_often,
)
from tests.support.engine_settings import QUERY_KEY

DIGESTS = QueryDigests(QUERY_KEY)


def ids() -> dict[str, str]:
    return {"citation_id": str(uuid4()), "number": "0", "name": "law.json"}


async def test_every_route_is_shut_to_strangers_and_records_whom_it_refuses(
    office: Office,
) -> None:
    found = doors(office.app, **ids())
    routes, pages = split(found)
    assert pages
    await admits_no_stranger(
        found,
        {
            "no token": lambda: httpx.AsyncClient(base_url=office.url),
            "wrong audience": lambda: office.client(aud="elsewhere"),
        },
    )
    name = uuid4().hex[:8]
    client = office.client(name, scope="health:read")
    await records_who_lacks_the_scope(routes, client, partial(office.audited, name))
    name = uuid4().hex[:8]
    cookie, _ = await Sessions(office.database).begin(claims(name, scope="health:read"), "test")
    browser = httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: cookie})
    await records_who_lacks_the_scope(pages, browser, partial(office.audited, name))


def split(found: list[Door]) -> tuple[list[Door], list[Door]]:
    """Routes for tokens, and pages, which take sessions alone."""
    routes = [door for door in found if door.path.startswith("/v1/")]
    return routes, [door for door in found if door not in routes]


async def test_every_route_has_a_quota(office: Office) -> None:
    app = create(office.settings.model_copy(update={"requests_per_minute": 1}))
    run = uuid4().hex[:8]

    def caller(number: int) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token(f'{run}-{number}', scope='health:read')}"}
        transport = httpx.ASGITransport(app)
        return httpx.AsyncClient(transport=transport, base_url="http://tickets", headers=headers)

    routes, _ = split(doors(app, **ids()))
    await stops_who_asks_too_often(routes, caller)
    await app.state.dependencies.database.close()


async def test_what_was_asked_for_is_recorded_digested(office: Office) -> None:
    citation_id, name = await office.draft(), uuid4().hex[:8]
    path = f"/v1/citations/{citation_id}"
    async with office.client(name) as http:
        for each in ("/v1/citations?state=drafted", path, f"{path}/clip", f"{path}/shots/0"):
            assert (await http.get(each)).is_success, each
    listed, *of_one = await office.audited(name, 4)
    assert listed.query_terms == (DIGESTS.term("state", "drafted"),)
    assert {each.query_digest for each in of_one} == {DIGESTS.term("citation_id", str(citation_id))}
    # Who opened or exported the evidence of a plate is found as who searched it is.
    assert all(DIGESTS.term("plate", "12ب34567") in each.query_terms for each in of_one)
