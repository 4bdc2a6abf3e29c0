"""A changed password and a disabled holder end what was signed in, granted or being verified."""

import asyncio
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from payesh.access.adapters.passwords import Passwords
from tests.support.waiting import eventually

from .conftest import CALLBACK, Browser, RunningAccess

_WAITS_FOR_A_ROW = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def is_signed_in(browser: Browser, **asked: str) -> bool:
    """Whether a page would get a code without the password."""
    answer = await browser.authorize(**asked)
    return answer.headers["location"].startswith(CALLBACK)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE people SET password_hash = $2 WHERE username = $1",
        "UPDATE people SET enabled = ($2::text IS NULL) WHERE username = $1",
        "UPDATE agencies SET enabled = ($2::text IS NULL) WHERE agency_id = "
        "(SELECT agency_id FROM people WHERE username = $1)",
    ],
)
async def test_a_password_that_was_right_when_verified_does_not_sign_in_after_a_change(
    access: RunningAccess, browser: Browser, change: str
) -> None:
    """The change is under way while the password is verified, and committed before it ends."""
    agency = f"office-{secrets.token_hex(4)}"
    await access.post("/v1/agencies", {"agency_id": agency, "name": "اداره"})
    officer = (await access.new_person(agency=agency)).json()
    new_hash = await Passwords(8 * 1024).hash("another long phrase")
    database, looking = await access.database(), await access.database()
    try:
        async with database.transaction():
            await database.execute(change, officer["username"], new_hash)
            signing_in = asyncio.create_task(browser.sign_in(officer["username"]))

            async def ended_or_waits() -> bool:
                return signing_in.done() or bool(await looking.fetchval(_WAITS_FOR_A_ROW))

            await eventually(ended_or_waits)
        answer = await signing_in
    finally:
        await database.close()
        await looking.close()
    assert answer.status_code == 401
    assert not await is_signed_in(browser)


@pytest.mark.parametrize("holder", ["person", "agency"])
async def test_what_disabling_ended_is_not_revived_by_enabling(
    access: RunningAccess, browser: Browser, holder: str
) -> None:
    agency = f"office-{secrets.token_hex(4)}"
    await access.post("/v1/agencies", {"agency_id": agency, "name": "اداره"})
    officer = (await access.new_person(agency=agency)).json()
    code = await browser.code(officer["username"])
    assert await is_signed_in(browser)
    path = {"person": f"/v1/people/{officer['person_id']}", "agency": f"/v1/agencies/{agency}"}
    for enabled in (False, True):
        assert (await access.patch(path[holder], {"enabled": enabled})).status_code == 200
    assert not await is_signed_in(browser)
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"
    assert (await browser.sign_in(officer["username"])).status_code == 303


async def test_a_new_password_ends_sign_ins_and_codes(
    access: RunningAccess, browser: Browser
) -> None:
    officer = (await access.new_person()).json()
    code = await browser.code(officer["username"])
    await access.patch(f"/v1/people/{officer['person_id']}", {"password": "another long phrase"})
    assert not await is_signed_in(browser)
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"


async def _client_with_a_code(
    access: RunningAccess, browser: Browser
) -> tuple[str, str, dict[str, str]]:
    """Id and secret of a page's client, and the form that would redeem the code it was given."""
    officer = (await access.new_person()).json()
    made = (
        await access.new_client(
            grants=["authorization_code"], redirect_uris=[CALLBACK], scopes=["citations:read"]
        )
    ).json()
    client_id = made["client"]["client_id"]
    await browser.sign_in(officer["username"])
    back = await browser.agree(client_id=client_id)
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(back.headers["location"]).query)["code"][0],
        "redirect_uri": CALLBACK,
        "code_verifier": browser.verifier,
    }
    return client_id, made["client_secret"], form


async def _redeemed(access: RunningAccess, form: dict[str, Any], *auth: str) -> httpx.Response:
    async with access.http() as http:
        return await http.post("/oauth/token", data=form, auth=(auth[0], auth[1]))


@pytest.mark.parametrize("change", ["disabled", "addresses", "secret"])
async def test_a_change_of_a_client_ends_the_codes_that_it_was_given(
    access: RunningAccess, browser: Browser, change: str
) -> None:
    client_id, secret, form = await _client_with_a_code(access, browser)
    path = f"/v1/clients/{client_id}"
    if change == "disabled":
        for enabled in (False, True):
            assert (await access.patch(path, {"enabled": enabled})).status_code == 200
    elif change == "addresses":
        answer = await access.patch(path, {"redirect_uris": [CALLBACK]})
        assert answer.status_code == 200
    else:
        secret = (await access.post(f"{path}/secret", None)).json()["client_secret"]
    assert (await _redeemed(access, form, client_id, secret)).json()["error"] == "invalid_grant"
    assert await is_signed_in(browser)
