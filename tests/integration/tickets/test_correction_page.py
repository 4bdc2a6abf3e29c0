"""A plate is corrected on the page, by keyboard and by the keypad, and read by a second officer."""

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from payesh.kit.sessions import Sessions
from tests.integration.tickets.conftest import Office, claims
from tests.integration.tickets.test_queue_page import PURPOSE, browsing, until
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from playwright.async_api import Page

READ, CORRECTED = "12ب34567", "12م34587"


@pytest.fixture
def county() -> str:
    return f"county-{uuid4().hex[:8]}"


async def session_of(office: Office, name: str, county: str) -> str:
    value, _ = await Sessions(office.database).begin(claims(name, counties=[county]), PURPOSE)
    return value


async def drawn(page: "Page") -> str:
    places = await page.locator("#plate-editor [data-place]").all_inner_texts()
    return "".join(places)


async def pressed_in_persian(page: "Page", key: str) -> None:
    """A key under a Persian layout, which Playwright's own keyboard does not have."""
    await page.dispatch_event("#plate-editor", "keydown", {"key": key, "bubbles": True})


async def test_a_plate_is_corrected_by_one_officer_and_read_by_another(
    office: Office, county: str
) -> None:
    citation_id = await office.draft(READ, county=county)
    async with browsing(office, await session_of(office, "sara", county)) as page:
        await page.set_viewport_size({"width": 1366, "height": 768})
        await page.goto(f"{office.url}/queue/{citation_id}")
        await page.keyboard.press("c")
        await page.wait_for_selector("[data-act=correct-plate]")
        await page.keyboard.press("p")
        await page.locator("#correct-dialog[open]").wait_for()
        assert await drawn(page) == "۱۲ب۳۴۵۶۷"
        # The drawn plate follows: to the letter, which is typed under a Latin layout.
        for key in ("ArrowRight", "ArrowRight", "l"):
            await page.keyboard.press(key)
        assert await drawn(page) == "۱۲م۳۴۵۶۷"
        assert await page.locator(".keypad [data-letter]").first.is_disabled()
        for key in ("End", "ArrowLeft", "ArrowLeft"):
            await page.keyboard.press(key)
        await pressed_in_persian(page, "۵")
        await page.locator(".keypad [data-digit='8']").click()
        assert await drawn(page) == "۱۲م۳۴۵۸۷"
        await page.keyboard.press("PageDown")
        pressed = page.locator("#correct-shots button[aria-pressed=true]")
        assert "۲" in (await pressed.get_attribute("aria-label") or "")
        await page.keyboard.press("Enter")  # leads to the reason, which is missing
        await until(page, "document.activeElement.id === 'correct-reason'")
        await page.keyboard.type("رقم ششم هشت است")
        await page.keyboard.press("Enter")
        await page.locator("#message", has_text="پلاک اصلاح شد").wait_for()
        await page.goto(f"{office.url}/queue/{citation_id}")
        await page.locator(".correction-card", has_text="هنوز نخوانده است").wait_for()
    async with browsing(office, await session_of(office, "reza", county)) as page:
        await page.goto(f"{office.url}/queue")
        await page.locator("#corrections", has_text="۱").wait_for()
        await page.keyboard.press("q")
        await page.wait_for_selector(f"article[data-id='{citation_id}'][data-mine=yes]")
        shown = await page.content()
        for hidden in (READ, CORRECTED, "رقم ششم هشت است"):
            assert hidden not in shown
        await page.keyboard.press("p")
        await page.locator("#correct-dialog[open]").wait_for()
        assert await drawn(page) == "–" * 8
        assert not await page.locator("#correct-reason").is_visible()
        await page.keyboard.press("Enter")
        await page.locator("#message.error", has_text="پلاک کامل نیست").wait_for()
        await page.keyboard.type("12")
        await pressed_in_persian(page, "م")
        assert "plate-white" in (await page.locator("#plate-editor").get_attribute("class") or "")
        await page.keyboard.type("34587")
        await page.keyboard.press("Enter")
        await page.locator("#message", has_text="هر دو یک پلاک خواندید").wait_for()
    async with office.client("reza", counties=[county]) as http:

        async def confirmed() -> bool:
            found = (await http.get(f"/v1/citations/{citation_id}")).json()
            return (found["correction"]["second_plate"], found["plate"]["text"]) == (
                CORRECTED,
                CORRECTED,
            )

        await eventually(confirmed)


async def test_a_plate_that_the_second_officer_cannot_read_goes_to_a_supervisor(
    office: Office, county: str
) -> None:
    citation_id = await office.draft(READ, county=county)
    path = f"/v1/citations/{citation_id}"
    async with office.client("sara", counties=[county]) as sara:
        await sara.post(f"{path}/claim")
        body = {"plate": CORRECTED, "reason": "the letter", "shot": 0}
        assert (await sara.post(f"{path}/correct-plate", json=body)).is_success
        async with browsing(office, await session_of(office, "reza", county)) as page:
            await page.goto(f"{office.url}/queue")
            await page.keyboard.press("q")
            await page.wait_for_selector(f"article[data-id='{citation_id}'][data-mine=yes]")
            await page.keyboard.press("x")
            await page.keyboard.type("تصویر تار است")
            await page.keyboard.press("Enter")
            await page.locator("#message", has_text="نزد سرپرست").wait_for()
        found = (await sara.get(path)).json()
    assert (found["state"], found["note"]) == ("returned", "تصویر تار است")
