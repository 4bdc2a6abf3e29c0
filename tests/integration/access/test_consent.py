"""A client that the deployment did not declare acts for people who let it, and for no others; an
agency's administrator alone makes none."""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from payesh.access.adapters import clients
from payesh.contracts.audiences import audience_of
from payesh.kit.database import Database
from tests.support.problems import problem

from .conftest import CALLBACK, Browser, RunningAccess

OWN_PAGE = "https://county.example/callback"


@dataclass
class County:
    """An agency with two administrators, an officer and a machine that administers."""

    agency: str
    administrators: list[dict[str, str]]
    officer: dict[str, Any]
    machine: dict[str, str]


@pytest.fixture
async def county(access: RunningAccess) -> County:
    agency = f"police-{secrets.token_hex(4)}"
    await access.post("/v1/agencies", {"agency_id": agency, "name": "پلیس آرادان"})
    rights: dict[str, Any] = {
        "agency": agency,
        "scopes": ["clients:read", "clients:write", "citations:read"],
        "counties": ["semnan", "damghan"],
    }
    administrators = []
    for _ in range(2):
        person, page = (await access.new_person(**rights)).json(), Browser(access)
        page.request["resource"] = audience_of("access")
        token = (await page.redeem(await page.code(person["username"]))).json()["access_token"]
        administrators.append({"Authorization": f"Bearer {token}"})
    return County(
        agency,
        administrators,
        (await access.new_person(agency=agency)).json(),
        await access.bearer_with(**rights),
    )


async def page_client(
    access: RunningAccess, headers: dict[str, str] | None = None, **body: Any
) -> httpx.Response:
    wanted = {
        "name": "پیگیری پرونده",
        "grants": ["authorization_code"],
        "redirect_uris": [CALLBACK, OWN_PAGE],
        "scopes": ["citations:read"],
    }
    return await access.new_client(headers, **wanted | body)


def sent_back(answer: httpx.Response) -> dict[str, list[str]]:
    assert answer.headers["location"].startswith((CALLBACK, OWN_PAGE))
    return parse_qs(urlsplit(answer.headers["location"]).query)


async def test_nobody_gets_an_officers_token_without_the_officers_consent(
    access: RunningAccess, browser: Browser, county: County
) -> None:
    client = (await page_client(access, agency=county.agency)).json()["client"]
    await browser.sign_in(county.officer["username"])
    asked = await browser.authorize(client_id=client["client_id"], redirect_uri=OWN_PAGE)
    assert asked.headers["location"].startswith("/consent?continue=")
    page = await browser.http.get(asked.headers["location"])
    for shown in (
        'dir="rtl"', "پیگیری پرونده", "پلیس آرادان", "دیدن پرونده‌های تخلف", "https://county.example",
    ):  # fmt: skip
        assert shown in page.text
    assert "تصمیم" not in page.text
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self' https://county.example")
    english = await browser.http.get(asked.headers["location"] + "&lang=en")
    assert "see citations" in english.text
    forged = {"decision": "allow", "form_token": "made-up", "continue": page.url.params["continue"]}
    assert (await browser.http.post("/consent", data=forged)).status_code == 403
    again = await browser.authorize(client_id=client["client_id"])
    assert again.headers["location"].startswith("/consent?")


async def test_consent_is_remembered_for_its_scopes_and_can_be_taken_back(
    access: RunningAccess, browser: Browser, county: County
) -> None:
    scopes = ["citations:read", "citations:decide"]
    made = (await page_client(access, agency=county.agency, scopes=scopes)).json()
    asked = {"client_id": made["client"]["client_id"], "scope": "citations:read"}
    await browser.sign_in(county.officer["username"])
    assert "code" in sent_back(await browser.agree(**asked))
    assert "code" in sent_back(await browser.authorize(**asked))
    wider = asked | {"scope": "citations:read citations:decide"}
    assert (await browser.authorize(**wider)).headers["location"].startswith("/consent?")
    assert "code" in sent_back(await browser.agree(**wider))
    code = sent_back(await browser.authorize(**asked))["code"][0]
    listed = await browser.http.get("/consents")
    assert "پیگیری پرونده" in listed.text
    token = listed.text.split('name="form_token" value="')[1].split('"')[0]
    withdrawn = {"client_id": asked["client_id"]}
    await browser.http.post("/consents", data=withdrawn | {"form_token": "made-up"})
    assert "code" in sent_back(await browser.authorize(**asked))
    listed = await browser.http.get("/consents")
    token = listed.text.split('name="form_token" value="')[1].split('"')[0]
    await browser.http.post("/consents", data=withdrawn | {"form_token": token})
    assert (await browser.authorize(**asked)).headers["location"].startswith("/consent?")
    assert "پیگیری پرونده" not in (await browser.http.get("/consents")).text
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": browser.verifier,
    }
    async with access.http() as http:
        auth = (asked["client_id"], made["client_secret"])
        answer = await http.post("/oauth/token", data=form, auth=auth)
    assert answer.json()["error"] == "invalid_grant"


async def test_a_person_who_does_not_allow_it_is_sent_back_without_a_code(
    access: RunningAccess, browser: Browser, county: County
) -> None:
    client = (await page_client(access, agency=county.agency)).json()["client"]
    await browser.sign_in(county.officer["username"])
    answer = sent_back(await browser.agree("deny", client_id=client["client_id"]))
    assert answer["error"] == ["access_denied"]
    assert answer["state"] == ["state-1"]
    assert answer["iss"] == [access.settings.token_issuer]


async def test_consent_is_one_persons_and_needs_a_sign_in(
    access: RunningAccess, browser: Browser, county: County
) -> None:
    client = (await page_client(access, agency=county.agency)).json()["client"]
    await browser.sign_in(county.officer["username"])
    await browser.agree(client_id=client["client_id"])
    colleague = Browser(access)
    asked = await colleague.authorize(client_id=client["client_id"])
    assert asked.headers["location"].startswith("/sign-in?")
    await colleague.sign_in((await access.new_person(agency=county.agency)).json()["username"])
    asked = await colleague.authorize(client_id=client["client_id"])
    assert asked.headers["location"].startswith("/consent?")
    assert (await Browser(access).http.get("/consents")).headers["location"] == "/sign-in"


@pytest.mark.parametrize("then", ["", "https://evil.example/", "/oauth/authorize\\@evil", "/x"])
async def test_the_answer_leads_to_a_valid_authorization_request_alone(
    access: RunningAccess, browser: Browser, county: County, then: str
) -> None:
    await browser.sign_in(county.officer["username"])
    assert (await browser.http.get("/consent", params={"continue": then})).status_code == 400
    token = (await browser.http.get("/sign-out")).text.split('form_token" value="')[1].split('"')[0]
    for decision in ("allow", "deny"):
        form = {"continue": then, "form_token": token, "decision": decision}
        assert (await browser.http.post("/consent", data=form)).status_code == 400


async def test_an_agencys_client_for_people_is_the_work_of_two_of_them(
    access: RunningAccess, browser: Browser, county: County
) -> None:
    first, second = county.administrators
    by_machine = await page_client(access, county.machine, agency=county.agency)
    assert problem(by_machine) == (403, "person-required")
    made = (await page_client(access, first, agency=county.agency)).json()
    client_id, path = made["client"]["client_id"], f"/v1/clients/{made['client']['client_id']}"
    assert made["client"]["awaits_approval"]
    await browser.sign_in(county.officer["username"])
    assert (await browser.authorize(client_id=client_id)).status_code == 400
    assert (await access.token(client_id, made["client_secret"])).status_code == 401
    seen = {"proposal": made["client"]["proposal"]}
    assert problem(await access.post(f"{path}/approve", seen, first)) == (403, "second-person")
    machine = await access.post(f"{path}/approve", seen, county.machine)
    assert problem(machine) == (403, "person-required")
    changed = (await access.patch(path, {"redirect_uris": [CALLBACK]}, first)).json()
    stale = await access.post(f"{path}/approve", seen, second)
    assert problem(stale) == (409, "changed-meanwhile")
    seen = {"proposal": changed["proposal"]}
    approved = (await access.post(f"{path}/approve", seen, second)).json()
    assert not approved["awaits_approval"]
    assert approved["proposal"] is None
    assert approved["proposed_by"] != approved["approved_by"]
    assert problem(await access.post(f"{path}/approve", seen, second)) == (409, "not-proposed")
    assert "code" in sent_back(await browser.agree(client_id=client_id))


@pytest.mark.parametrize(
    "change",
    [{"redirect_uris": [CALLBACK]}, {"name": "صف مأموران"}, {"counties": ["semnan", "damghan"]}],
)
async def test_what_people_consented_to_is_changed_by_two_people_too(
    access: RunningAccess, browser: Browser, county: County, change: dict[str, Any]
) -> None:
    made = (await page_client(access, agency=county.agency)).json()["client"]
    client_id, path = made["client_id"], f"/v1/clients/{made['client_id']}"
    await browser.sign_in(county.officer["username"])
    await browser.agree(client_id=client_id)
    first, second = county.administrators
    narrowed = await access.patch(path, {"scopes": []}, first)
    assert not narrowed.json()["awaits_approval"]
    await access.patch(path, {"scopes": ["citations:read"]})  # the operator's work stands
    assert problem(await access.patch(path, change, county.machine)) == (403, "person-required")
    changed = (await access.patch(path, change, first)).json()
    assert changed["awaits_approval"]
    assert (await browser.authorize(client_id=client_id)).status_code == 400
    await access.post(f"{path}/approve", {"proposal": changed["proposal"]}, second)
    asked = await browser.authorize(client_id=client_id)
    assert asked.headers["location"].startswith("/consent?")


async def test_what_was_not_shown_is_not_consented_to(
    access: RunningAccess, browser: Browser, county: County
) -> None:
    client = (await page_client(access, agency=county.agency)).json()["client"]
    await browser.sign_in(county.officer["username"])
    asked = await browser.authorize(client_id=client["client_id"])
    page = await browser.http.get(asked.headers["location"])
    form = {
        "form_token": page.text.split('name="form_token" value="')[1].split('"')[0],
        "continue": page.url.params["continue"],
        "scopes": "law:read",
        "decision": "allow",
    }
    answer = await browser.http.post("/consent", data=form)
    again = await browser.http.get(answer.headers["location"])
    assert again.headers["location"].startswith("/consent?")


async def test_a_client_that_left_the_deployments_file_asks_for_consent(
    access: RunningAccess, browser: Browser, county: County
) -> None:
    client_id = (await page_client(access)).json()["client"]["client_id"]
    database = Database(access.settings.database_url)
    await browser.sign_in(county.officer["username"])
    for declared, leads_to in (([client_id], CALLBACK), ([], "/consent?")):
        async with database.transaction() as session:
            await clients.declare(session, ["tickets-pages", *declared])
        answer = await browser.authorize(client_id=client_id)
        assert answer.headers["location"].startswith(leads_to)
    await database.close()
