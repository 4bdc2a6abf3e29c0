"""The administration's pages: who enters, what ends there, and an officer added by keyboard."""

import secrets
from typing import TYPE_CHECKING

import pytest

from payesh.access.handlers.administering import own_client
from payesh.kit.sessions import CSRF_HEADER, SESSION_COOKIE
from tests.integration.access.conftest import (
    ADMINISTRATOR,
    PASSWORD,
    Browser,
    RunningAccess,
)
from tests.support.axe import serious_faults
from tests.support.problems import problem
from tests.support.signed_in_desk import chromium
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from playwright.async_api import Page

HOME = "/administration"
PAGES = [f"{HOME}/{name}" for name in ("people", "agencies", "clients", "keys")]
HTML = {"Accept": "text/html"}
CHOSEN = "another phrase of its owner"


async def enter(browser: Browser, username: str) -> str:
    """Sign in, state the purpose, and arrive: where."""
    signed_in = await browser.sign_in(username, then=HOME)
    assert signed_in.headers["location"] == HOME
    asked = await browser.http.get(f"{HOME}/enter", params={"next": HOME})
    token = asked.text.split('name="form_token" value="')[1].split('"')[0]
    stated = {"form_token": token, "next": HOME, "other": "test"}
    entered = await browser.http.post(f"{HOME}/enter", data=stated)
    assert entered.status_code == 303, entered.text
    home = await browser.http.get(entered.headers["location"])
    return home.headers["location"]


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(access: RunningAccess) -> None:
    async with access.http(headers=HTML) as http:
        for page in PAGES:
            answer = await http.get(page)
            assert answer.status_code == 303
            begun = await http.get(answer.headers["location"])
            assert begun.headers["location"] == "/sign-in?continue=%2Fadministration"
        session = await http.get(f"{HOME}/session", headers={"Accept": "*/*"})
        assert problem(session) == (401, "signed-out")
        stale = await http.post(f"{HOME}/enter", data={"other": "test"})
        assert stale.status_code == 403


async def test_each_page_is_for_who_holds_its_scope(access: RunningAccess) -> None:
    made = await access.new_person(scopes=["people:read"], counties=["semnan"])
    browser = Browser(access)
    assert await enter(browser, made.json()["username"]) == f"{HOME}/people"
    seen = [(await browser.http.get(page)).status_code for page in PAGES]
    assert seen == [200, 403, 403, 403]
    page = await browser.http.get(f"{HOME}/people")
    assert "کاربر تازه" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    officer = (await access.new_person()).json()
    outsider = Browser(access)
    await outsider.sign_in(officer["username"])
    assert problem(await outsider.http.get(f"{HOME}/enter")) == (403, "missing-scope")


async def test_the_pages_session_writes_with_its_csrf_token_alone_and_ends_with_the_sign_in(
    access: RunningAccess,
) -> None:
    browser = Browser(access)
    await enter(browser, ADMINISTRATOR)
    agency = {"agency_id": f"agency-{secrets.token_hex(4)}", "name": "پلیس"}
    assert problem(await browser.http.post("/v1/agencies", json=agency)) == (403, "csrf")
    session = (await browser.http.get(f"{HOME}/session")).json()
    sent = {CSRF_HEADER: session["csrf_token"]}
    made = await browser.http.post("/v1/agencies", json=agency, headers=sent)
    assert made.status_code == 201
    own = await browser.http.patch("/v1/agencies/payesh", json={"enabled": False}, headers=sent)
    assert problem(own) == (403, "own-agency")
    declared = await browser.http.post("/v1/clients/access-pages/secret", json={}, headers=sent)
    assert problem(declared) == (409, "declared-client")
    form = await browser.http.get("/sign-out")
    token = form.text.split('name="form_token" value="')[1].split('"')[0]
    await browser.http.post("/sign-out", data={"form_token": token})
    assert browser.http.cookies.get(SESSION_COOKIE)

    async def is_over() -> bool:
        return (await browser.http.get(f"{HOME}/people", headers={})).status_code == 401

    await eventually(is_over)


async def test_the_pages_own_client_gets_no_token_by_its_secret(access: RunningAccess) -> None:
    client, secret = own_client(access.settings)
    answer = await access.token(client.client_id, secret)
    assert answer.json()["error"] == "unauthorized_client"


@pytest.mark.slow
async def test_an_administrator_adds_an_officer_by_keyboard_who_then_signs_in(
    access: RunningAccess,
) -> None:
    username = f"nima-{secrets.token_hex(3)}"
    async with chromium() as browser:
        page = await (await browser.new_context(viewport={"width": 1366, "height": 768})).new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        await page.goto(f"{access.url}{HOME}")
        await page.locator("#username").press_sequentially(ADMINISTRATOR)
        await page.locator("#password").press_sequentially(PASSWORD)
        await page.keyboard.press("Enter")
        await page.locator("button", has_text="تأیید هدف").press("Enter")
        await page.wait_for_url(f"{access.url}{HOME}/people")
        first = await add_officer(page, username)
        await page.locator(".rows th a", has_text="نیما راد").first.wait_for()
        row = page.locator(".rows tr", has_text=username)
        assert "سمنان" in await row.inner_text()
        await row.locator("a").press("Enter")
        await page.locator("h2", has_text="گذرواژهٔ تازه").wait_for()
        assert await serious_faults(page) == []
        for number, place in reversed([*enumerate(PAGES, 1)]):
            await page.keyboard.press(str(number))
            await page.wait_for_url(f"{access.url}{place}")
            assert await fits(page), place
            assert await serious_faults(page) == [], place
        assert faults == []
        officer = await (await browser.new_context()).new_page()
        await officer.goto(f"{access.url}/sign-in")
        await officer.locator("#username").press_sequentially(username)
        await officer.locator("#password").press_sequentially(first)
        await officer.keyboard.press("Enter")
        await officer.locator("#chosen").press_sequentially(CHOSEN)
        await officer.locator("#password").press_sequentially(first)
        await officer.locator("#again").press_sequentially(CHOSEN)
        await officer.keyboard.press("Enter")
        await officer.wait_for_url("**/sign-in?done=1")
    mine = Browser(access)
    token = (await mine.redeem(await mine.code(username, CHOSEN))).json()["access_token"]
    claims = await access.claims(token, "tickets")
    assert claims["counties"] == ["semnan"]
    assert claims["scope"].split() == ["citations:decide", "citations:read"]


async def add_officer(page: "Page", username: str) -> str:
    """By keyboard alone; the password that is shown once."""
    await page.keyboard.press("n")
    await page.keyboard.type("نیما راد")
    await page.keyboard.press("Tab")
    await page.keyboard.type(username)
    await page.locator("[data-act=make-password]").press("Enter")
    for value in ("semnan", "citations:read", "citations:decide"):
        await page.locator(f"#new input[value='{value}']").press("Space")
    await page.locator("#new [type=submit]").press("Enter")
    await page.locator("#once[open]").wait_for()
    shown = await page.locator("#once-secret").inner_text()
    await page.keyboard.press("Enter")
    return shown


async def fits(page: "Page") -> bool:
    return bool(
        await page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )
