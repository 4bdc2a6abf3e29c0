"""The law's pages in a real browser: an amount is changed, approved by another, and in force."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from payesh.kit.sessions import SESSION_COOKIE, Sessions
from tests.support.waiting import eventually

from .conftest import Office, claims

if TYPE_CHECKING:
    from playwright.async_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DAY = "1460-02-01"


@asynccontextmanager
async def opened(office: Office, person: str) -> AsyncIterator["Page"]:
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    value, _ = await Sessions(office.database).begin(claims(person, name=person), "law")
    async with playwright.async_playwright() as browsers:
        browser = await browsers.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        await context.add_cookies([{"name": SESSION_COOKIE, "value": value, "url": office.url}])
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        yield page
        await browser.close()
        assert not faults


async def shows(page: "Page", text: str) -> None:
    """Until the page, which may be loading anew, has the text."""
    from playwright.async_api import Error

    async def found() -> bool:
        try:
            return text in await page.inner_text("body")
        except Error:
            return False

    await eventually(found)


async def test_an_amount_is_changed_and_put_in_force_by_two_people(office: Office) -> None:
    async with opened(office, "sara") as page:
        await page.goto(f"{office.url}/law")
        await page.fill('input[name="first_day"]', "۱۴۶۰/۰۱/۰۱")
        await page.evaluate("document.getElementById('new').noValidate = true")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/law/editions/*")
        path = page.url
        assert "هیچ ردیفی فرق ندارد" in await page.inner_text("body")
        amount = page.locator('.edit[data-kind="tariffs"] [data-field="amount_rial"]').first
        before = await amount.input_value()
        await amount.fill("۳٬۱۰۰٬۰۰۰")
        await page.click('[data-act="propose"]')
        await shows(page, "نخست ذخیره کنید")
        await page.keyboard.press("Control+s")
        await shows(page, "۳٬۱۰۰٬۰۰۰")
        assert int(before) != 3_100_000
        await page.click('[data-act="add"][data-kind="seasons"]')
        await page.keyboard.press("Control+s")
        await shows(page, "پذیرفته نشد")
        await page.locator('.edit[data-kind="seasons"] [data-act="remove"]').last.click()
        async with page.expect_event("load"):
            await page.keyboard.press("Control+s")
        await page.click('[data-act="propose"]')
        await shows(page, "پیشنهادشده")
        await shows(page, "نفر دومی باید تأیید کند")
    async with opened(office, "reza") as page:
        await page.goto(path)
        await page.click('[data-act="approve"]')
        await shows(page, "تأییدشده")
        await page.goto(f"{office.url}/law")
        await shows(page, "۱۴۶۰/۰۱/۰۱")
    async with office.client() as http:
        asked: dict[str, str | int] = {
            "rule": "speeding",
            "place_class": "A",
            "excess_kmh": 40,
            "day": DAY,
        }
        assert (await http.get("/v1/law/price", params=asked)).json()["amount_rial"] == 3_100_000


async def test_who_may_only_read_sees_no_way_to_write(office: Office) -> None:
    scope = "law:read"
    value, _ = await Sessions(office.database).begin(claims("guest", scope=scope), "law")
    async with httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: value}) as http:
        listed = await http.get("/law")
        assert listed.status_code == 200 and 'id="new"' not in listed.text
    async with httpx.AsyncClient(base_url=office.url) as anonymous:
        answer = await anonymous.get("/law", headers={"Accept": "text/html"})
        assert answer.headers["location"] == "/sign-in?next=%2Flaw"
        assert "نگهداری قانون" in (await anonymous.get(answer.headers["location"])).text
