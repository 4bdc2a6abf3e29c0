"""Replicas behave as one, and a right ends in every service soon after it was taken away.

The replicas of detect learn revocations over the bus, by asking access, or both ways.
"""

import asyncio
import secrets
from typing import Any

import pytest

from tests.integration.access.conftest import PASSWORD
from tests.integration.replicas.conftest import EVERY_REQUEST_ANEW, READS, Tokens, Town, bearer
from tests.support.problems import problem
from tests.support.waiting import eventually


async def officer_of(town: Town, **body: Any) -> dict[str, Any]:
    answer = await town.access.new_person(**{"scopes": READS, "counties": "*", **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def refused_everywhere(town: Town, tokens: Tokens) -> None:
    """Return once every replica refuses the tokens, and none takes one up again."""

    async def refused() -> bool:
        return await town.reads(tokens) == {401}

    await eventually(refused)
    for _ in range(3):
        assert await town.reads(tokens) == {401}


@pytest.mark.parametrize("taken", ["account", "password", "scopes", "agency", "page"])
async def test_a_persons_right_ends_everywhere_when_it_is_taken_away(
    town: Town, taken: str
) -> None:
    agency = f"office-{secrets.token_hex(4)}"
    await town.access.post("/v1/agencies", {"agency_id": agency, "name": "اداره"})
    officer = await officer_of(town, agency=agency)
    tokens = await town.tokens_of(officer)
    assert await town.reads(tokens) == {404}
    person = f"/v1/people/{officer['person_id']}"
    path, change = {
        "account": (person, {"enabled": False}),
        "password": (person, {"password": "another long phrase"}),
        "scopes": (person, {"scopes": ["citations:read"]}),
        "agency": (f"/v1/agencies/{agency}", {"enabled": False}),
        "page": ("/v1/clients/tickets-pages", {"enabled": False}),
    }[taken]
    assert (await town.access.patch(path, change)).status_code == 200
    try:
        await refused_everywhere(town, tokens)
    finally:
        await town.access.patch("/v1/clients/tickets-pages", {"enabled": True})


async def test_a_page_session_ends_with_the_account(town: Town) -> None:
    officer = await officer_of(town)
    page, _ = await town.page(officer)
    for _ in range(4):
        assert (await page.get("/v1/citations")).status_code == 200
    await town.access.patch(f"/v1/people/{officer['person_id']}", {"enabled": False})

    async def refused() -> bool:
        return {(await page.get("/v1/citations")).status_code for _ in range(4)} == {401}

    await eventually(refused)
    assert problem(await page.get("/v1/citations")) == (401, "revoked")
    assert problem(await page.get("/sign-in/session")) == (401, "revoked")
    shown = await page.get("/queue", headers={"Accept": "text/html"})
    assert (shown.status_code, shown.headers["location"].partition("?")[0]) == (303, "/sign-in")
    await page.aclose()


async def test_signing_out_at_access_ends_the_sessions_that_came_of_it(town: Town) -> None:
    officer = await officer_of(town)
    page, browser = await town.page(officer)
    other, _ = await town.page(officer)
    form = await browser.http.get("/sign-out")
    token = form.text.split('name="form_token" value="')[1].split('"')[0]
    await browser.http.post("/sign-out", data={"form_token": token})

    async def refused() -> bool:
        return {(await page.get("/v1/citations")).status_code for _ in range(4)} == {401}

    await eventually(refused)
    assert (await other.get("/v1/citations")).status_code == 200  # another browser's
    await page.aclose()
    await other.aclose()


async def test_a_machine_loses_its_rights_with_its_secret_and_gets_them_with_the_next(
    town: Town,
) -> None:
    made = (await town.access.new_client(scopes=READS, counties="*")).json()
    client_id = made["client"]["client_id"]
    earlier = await town.machine_tokens(client_id, made["client_secret"])
    assert await town.reads(earlier) == {404}
    renewed = (await town.access.post(f"/v1/clients/{client_id}/secret", None)).json()
    later = await town.machine_tokens(client_id, renewed["client_secret"])
    await refused_everywhere(town, earlier)
    assert await town.reads(later) == {404}


async def test_a_code_presented_twice_gives_one_token_and_that_one_is_revoked(
    town: Town,
) -> None:
    officer = await officer_of(town)
    browser = town.browser()
    code = await browser.code(officer["username"])
    answers = await asyncio.gather(*(town.redeem(browser, code) for _ in range(4)))
    (given,) = [each for each in answers if each.status_code == 200]
    await refused_everywhere(town, {"tickets": bearer(given)})
    assert (await browser.authorize()).headers["location"].startswith("/sign-in?")


async def test_wrong_tries_count_together_whichever_replica_they_reach(town: Town) -> None:
    officer = await officer_of(town)
    browsers = [town.browser("203.0.113.7") for _ in range(6)]
    statuses = [
        (await each.sign_in(officer["username"], "a wrong password")).status_code
        for each in browsers
    ]
    assert statuses == [401, 401, 401, 401, 429, 429]


async def test_a_session_is_the_same_in_every_replica(town: Town) -> None:
    officer = await officer_of(town)
    page, _ = await town.page(officer)
    sessions = [(await page.get("/sign-in/session")).json() for _ in range(2)]
    assert sessions[0] == sessions[1]
    csrf = {"X-CSRF-Token": sessions[0]["csrf_token"]}
    assert (await page.post("/sign-out", headers=csrf)).status_code == 200
    assert {(await page.get("/v1/citations")).status_code for _ in range(2)} == {401}
    await page.aclose()


async def test_a_person_who_is_enabled_again_starts_anew(
    town: Town,
) -> None:
    officer = await officer_of(town)
    earlier = await town.tokens_of(officer)
    person = f"/v1/people/{officer['person_id']}"
    await town.access.patch(person, {"enabled": False})
    await town.access.patch(person, {"enabled": True})
    later = await town.tokens_of(officer)
    await refused_everywhere(town, earlier)
    assert await town.reads(later) == {404}


async def test_a_withdrawn_key_is_refused_everywhere_with_the_tokens_that_it_signed(
    town: Town,
) -> None:
    """The last that needs the administrator's first token, which ends with the key."""
    officer = await officer_of(town)
    tokens = await town.tokens_of(officer)
    assert await town.reads(tokens) == {404}
    rotated = await town.access.post("/v1/keys/rotate", {"withdraw_previous": True})
    assert rotated.status_code == 201
    await refused_everywhere(town, tokens)
    signed_anew = await town.tokens_of(officer)

    async def admitted() -> bool:
        return await town.reads(signed_anew) == {404}

    await eventually(admitted)  # services look for an unknown key every few seconds
    browser = town.browser()
    browser.http.headers.update(EVERY_REQUEST_ANEW)
    assert (await browser.sign_in("sara.mohammadi", PASSWORD)).status_code == 303
