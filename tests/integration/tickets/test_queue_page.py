"""The officers' page in a real browser: it shows what it must, clips play, decisions count."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import httpx
import pytest

from payesh.contracts.detect import BoxAt, GroundPosition, VehicleTrack
from payesh.contracts.values import Box
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.local.engines import EngineSet
from payesh.tickets.adapters.tables import citations
from payesh.tickets.pages.persian import persian_digits, persian_short_date
from tests.integration.plates.vehicle_picture import car, jpeg
from tests.integration.tickets.conftest import Office, claims
from tests.support.average_speed_builder import average_speed_case
from tests.support.engine_settings import store_of
from tests.support.recorded_evidence import record
from tests.support.violation_builder import CAPTURED_AT, crossed_at_red, plate_read
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from playwright.async_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PURPOSE = "بررسی تخلف"


@pytest.fixture
async def cookie(office: Office) -> str:
    value, _ = await Sessions(office.database).begin(claims("sara", name="سارا احمدی"), PURPOSE)
    return value


@pytest.fixture
async def county() -> str:
    """Of the page's officer: citations of other tests lie elsewhere."""
    return f"county-{uuid4().hex[:8]}"


@pytest.fixture
async def page(office: Office, county: str) -> AsyncIterator["Page"]:
    value, _ = await Sessions(office.database).begin(
        claims("sara", name="سارا احمدی", counties=["semnan", county]), PURPOSE
    )
    async with browsing(office, value) as opened:
        yield opened


@asynccontextmanager
async def browsing(office: Office, cookie: str) -> AsyncIterator["Page"]:
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    async with playwright.async_playwright() as browsers:
        browser = await browsers.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(viewport={"width": 1440, "height": 1000})
        await context.add_cookies([{"name": SESSION_COOKIE, "value": cookie, "url": office.url}])
        opened = await context.new_page()
        faults: list[str] = []
        opened.on("pageerror", lambda error: faults.append(str(error)))
        yield opened
        await browser.close()
        assert not faults


AT_REST = (
    "((video) => !video.seeking && window.shown <= video.currentTime"
    " && video.currentTime < window.shown + 0.02)(document.querySelector('.player video'))"
)
"""The frame of the video's time is the one that is shown (of 50 a second)."""


async def until(page: "Page", expression: str) -> None:
    """Polled from outside: the page's Content-Security-Policy stops what polls within it."""
    await eventually(lambda: page.evaluate(expression))


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_states_the_purpose(
    office: Office,
) -> None:
    async with httpx.AsyncClient(base_url=office.url) as anonymous:
        answer = await anonymous.get("/queue", headers={"Accept": "text/html"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in?next=%2Fqueue"
        asked = await anonymous.get(answer.headers["location"])
        assert 'value="بررسی تخلف در صف مأموران" checked' in asked.text
        assert (await anonymous.get("/queue", headers={"X-Partial": "1"})).status_code == 401
        assert (await anonymous.get("/static/queue.css")).status_code == 200


async def test_a_session_without_its_csrf_token_changes_nothing(
    office: Office, cookie: str
) -> None:
    citation_id = await office.draft()
    async with httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: cookie}) as http:
        assert (await http.get(f"/v1/citations/{citation_id}")).status_code == 200
        refused = await http.post(f"/v1/citations/{citation_id}/claim")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:payesh:problem:csrf")


async def test_the_page_names_the_law_it_uses_and_explains_the_bound(
    office: Office, cookie: str
) -> None:
    citation_id = await office.draft(speed_kmh=71.5, u95_kmh=1.8)
    async with httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: cookie}) as http:
        text = (await http.get(f"/queue/{citation_id}", headers={"X-Partial": "1"})).text
    for shown in (
        "جدول نمونهٔ جرایم رانندگی، سال ۱۳۹۹",
        "پیش از استفاده با مصوبهٔ جاری تطبیق داده شود",
        "مبلغ در جدول قانون یافت نشد",
        "<b>۶۹٫۷</b> و <b>۷۳٫۳</b>",
        "جمعه ۲۹ آبان ۱۴۰۵",
        "سمنان، بلوار امام رضا، کیلومتر ۳",
        "در زمان ثبت معتبر",
        "با عدم‌قطعیت <bdi>±<b>",
        f"تا {persian_short_date(datetime.now(UTC) + timedelta(days=1))} کسی نمی‌تواند",
    ):
        assert shown in text, shown


async def test_a_citation_that_a_rule_rejected_is_shown_with_its_reason(
    office: Office, cookie: str
) -> None:
    seen = office.violation(certificate=None)
    await office.publish(seen)
    path = f"/queue/{(await office.outcome(seen))['citation_id']}"
    async with httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: cookie}) as http:
        for headers in ({}, {"X-Partial": "1"}):
            answer = await http.get(path, headers=headers)
            assert answer.status_code == 200
            assert "رد شد: دستگاه در زمان ثبت گواهی معتبر نداشته است" in answer.text


async def test_the_facts_of_a_finding_are_shown_in_persian(office: Office, cookie: str) -> None:
    citation_id = await office.draft(rule="red_light", measurement=crossed_at_red())
    async with httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: cookie}) as http:
        shown = (await http.get(f"/queue/{citation_id}", headers={"X-Partial": "1"})).text
        listed = (await http.get("/queue?limit=200", headers={"X-Partial": "1"})).text
    for text in (
        "عبور از چراغ قرمز",
        "<dt>چراغ \u2068head-1\u2069</dt>",
        "<dd>قرمز از ساعت ۱۳:۰۱:۰۴٫۹ (عدم‌قطعیت ۴۰ هزارم ثانیه)</dd>",
        "<dt>عبور از خط \u2068stop-1\u2069</dt>",
        "<dd>ساعت ۱۳:۰۱:۰۷٫۴ (عدم‌قطعیت ۴۰ هزارم ثانیه)</dd>",
        "۱۹۶۰ هزارم ثانیه: ۲۵۰۰ منهای عدم‌قطعیت ۴۰ و ارفاق ۵۰۰",
    ):
        assert text in shown, text
    assert '<span class="item-rule">عبور از چراغ قرمز</span>' in listed


async def test_an_officer_sees_the_clip_play_and_decides_by_keyboard(
    office: Office, county: str
) -> None:
    first = await office.draft(captured_at=CAPTURED_AT + timedelta(seconds=40), county=county)
    second = await office.draft(captured_at=CAPTURED_AT + timedelta(seconds=50), county=county)
    value, _ = await Sessions(office.database).begin(
        claims("sara", name="سارا احمدی", counties=[county]), PURPOSE
    )
    async with browsing(office, value) as page:
        await decide_both_by_keyboard(office, page, first, second)


async def decide_both_by_keyboard(office: Office, page: "Page", first: UUID, second: UUID) -> None:
    await page.goto(f"{office.url}/queue/{first}")
    await until(
        page,
        "(() => { const v = document.querySelector('.player video');"
        " return v.readyState >= 3 && v.videoWidth === 640 && !v.paused && v.currentTime > 0; })()",
    )
    await page.locator("#officer", has_text="سارا احمدی").wait_for()
    assert await page.locator(".shot img").count() == 3
    await page.keyboard.press("c")
    await page.wait_for_selector("[data-act=issue]")
    await page.keyboard.press("i")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(f"article[data-id='{second}'][data-mine=yes]")
    assert "صادر شد" in (await page.locator("#message").text_content() or "")
    assert re.search(r"\(۹:[۰-۹]{2}\)|\(۱۰:۰۰\)", await page.locator(".left").inner_text())
    await page.keyboard.press("r")
    await page.keyboard.press("2")

    async def decided() -> bool:
        async with office.database.transaction() as session:
            rows = await session.execute(
                citations.select().where(citations.c.citation_id.in_([first, second]))
            )
            states = {row.citation_id: (row.state, row.reason) for row in rows}
        return states == {first: ("issued", None), second: ("rejected", "wrong_vehicle")}

    await eventually(decided)


async def test_what_others_take_leaves_the_list_and_an_open_case_follows(
    office: Office, county: str
) -> None:
    opened, taken = await office.draft(county=county), await office.draft(county=county)
    value, _ = await Sessions(office.database).begin(
        claims("sara", name="سارا احمدی", counties=[county]), PURPOSE
    )
    async with browsing(office, value) as page, office.client("reza", counties=[county]) as reza:
        await page.goto(f"{office.url}/queue/{opened}")
        await page.locator(f".item[data-id='{taken}']").wait_for()
        assert (await reza.post(f"/v1/citations/{taken}/claim")).status_code == 200
        await page.locator(f".item[data-id='{taken}']").wait_for(state="detached")
        await reza.post(f"/v1/citations/{opened}/claim")
        body = {"decision": "reject", "reason": "wrong_vehicle"}
        assert (await reza.post(f"/v1/citations/{opened}/decide", json=body)).status_code == 200
        await page.wait_for_selector(f"article[data-id='{opened}'][data-state=rejected]")


async def test_signing_out_leads_to_where_the_sign_in_ends(office: Office, page: "Page") -> None:
    await page.route("https://access.test/**", lambda route: route.fulfill(body="access"))
    await page.goto(f"{office.url}/queue")
    await page.click("[data-act=sign-out]")
    await page.wait_for_url("https://access.test/sign-out")
    answer = await page.request.get(f"{office.url}/queue", headers={"X-Partial": "1"})
    assert answer.status == 401


async def test_a_step_is_one_frame_whatever_the_clips_rate(
    office: Office, engines: EngineSet, page: "Page"
) -> None:
    fast = await record(store_of(engines), seconds=4, rate=50)
    citation_id = await office.draft(segments=fast.links, shots=fast.shots, revision=fast.revision)
    await page.goto(f"{office.url}/queue/{citation_id}")
    # Slowly, so that a busy machine shows every frame, then to rest, with the last of them shown.
    await page.evaluate(
        "() => { const video = document.querySelector('.player video');"
        " const look = (_, frame) => { window.shown = frame.mediaTime;"
        " video.requestVideoFrameCallback(look); }; video.requestVideoFrameCallback(look);"
        " video.playbackRate = 0.25; }"
    )
    await until(page, "document.querySelector('.player video').currentTime > 1")
    await page.keyboard.press("Space")
    await until(page, f"document.querySelector('.player video').paused && {AT_REST}")

    async def shown_after(*keys: str) -> float:
        for key in keys:
            await page.keyboard.press(key)
        await until(page, AT_REST)
        shown: float = await page.evaluate("window.shown")
        return shown

    at = [await page.evaluate("window.shown")]
    at += [await shown_after(*keys) for keys in (".", ".", ",", "...", ",,")]
    steps = [round((later - earlier) * 1000) for earlier, later in pairwise(at)]
    assert steps == [20, 20, -20, 60, -40]


async def test_the_measured_vehicle_is_drawn_over_the_clip_and_its_moment_is_found(
    office: Office, page: "Page"
) -> None:
    # The clip is of the three segments of two seconds before CAPTURED_AT.
    measured_at = CAPTURED_AT - timedelta(seconds=3)
    frames = [measured_at + timedelta(milliseconds=40 * number) for number in range(-10, 6)]
    track = VehicleTrack(
        boxes=tuple(
            BoxAt(
                frame_at=at,
                box=Box(x_px=300.0 + n, y_px=150.0 + n, width_px=60.0, height_px=40.0),
            )
            for n, at in enumerate(frames)
        ),
        ground=tuple(
            GroundPosition(frame_at=at, x_m=0.0, y_m=30.0 - n) for n, at in enumerate(frames)
        ),
    )
    seen = office.violation(captured_at=measured_at).model_copy(update={"track": track})
    await office.publish(seen, plate_read(seen))
    citation_id = (await office.outcome(seen))["citation_id"]
    await page.goto(f"{office.url}/queue/{citation_id}")
    await until(page, "document.querySelector('.player video').currentTime > 0.4")
    await page.locator(".player.has-layer").wait_for()
    vehicle = page.locator(".layer .vehicle")
    assert await page.locator(".layer .way").get_attribute("points") is not None
    await page.keyboard.press("m")
    # The frame of the measurement: 3 s into the clip, in Tehran, with its own box.
    await until(page, "document.querySelector('.moment').textContent.startsWith('قاب ۷۶ · ')")
    at = persian_digits((measured_at + timedelta(hours=3.5)).strftime("%H:%M:%S"))
    assert at in (await page.locator(".moment").text_content() or "")
    assert [await vehicle.get_attribute(name) for name in ("x", "y")] == ["310", "160"]
    assert await page.locator(".layer .measured").get_attribute("x1") == "330"
    await page.keyboard.press(".")
    await until(page, "document.querySelector('.moment').textContent.startsWith('قاب ۷۷ · ')")
    assert await vehicle.get_attribute("x") == "311"
    await page.keyboard.press("l")
    assert not await page.locator(".layer").is_visible()
    assert await page.locator("[data-act=layer]").get_attribute("aria-pressed") == "false"
    await page.keyboard.press("l")
    assert await page.locator(".layer").is_visible()


async def test_one_line_is_spoken_at_a_step_and_one_row_is_current(
    office: Office, page: "Page"
) -> None:
    for seconds in (60, 70):
        own = await office.draft(captured_at=CAPTURED_AT + timedelta(seconds=seconds))
    await page.goto(f"{office.url}/queue")
    for key in ("j", "k"):
        before = await page.locator("article").get_attribute("data-id")
        await page.keyboard.press(key)
        await page.locator(f"article:not([data-id='{before}'])").wait_for()
        row = page.locator(".item[aria-current]")
        assert await row.get_attribute("aria-current") == "true"
        shown = await page.locator("article").get_attribute("data-id")
        assert await row.get_attribute("data-id") == shown
        title = await page.locator("article h2").text_content()
        plate = await page.locator("article header .plate").get_attribute("title")
        assert await page.locator("#shown[role=status]").text_content() == f"{title}، {plate}"
    assert await page.locator("#detail").get_attribute("aria-live") is None
    # A step may lead to a case of another test, which has no film.
    await page.goto(f"{office.url}/queue/{own}")
    assert await page.locator(".player-bar output").get_attribute("aria-live") == "off"


async def test_an_average_speed_shows_the_vehicle_at_both_cameras_side_by_side(
    office: Office, engines: EngineSet, page: "Page", county: str
) -> None:
    picture = jpeg(car("12ب34567"))
    case = await average_speed_case(
        store_of(engines), pictures=((picture, picture), (picture, picture)), county=county
    )
    await office.publish(*case.reads, case.violation)
    citation_id = (await office.outcome(case.violation))["citation_id"]
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.goto(f"{office.url}/queue/{citation_id}")
    await page.wait_for_selector(".entry")
    text = await page.inner_text(".entry")
    for shown in ("میان دو دوربین", "۹۹۴٫۰ متر", "۳۶٫۰ ثانیه", "همان پلاک", "گذر از خط ورود"):
        assert shown in text, shown
    assert "NaN" not in text and "None" not in text
    shots = page.locator(".entry-shots img")
    assert await shots.count() == 4
    await shots.first.scroll_into_view_if_needed()
    await until(
        page,
        "[...document.querySelectorAll('.entry-shots img')].every((each) => each.naturalWidth > 0)",
    )
    places = [await page.locator(".entry-views figure").nth(n).bounding_box() for n in range(2)]
    assert places[0] is not None and places[1] is not None
    assert places[0]["y"] == places[1]["y"], "side by side"
    assert places[0]["x"] > places[1]["x"], "the entry first, from right to left"
    assert await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    await page.locator(".entry-shots .shot").first.click()
    await page.wait_for_selector("#shot-dialog[open]")
