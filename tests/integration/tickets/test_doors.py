"""Who comes in by the routes and pages of tickets, and what is on record of the others."""

from functools import partial
from uuid import uuid4

import httpx

from payesh.kit.query_digests import QueryDigests
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.tickets.main import create
from tests.integration.tickets.conftest import Office, claims, token
from tests.integration.tickets.test_desk_promises import ISSUE
from tests.integration.tickets.test_dues_promises import (
    NOTIFICATION,
    OBJECTION,
    PAYMENT,
    UPHELD,
)
from tests.integration.tickets.test_exemptions import exemption
from tests.integration.tickets.test_warnings import period
from tests.support.doors import (
    Door,
    admits_no_stranger,
    doors,
    records_who_lacks_the_scope,
    shows_nothing_of_elsewhere,
    stops_who_asks_too_often,
)
from tests.support.engine_settings import QUERY_KEY

DIGESTS = QueryDigests(QUERY_KEY)


def ids() -> dict[str, str]:
    return {
        "citation_id": str(uuid4()),
        "edition_id": str(uuid4()),
        "number": "0",
        "name": "law.json",
        "camera_id": "camera-of-nobody",
        "exemption_id": str(uuid4()),
        "objection_id": str(uuid4()),
        "endpoint_id": str(uuid4()),
        "period_id": str(uuid4()),
    }


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

    cookies = []
    routes, pages = split(doors(app, **ids()))
    for number in range(len(pages)):
        of_page = claims(f"{run}-page-{number}", scope="health:read")
        cookies.append((await Sessions(office.database).begin(of_page, "test"))[0])

    def browser(number: int) -> httpx.AsyncClient:
        transport, cookie = httpx.ASGITransport(app), {SESSION_COOKIE: cookies[number]}
        return httpx.AsyncClient(transport=transport, base_url="http://tickets", cookies=cookie)

    await stops_who_asks_too_often(routes, caller)
    await stops_who_asks_too_often(pages, browser)
    await app.state.dependencies.database.close()


LAW = "the law is one for the whole province"


async def test_a_citation_of_another_county_is_shut_on_every_route_and_page(
    office: Office,
) -> None:
    citation_id = str(await office.draft())
    async with office.client() as http:
        exempt = exemption(county="semnan", plate="77ب77777")
        exemption_id = (await http.post("/v1/exemptions", json=exempt)).json()["exemption_id"]
    of_semnan = {"citation_id": citation_id, "exemption_id": exemption_id}
    found = doors(office.app, **{**ids(), **of_semnan})
    routes, pages = split(found)
    without = {door.route: LAW for door in found if "/law" in door.route}
    name = f"elsewhere-{uuid4().hex[:8]}"
    await shows_nothing_of_elsewhere(
        routes,
        office.client(name, counties=["shahrud"]),
        partial(office.audited, name),
        hidden=citation_id,
        lists=[
            "GET /v1/citations",
            "GET /v1/citations/search",
            "POST /v1/citations/next",
            "POST /v1/second-looks/next",
            "POST /v1/corrections/next",
            "GET /v1/suspensions",
            "GET /v1/warning-periods",
            "GET /v1/exemptions",
            "GET /v1/objections",
        ],
        without={route: why for route, why in without.items() if " /v1/" in route},
        sent={
            f"POST /v1/citations/{{citation_id}}/{step}": {"json": body}
            for step, body in (
                ("decide", ISSUE),
                ("return", {"note": "why"}),
                ("give-back", {"note": "why"}),
                ("void", {"note": "why"}),
                ("set-exemption-aside", {"note": "why"}),
                ("notify", NOTIFICATION),
                ("withdraw-notification", {"note": "why"}),
                ("payments", PAYMENT),
                ("reverse-payment", {"note": "why"}),
                ("objections", OBJECTION),
                ("objections/{objection_id}/decide", UPHELD),
                ("set-hold-aside", {"kind": "cloned_plate", "note": "why"}),
                ("correct-plate", {"plate": "12ب34587", "reason": "why", "shot": 0}),
            )
        }
        | {
            "POST /v1/warning-periods": {"json": period("semnan", "camera-1")},
            "POST /v1/warning-periods/{period_id}/end": {"json": {"note": "why"}},
            "GET /v1/citations/search": {"params": {"camera_id": "camera-1"}},
            "POST /v1/second-looks/{citation_id}/decide": {"json": ISSUE},
            "POST /v1/corrections/{citation_id}/read": {"json": {"plate": "12ب34587"}},
            "POST /v1/corrections/{citation_id}/dispute": {"json": {"note": "why"}},
            "POST /v1/suspensions/{camera_id}/lift": {"json": {"note": "why"}},
            "POST /v1/exemptions": {"json": exempt},
            "POST /v1/exemptions/{exemption_id}/refuse": {"json": {"note": "why"}},
            "POST /v1/exemptions/{exemption_id}/end": {"json": {"note": "why"}},
        },
    )
    name = f"elsewhere-{uuid4().hex[:8]}"
    of_page = claims(name, counties=["shahrud"])
    cookie, _ = await Sessions(office.database).begin(of_page, "test")
    await shows_nothing_of_elsewhere(
        pages,
        httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: cookie}, timeout=20),
        partial(office.audited, name),
        hidden=citation_id,
        lists=[
            "GET /queue",
            "GET /queue/count",
            "GET /queue/search",
            "GET /supervisor",
            "GET /exemptions",
        ],
        sent={"GET /queue/search": {"params": {"q": "camera-1"}}},
        without={route: why for route, why in without.items() if " /v1/" not in route},
    )


async def test_what_was_asked_for_is_recorded_digested(office: Office) -> None:
    citation_id, name = await office.draft(), uuid4().hex[:8]
    path = f"/v1/citations/{citation_id}"
    async with office.client(name) as http:
        for each in (
            "/v1/citations?state=drafted",
            "/v1/citations/search?plate=12ب34567",
            path,
            f"{path}/clip",
            f"{path}/shots/0",
        ):
            assert (await http.get(each)).is_success, each
    listed, searched, *of_one = await office.audited(name, 5)
    assert listed.query_terms == (DIGESTS.term("state", "drafted"),)
    assert searched.query_terms == (DIGESTS.term("plate", "12ب34567"),)
    assert {each.query_digest for each in of_one} == {DIGESTS.term("citation_id", str(citation_id))}
    # Who opened or exported the evidence of a plate is found as who searched it is.
    assert all(DIGESTS.term("plate", "12ب34567") in each.query_terms for each in of_one)
