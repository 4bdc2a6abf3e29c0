"""The calibration page in a real browser: marks are set and nudged, distances written, the camera
fitted, and the next revision taken away. Driven with the mouse, then by keyboard alone."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pytest

from payesh.contracts.camera_revision import CameraRevision
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from tests.integration.detect.conftest import SCOPES, CountingHouse
from tests.integration.detect.shown_view import ROAD, show_view
from tests.integration.detect.test_known_drives import camera_with_drives
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from playwright.async_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CORNERS = ((3.0, 20.0), (3.0, 48.0), (11.0, 20.0), (11.0, 48.0))
MEASURED = ((1, 2, "۲۸"), (3, 4, "28.00"), (1, 3, "۸٫۰"), (2, 4, "8"))
"""From a mark to another, metres, as people write them."""

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


async def session(house: CountingHouse, scope: str = SCOPES) -> str:
    claims = house.signer.claims("person:sara", scope=scope, counties=["garmsar"])
    value, _ = await Sessions(house.database, house.url).begin(claims, "calibrating")
    return value


@asynccontextmanager
async def opened(house: CountingHouse, path: str) -> AsyncIterator["Page"]:
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    cookie = {"name": SESSION_COOKIE, "value": await session(house), "url": house.url}
    async with playwright.async_playwright() as browsers:
        browser = await browsers.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        await context.add_cookies([cookie])
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(f"{house.url}{path}")
        await eventually(lambda: page.evaluate("document.getElementById('still').naturalWidth"))
        yield page
        await browser.close()
        assert not faults


async def mark(page: "Page", pixel: np.ndarray) -> None:
    """Click where the still shows a pixel, then nudge the mark there by keyboard."""
    box = await page.locator("#stage").bounding_box()
    assert box is not None
    scale = box["width"] / ROAD.picture_px[0]
    await page.mouse.click(box["x"] + pixel[0] * scale, box["y"] + pixel[1] * scale)
    u, v = await selected(page)
    for off, less, more in (
        (pixel[0] - u, "ArrowLeft", "ArrowRight"),
        (pixel[1] - v, "ArrowUp", "ArrowDown"),
    ):
        for _ in range(abs(round(off))):
            await page.keyboard.press(more if off > 0 else less)


async def selected(page: "Page") -> tuple[float, float]:
    text = await page.inner_text("#mark-table tr.now td:nth-child(2)")
    u, v = (float(part) for part in text.split(","))
    return u, v


async def measure(page: "Page") -> None:
    for number, (start, end, metres) in enumerate(MEASURED):
        await page.click("#add-span")
        row = page.locator("#span-table tbody tr").nth(number)
        for column, wanted in ((0, start), (1, end)):
            await row.locator("select").nth(column).select_option(index=wanted - 1)
        if metres.startswith("8") or metres.startswith("۸"):
            if await row.locator("button").first.inner_text() == "راستا":
                await row.locator("button").first.click()
        elif await row.locator("button").first.inner_text() == "عرض":
            await row.locator("button").first.click()
        await row.locator("input").fill(metres)


async def test_a_camera_is_calibrated_with_mouse_and_keys(
    house: CountingHouse, tmp_path: Path
) -> None:
    camera_id = f"page-{uuid4().hex[:8]}"
    await show_view(house, camera_id)
    async with opened(house, f"/calibration/{camera_id}") as page:
        for pixel in ROAD.project(CORNERS):
            await mark(page, pixel)
        await page.click("#add-span")
        await page.click("#fit")
        assert "متر هر فاصله" in await page.inner_text("#message")
        await page.locator("#span-table tbody tr .link").last.click()
        await measure(page)
        await page.click("#fit")
        await page.wait_for_selector("#outcome:not([hidden])")
        facts = await page.inner_text("#camera-facts")
        assert "بلندی دوربین" in facts and "±" in facts
        assert await page.locator("#grid line").count() > 10
        async with page.expect_download() as saved:
            await page.click("#download")
        path = tmp_path / "revision.json"
        await (await saved.value).save_as(path)
        document = json.loads(path.read_text("utf-8"))
        given = {"camera_id": camera_id, "revision": 2, "created_at": "2026-11-21T00:00:00Z"}
        revised = CameraRevision.model_validate_json(json.dumps(document | given))
        assert revised.calibration is not None
        assert revised.calibration.camera_height_m == pytest.approx(ROAD.height_m, abs=0.5)
        async with page.expect_download() as drawn:
            await page.click("#save-picture")
        await (await drawn.value).save_as(tmp_path / "grid.png")
        assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
        await page.reload()
        assert await page.locator("#mark-table tbody tr").count() == 4, "a sign-in loses nothing"


async def test_by_keyboard_alone_and_too_little_is_said_in_words(house: CountingHouse) -> None:
    camera_id = f"page-{uuid4().hex[:8]}"
    await show_view(house, camera_id)
    async with opened(house, f"/calibration/{camera_id}") as page:
        await page.focus("#stage")
        await page.keyboard.press("n")
        before = await selected(page)
        await page.keyboard.press("Shift+ArrowDown")
        await page.keyboard.press("ArrowLeft")
        assert await selected(page) == (before[0] - 1, before[1] + 10)
        await page.keyboard.press("n")
        await page.keyboard.press("Shift+ArrowUp")
        await page.keyboard.press("d")
        await page.keyboard.type("12.5")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#message.error:has-text('لازم')")
        await page.focus("#stage")
        await page.keyboard.press("[")
        await page.keyboard.press("Delete")
        assert await page.locator("#mark-table tbody tr").count() == 1
        assert await page.locator("#span-table tbody tr").count() == 0


async def test_drives_of_known_speed_are_compared_by_keyboard_alone(
    house: CountingHouse, tmp_path: Path
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    speeds = [60.4, 60.4, 60.2, 60.6, 66.0]
    camera_id, driven = await camera_with_drives(house, speeds, since=now - timedelta(minutes=5))
    tehran = ZoneInfo("Asia/Tehran")
    if driven[0].captured_at.astimezone(tehran).date() != now.astimezone(tehran).date():
        pytest.skip("midnight in Tehran: the drives are of two days")
    async with opened(house, f"/calibration/{camera_id}") as page:
        for number, each in enumerate(driven):
            await page.focus("#stage")
            await page.keyboard.press("t")
            clock = each.captured_at.astimezone(tehran).strftime("%H:%M:%S")
            await page.keyboard.type(clock.translate(PERSIAN) if number else clock)
            await page.keyboard.press("Tab")
            await page.keyboard.type("۶۰٫۰")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#drive-outcome:not([hidden])")
        rows = page.locator("#drive-residuals tbody tr")
        assert await rows.count() == len(speeds)
        assert [await row.get_attribute("class") for row in await rows.all()] == [
            *[""] * 4,
            "off",
        ]
        assert "۶۶٫۰ ± ۰٫۸" in await rows.nth(4).inner_text()
        assert "نمی‌خوانند" in await page.inner_text("#drive-verdict")
        assert "length_scale_u95" in await page.inner_text("#drive-facts")
        await page.screenshot(path=tmp_path / "drives.png")
        # Without the last one, and with a time at which nobody passed.
        await page.locator("#drive-table tbody tr").last.locator("button").click()
        assert await page.locator("#drive-outcome").is_hidden(), "it belongs to other drives"
        await page.reload()
        assert await page.locator("#drive-table tbody tr").count() == 4, "a sign-in loses nothing"
        await page.click("#add-drive")
        await page.keyboard.type("5:7")
        await page.keyboard.press("Enter")
        assert "۰۸:۱۵:۳۰" in await page.inner_text("#message.error")
        fields = page.locator("#drive-table tbody tr").last.locator("input")
        earlier = driven[0].captured_at.astimezone(tehran) - timedelta(minutes=1)
        await fields.nth(0).fill(earlier.strftime("%H:%M:%S"))
        await fields.nth(1).fill("60")
        await page.click("#compare")
        await page.wait_for_selector("#drive-outcome:not([hidden])")
        assert "خودرویی ثبت نشده" in await rows.nth(4).inner_text()
        assert "بازه‌های دوربین و مرجع با هم می‌خوانند" in await page.inner_text("#drive-verdict")


async def test_a_camera_that_is_not_calibrated_asks_for_no_drives(house: CountingHouse) -> None:
    camera_id = f"page-{uuid4().hex[:8]}"
    await show_view(house, camera_id, calibration=None)
    async with opened(house, f"/calibration/{camera_id}") as page:
        assert "کالیبراسیون ندارد" in await page.inner_text("#drives")
        assert await page.locator("#add-drive").count() == 0
        await page.focus("#stage")
        await page.keyboard.press("t")


async def test_a_camera_without_a_view_is_said_in_words_and_strangers_sign_in(
    house: CountingHouse,
) -> None:
    cookies = {SESSION_COOKIE: await session(house)}
    async with httpx.AsyncClient(base_url=house.url, cookies=cookies) as http:
        absent = await http.get("/calibration/no-such-camera")
        chosen = await http.get("/calibration")
    assert absent.status_code == 404
    assert "نمایی نگه‌داری نشده است" in absent.text
    assert "شناسهٔ دوربین" in chosen.text
    async with httpx.AsyncClient(base_url=house.url) as anonymous:
        answer = await anonymous.get("/calibration/camera-1", headers={"Accept": "text/html"})
        assert answer.headers["location"] == "/sign-in?next=%2Fcalibration%2Fcamera-1"
        assert "کالیبراسیون دوربین" in (await anonymous.get(answer.headers["location"])).text
