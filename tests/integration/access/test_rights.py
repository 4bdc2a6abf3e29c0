"""No holder grants more than it holds, and every route asks for a scope."""

import secrets
from typing import Any

import pytest

from payesh.contracts.audiences import audience_of
from tests.support.problems import problem

from .conftest import PASSWORD, Browser, RunningAccess

ADMINISTERS = ["agencies:write", "clients:write", "keys:write", "people:write"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"scopes": ["people:write", "citations:decide"]},
        {"counties": ["semnan", "shahrud"]},
        {"counties": "*"},
        {"road_classes": "*"},
    ],
)
async def test_a_granter_cannot_grant_more_than_they_hold(
    access: RunningAccess, wanted: dict[str, Any]
) -> None:
    granter = await access.bearer_with(
        scopes=["people:write", "clients:write", "citations:read"],
        counties=["semnan"],
        road_classes=["highway"],
    )
    own = {"scopes": ["citations:read"], "counties": ["semnan"], "road_classes": ["highway"]}
    for made in (
        await access.new_person(granter, **own | wanted),
        await access.new_client(granter, **own | wanted),
    ):
        assert made.status_code == 403
        assert made.json()["type"].endswith("wider-than-own")
    officer = (await access.new_person(granter, **own)).json()
    changed = await access.patch(f"/v1/people/{officer['person_id']}", wanted, granter)
    assert changed.status_code == 403


async def test_a_granter_cannot_take_over_an_account_that_holds_more(access: RunningAccess) -> None:
    granter = await access.bearer_with(scopes=["people:write", "clients:write"])
    officer = (await access.new_person()).json()
    machine = (await access.new_client(scopes=["audit:read"])).json()["client"]
    set_password = await access.patch(
        f"/v1/people/{officer['person_id']}", {"password": "another long phrase"}, granter
    )
    new_secret = await access.post(f"/v1/clients/{machine['client_id']}/secret", None, granter)
    assert set_password.status_code == new_secret.status_code == 403


async def signed_in(browser: Browser, officer: dict[str, Any]) -> dict[str, str]:
    """Headers with a person's token, from the flow that a page uses."""
    browser.request["resource"] = audience_of("access")
    answer = await browser.redeem(await browser.code(officer["username"]))
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.mark.parametrize("taken", ["account", "agency", "page", "scopes"])
async def test_an_earlier_token_cannot_restore_what_was_taken_away(
    access: RunningAccess, browser: Browser, taken: str
) -> None:
    agency = f"office-{secrets.token_hex(4)}"
    await access.post("/v1/agencies", {"agency_id": agency, "name": "اداره"})
    theirs = {"agency": agency, "scopes": [], "counties": []}
    officer = (await access.new_person(agency=agency, scopes=ADMINISTERS, counties="*")).json()
    holder = await signed_in(browser, officer)
    second = (await access.new_person(holder, **theirs)).json()
    machine = (await access.new_client(holder, **theirs)).json()["client"]
    path, change = {
        "account": (f"/v1/people/{officer['person_id']}", {"enabled": False}),
        "agency": (f"/v1/agencies/{agency}", {"enabled": False}),
        "page": ("/v1/clients/tickets-pages", {"enabled": False}),
        "scopes": (f"/v1/people/{officer['person_id']}", {"scopes": []}),
    }[taken]
    assert (await access.patch(path, change)).status_code == 200
    try:
        answers = [
            await access.patch(f"/v1/people/{officer['person_id']}", {"enabled": True}, holder),
            await access.patch(f"/v1/people/{second['person_id']}", {"password": PASSWORD}, holder),
            await access.new_person(holder, **theirs),
            await access.patch(f"/v1/clients/{machine['client_id']}", {"enabled": True}, holder),
            await access.post(f"/v1/clients/{machine['client_id']}/secret", None, holder),
            await access.new_client(holder, **theirs),
            await access.patch(f"/v1/agencies/{agency}", {"enabled": True}, holder),
            await access.post("/v1/agencies", {"agency_id": f"{agency}-2", "name": "x"}, holder),
            await access.post("/v1/keys/rotate", None, holder),
        ]
    finally:
        await access.patch("/v1/clients/tickets-pages", {"enabled": True})
    expected = "missing-scope" if taken == "scopes" else "disabled"
    # Refused by what is stored now until the revocation is read, a second later at most.
    assert {(each.status_code, each.json()["type"]) for each in answers} <= {
        (403, f"urn:payesh:problem:{expected}"),
        (401, "urn:payesh:problem:revoked"),
    }


async def test_after_a_right_was_taken_away_a_person_grants_what_is_still_held_and_no_more(
    access: RunningAccess, browser: Browser
) -> None:
    officer = (
        await access.new_person(
            scopes=["people:write", "citations:read"], counties=["semnan", "damghan"]
        )
    ).json()
    holder = await signed_in(browser, officer)
    await access.patch(f"/v1/people/{officer['person_id']}", {"counties": ["semnan"]})
    earlier = await access.new_person(holder, scopes=["citations:read"], counties=["damghan"])
    assert earlier.json()["type"].split(":")[-1] in ("wider-than-own", "revoked")
    holder = await signed_in(Browser(access), officer)
    wider = await access.new_person(holder, scopes=["citations:read"], counties=["damghan"])
    assert (wider.status_code, wider.json()["type"].split(":")[-1]) == (403, "wider-than-own")
    held = await access.new_person(holder, scopes=["citations:read"], counties=["semnan"])
    assert held.status_code == 201


async def test_of_ones_own_account_one_changes_the_password_alone(
    access: RunningAccess, browser: Browser
) -> None:
    officer = (await access.new_person(scopes=["people:write"])).json()
    holder, path = await signed_in(browser, officer), f"/v1/people/{officer['person_id']}"
    changes: list[dict[str, Any]] = [
        {"enabled": True},
        {"scopes": []},
        {"counties": "*"},
        {"name": "x"},
    ]
    for change in changes:
        refused = await access.patch(path, change | {"password": PASSWORD}, holder)
        assert refused.json()["type"].endswith("own-account")
    assert (await access.patch(path, {"password": PASSWORD}, holder)).status_code == 200
    machine = (await access.new_client(scopes=["clients:write"])).json()
    client_id = machine["client"]["client_id"]
    token = (await access.token(client_id, machine["client_secret"])).json()["access_token"]
    own, path = {"Authorization": f"Bearer {token}"}, f"/v1/clients/{client_id}"
    assert (await access.patch(path, {"redirect_uris": []}, own)).status_code == 403
    assert (await access.post(f"{path}/secret", None, own)).status_code == 200


async def test_an_agencys_granter_sees_and_manages_its_own_people_only(
    access: RunningAccess,
) -> None:
    await access.post("/v1/agencies", {"agency_id": "police-shahrud", "name": "پلیس شاهرود"})
    theirs = (await access.new_person(agency="police-shahrud")).json()
    granter = await access.bearer_with(
        scopes=["people:write", "people:read", "citations:read", "citations:decide"],
        counties="*",
    )
    path = f"/v1/people/{theirs['person_id']}"
    assert (await access.get(path, granter)).status_code == 404
    assert (await access.patch(path, {"enabled": False}, granter)).status_code == 404
    assert (await access.new_person(granter, agency="police-shahrud")).status_code == 403
    listed = (await access.get("/v1/people?limit=200", granter)).json()["items"]
    assert {person["agency"] for person in listed} == {"payesh"}


async def test_a_disabled_agency_gets_no_tokens(access: RunningAccess) -> None:
    await access.post("/v1/agencies", {"agency_id": "municipality", "name": "شهرداری"})
    made = (await access.new_client(agency="municipality")).json()
    client = made["client"]["client_id"], made["client_secret"]
    assert (await access.token(*client)).status_code == 200
    await access.patch("/v1/agencies/municipality", {"enabled": False})
    assert (await access.token(*client)).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/clients", "clients:write"),
        ("GET", "/v1/clients", "clients:read"),
        ("POST", "/v1/people", "people:write"),
        ("GET", "/v1/people", "people:read"),
        ("POST", "/v1/agencies", "agencies:write"),
        ("GET", "/v1/agencies", "agencies:read"),
        ("POST", "/v1/keys/rotate", "keys:write"),
        ("GET", "/v1/audit", "audit:read"),
        ("GET", "/v1/audit/gaps", "audit:read"),
    ],
)
async def test_every_route_of_administrators_asks_for_its_scope(
    access: RunningAccess, method: str, path: str, scope: str
) -> None:
    held = "people:read" if scope != "people:read" else "agencies:read"
    other = await access.bearer_with(scopes=[held])
    async with access.http() as http:
        without_token = await http.request(method, path)
        refused = await http.request(method, path, headers=other)
    assert without_token.status_code == 401
    assert without_token.headers["www-authenticate"].startswith("Bearer")
    assert refused.status_code == 403
    assert refused.json()["scope"] == scope


async def test_reading_people_needs_a_purpose(access: RunningAccess) -> None:
    officer = (await access.new_person()).json()
    one = f"/v1/people/{officer['person_id']}"
    async with access.http(headers=access.admin) as http:
        answers = [
            await http.get("/v1/people"),
            await http.get(one),
            await http.patch(one, json={}),
            await http.post("/v1/people", json={}),
        ]
    for answer in answers:
        assert answer.status_code == 403
        assert answer.json()["type"].endswith("purpose-required")


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "x-officer-77-x", "p" * 300])
async def test_weak_passwords_are_refused(access: RunningAccess, password: str) -> None:
    answer = await access.new_person(username="officer-77", password=password)
    assert answer.status_code == 422
    assert password not in answer.text


@pytest.mark.parametrize(
    "uri", ["http://elsewhere.example/cb", "https://a.example/cb#x", "javascript:alert(1)", "/cb"]
)
async def test_a_redirect_uri_must_be_safe_to_send_a_code_to(
    access: RunningAccess, uri: str
) -> None:
    answer = await access.new_client(grants=["authorization_code"], redirect_uris=[uri])
    assert answer.status_code == 422


async def test_names_are_unique(access: RunningAccess) -> None:
    officer = (await access.new_person()).json()
    again = await access.new_person(username=officer["username"], password=PASSWORD)
    assert again.status_code == 409
    machine = (await access.new_client()).json()["client"]
    assert (await access.new_client(client_id=machine["client_id"])).status_code == 409


async def test_pages_of_people_follow_one_another(access: RunningAccess) -> None:
    for _ in range(3):
        await access.new_person()
    seen, cursor = [], ""
    while cursor is not None:
        page = (await access.get(f"/v1/people?limit=2&cursor={cursor}")).json()
        seen += [person["username"] for person in page["items"]]
        cursor = page["next"]
    assert seen == sorted(set(seen))
    assert len(seen) >= 3


@pytest.mark.parametrize("path", ["people", "clients", "agencies", "audit"])
@pytest.mark.parametrize("cursor", ["x", "officer", "AAAA", "ب"])
async def test_a_cursor_that_was_not_given_out_is_refused(
    access: RunningAccess, path: str, cursor: str
) -> None:
    answer = await access.get(f"/v1/{path}?cursor={cursor}")
    assert problem(answer) == (422, "bad-cursor")


@pytest.mark.parametrize(
    "query",
    [
        "service=a%00",
        "subject=a%00",
        "from=0001-01-01T00:00:00%2B14:00",
        "to=9999-12-31T23:59:59-14:00",
    ],
)
async def test_what_the_database_cannot_hold_is_malformed(
    access: RunningAccess, query: str
) -> None:
    assert problem(await access.get(f"/v1/audit?{query}")) == (422, "malformed")
