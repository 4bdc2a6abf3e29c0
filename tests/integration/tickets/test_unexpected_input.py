"""No input makes tickets fail, or answer what its OpenAPI document does not list."""

import asyncio
from urllib.parse import quote

import httpx

from payesh.kit.sessions import SESSION_COOKIE, Sessions
from tests.integration.tickets.conftest import Office, claims
from tests.support.unexpected_input import NASTY, attack


async def test_no_input_leads_to_an_answer_that_is_not_listed(office: Office) -> None:
    async with office.client("fuzz") as http:
        await asyncio.to_thread(attack, "tickets", office.url, http.headers)


async def test_no_address_of_a_page_makes_tickets_fail(office: Office) -> None:
    cookie, _ = await Sessions(office.database).begin(claims("fuzz"), "test")
    pages = (
        "/queue?limit={}",
        "/queue/{}",
        "/sign-in?next={0}&purpose={0}",
        "/sign-in/callback?state={0}&code={0}&error={0}&iss={0}",
    )
    async with httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: cookie}) as http:
        assert (await http.get("/queue")).status_code == 200
        for page in pages:
            for value in NASTY:
                answer = await http.get(page.format(quote(value, safe="")))
                assert answer.status_code < 500, (page, value)
        for value in NASTY:
            odd = {"Cookie": f"{SESSION_COOKIE}={quote(value)}; payesh_sign_in={quote(value)}"}
            assert (await http.get("/queue", headers=odd)).status_code < 500
