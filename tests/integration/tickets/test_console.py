"""The officer's console: all at one glance, looked at closely, found again, every key answered."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from payesh.contracts.plates import ReadShot
from payesh.contracts.values import Box
from payesh.kit.sessions import Sessions
from payesh.tickets.adapters import citations, second_looks
from payesh.tickets.pages.persian import persian_digits
from tests.integration.tickets.conftest import Office, claims
from tests.integration.tickets.test_desk_promises import ISSUE
from tests.integration.tickets.test_queue_page import PURPOSE, browsing, until
from tests.support.axe import serious_faults
from tests.support.problems import problem
from tests.support.violation_builder import CERTIFICATE, plate_read

if TYPE_CHECKING:
    from playwright.async_api import Page

GLANCE = (".stage", ".plate-crop", ".detail-head .plate", ".brief", "#detail h2", ".actions")
"""What an officer decides by: shown at 1366 by 768 without scrolling."""


@pytest.fixture
def county() -> str:
    return f"county-{uuid4().hex[:8]}"


@pytest.fixture
async def page(office: Office, county: str) -> AsyncIterator["Page"]:
    value, _ = await Sessions(office.database).begin(claims("sara", counties=[county]), PURPOSE)
    async with browsing(office, value) as opened:
        await opened.set_viewport_size({"width": 1366, "height": 768})
        yield opened


async def case_with_a_plate(office: Office, county: str) -> str:
    """A case whose read says where the plate is in its picture."""
    seen = await office.seen(county=county)
    box = Box(x_px=30.0, y_px=60.0, width_px=90.0, height_px=20.0)
    shot = ReadShot(crop=seen.shots[1].crop, plate_box=box)
    await office.publish(seen, plate_read(seen).model_copy(update={"shot": shot}))
    return str((await office.outcome(seen))["citation_id"])


async def test_what_an_officer_decides_by_is_shown_at_one_glance(
    office: Office, page: "Page", county: str
) -> None:
    citation_id = await case_with_a_plate(office, county)
    await page.goto(f"{office.url}/queue/{citation_id}")
    await page.keyboard.press("c")
    await page.locator("[data-act=issue]").wait_for()
    await page.locator(".plate-crop").wait_for()
    bar = await page.locator(".actions").bounding_box()
    assert bar is not None
    for name in GLANCE:
        box = await page.locator(name).bounding_box()
        assert box is not None, name
        assert box["y"] >= 0, name
        lowest = 768 if name == ".actions" else bar["y"]
        assert box["y"] + box["height"] <= lowest, name
        assert box["x"] >= 0 and box["x"] + box["width"] <= 1366, name
    crop = await page.locator(".plate-crop").bounding_box()
    assert crop is not None and crop["width"] >= 300
    shades = await page.evaluate(
        "new Set(document.querySelector('.plate-crop').getContext('2d')"
        ".getImageData(0, 0, 640, 100).data).size"
    )
    assert shades > 8, "a picture is drawn, not an empty field"
    brief = await page.inner_text(".brief")
    for shown in ("حد مجاز", "±", "دست‌کم بیش از حد", "مبلغ، ریال", "کد تخلف", "خط"):
        assert shown in brief, shown
    assert CERTIFICATE.number in await page.inner_text(".cards"), "its digits stay as they are"


async def test_the_view_is_changed_by_keys_and_the_next_case_begins_as_recorded(
    office: Office, page: "Page", county: str
) -> None:
    first = await office.draft(county=county)
    second = await office.draft(county=county)
    await page.goto(f"{office.url}/queue/{first}")
    await until(page, "document.querySelector('.player video').currentTime > 0")
    shown = "document.querySelector('.player video').style"
    for key in ("=", "=", "]"):
        await page.keyboard.press(key)
    assert "scale(2)" in await page.evaluate(f"{shown}.transform")
    assert await page.evaluate(f"{shown}.filter") == "brightness(120%) contrast(100%)"
    layer = await page.evaluate("document.querySelector('.layer').style.transform")
    assert "scale(2)" in layer, "what is drawn stays over what it is drawn of"
    await page.keyboard.press("h")
    await page.locator("[data-view=contrast]").fill("200")
    assert "contrast(200%)" in await page.evaluate(f"{shown}.filter")
    box = await page.locator(".stage").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 300, box["y"] + 200)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 200, box["y"] + 150)
    await page.mouse.up()
    assert "translate(0%, 0%)" not in await page.evaluate(f"{shown}.transform")
    await page.keyboard.press("0")
    assert await page.evaluate(f"[{shown}.transform, {shown}.filter]") == ["", ""]
    await page.keyboard.press("=")
    await page.keyboard.press("j")
    await page.locator(f"article[data-id='{second}']").wait_for()
    assert await page.evaluate(f"[{shown}.transform, {shown}.filter]") == ["", ""]


async def test_every_key_is_obeyed_or_answered(office: Office, page: "Page", county: str) -> None:
    citation_id = await office.draft(county=county)
    await page.goto(f"{office.url}/queue/{citation_id}")
    await page.locator("[data-act=claim]").first.wait_for()
    message = page.locator("#message")
    for key in "irputbvxaedo48;/":
        await page.evaluate("document.getElementById('message').hidden = true")
        await page.keyboard.press(key)
        assert (await message.text_content() or "").strip(), key
        assert await message.is_visible(), key
        assert await page.locator("dialog[open]").count() == 0, key
    await page.keyboard.press("c")
    await page.locator("[data-act=issue]").wait_for()
    await page.keyboard.press("c")
    assert "برداشتنی نیست" in (await message.text_content() or "")
    await page.keyboard.press("r")
    await page.keyboard.press("9")
    assert "دلیلی با این شماره نیست" in (await message.text_content() or "")
    assert await page.locator("#reject-dialog[open]").count() == 1


async def test_cases_are_found_by_number_plate_camera_day_and_ones_own_work(
    office: Office, page: "Page", county: str
) -> None:
    plate = f"{uuid4().int % 90 + 10}ب{uuid4().int % 900 + 100}11"
    citation_id = await office.draft(plate, county=county)
    other = await office.draft("98د76522", county=county)
    async with office.client("sara", counties=[county]) as http:
        path = f"/v1/citations/{citation_id}"
        await http.post(f"{path}/claim")
        body = {"decision": "issue", "plate": plate}
        number = (await http.post(f"{path}/decide", json=body)).json()["number"]

        async def found(**asked: str) -> list[str]:
            answer = await http.get("/v1/citations/search", params=asked)
            assert answer.is_success, answer.text
            return [each["citation_id"] for each in answer.json()["items"]]

        assert await found(number=number) == [str(citation_id)]
        assert await found(plate=f"{plate[:2]} {plate[2]} {plate[3:6]} - {plate[6:]}") == [
            str(citation_id)
        ]
        assert await found(mine="true") == [str(citation_id)]
        assert set(await found(camera_id="camera-1")) == {str(citation_id), str(other)}
        day = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}
        assert set(await found(**day)) == {str(citation_id), str(other)}
        assert await found(**{**day, "to": "2026-11-20T00:00:01Z"}) == []
        assert await found(camera_id="camera-1", limit="1") != []
        page_one = (await http.get("/v1/citations/search", params={**day, "limit": "1"})).json()
        page_two = (
            await http.get(
                "/v1/citations/search", params={**day, "limit": "1", "cursor": page_one["next"]}
            )
        ).json()
        both = [each["items"][0]["citation_id"] for each in (page_one, page_two)]
        assert set(both) == {str(citation_id), str(other)}
        wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
        for asked, problem_name in (
            ({"number": wrong}, "no-number"),
            ({"plate": "12345"}, "no-plate"),
            ({}, "no-condition"),
        ):
            refused = await http.get("/v1/citations/search", params=asked)
            assert problem(refused) == (422, problem_name)
    async with office.client("reza", counties=["county-elsewhere"]) as elsewhere:
        answer = await elsewhere.get("/v1/citations/search", params={"number": number})
        assert answer.json()["items"] == []

    await page.goto(f"{office.url}/queue")
    await page.keyboard.press("f")
    await page.keyboard.type(persian_digits(number))
    await page.keyboard.press("Enter")
    await page.locator(f"[data-found='{citation_id}']").wait_for()
    assert await page.locator("[data-found]").count() == 1
    await page.keyboard.press("Enter")
    await page.locator(f"article[data-id='{citation_id}'][data-state=issued]").wait_for()
    await page.keyboard.press("f")
    for typed, told in ((persian_digits(wrong), "رقم‌های کنترل"), ("", "بنویسید دنبال چه")):
        await page.locator("#search-dialog input[name=q]").fill(typed)
        await page.keyboard.press("Enter")
        await page.locator("#search-found .warning", has_text=told).wait_for()
    await page.locator("#search-dialog input[name=first]").fill("۱۴۰۵/۰۸/۲۹")
    await page.locator("#search-dialog input[name=last]").fill("۱۴۰۵/۰۸/۲۹")
    await page.keyboard.press("Enter")
    await page.locator(f"[data-found='{other}']").wait_for()
    assert await page.locator("[data-found]").count() == 2
    await page.locator("#search-dialog input[name=last]").fill("۱۴۰۵/۱۳/۰۱")
    await page.keyboard.press("Enter")
    await page.locator("#search-found .warning", has_text="این روز نیست").wait_for()
    await page.keyboard.press("Escape")
    await page.keyboard.press("w")
    await page.locator(f"[data-found='{citation_id}']").wait_for()
    assert await page.locator("[data-found]").count() == 1


async def test_a_search_tells_no_decision_that_is_to_be_taken_again(
    office: Office, county: str
) -> None:
    async with (
        office.client("sara", counties=[county]) as sara,
        office.client("reza", counties=[county]) as reza,
    ):
        citation_id = await office.draft(county=county)
        await sara.post(f"/v1/citations/{citation_id}/claim")
        decided = await sara.post(f"/v1/citations/{citation_id}/decide", json=ISSUE)
        number = decided.json()["number"]
        search = {"number": number}
        assert len((await reza.get("/v1/citations/search", params=search)).json()["items"]) == 1
        async with office.database.transaction() as session:
            citation = await citations.find(session, citation_id)
            assert citation is not None
            await second_looks.draw(session, citation)
        assert (await reza.get("/v1/citations/search", params=search)).json()["items"] == []
        assert len((await sara.get("/v1/citations/search", params=search)).json()["items"]) == 1
        by_camera = {"camera_id": "camera-1"}
        (shown,) = (await reza.get("/v1/citations/search", params=by_camera)).json()["items"]
        assert (shown["state"], shown["number"]) == ("decided", None)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_shuts_people_out(
    office: Office, page: "Page", county: str, scheme: str
) -> None:
    citation_id = await case_with_a_plate(office, county)
    dark = scheme == "dark"
    await page.emulate_media(color_scheme="dark" if dark else "light")
    await page.goto(f"{office.url}/queue/{citation_id}")
    await page.keyboard.press("c")
    await page.locator("[data-act=issue]").wait_for()
    assert await serious_faults(page) == []
    for key, dialog in (("f", "search"), ("?", "help"), ("r", "reject"), ("p", "correct")):
        await page.keyboard.press(key)
        await page.locator(f"#{dialog}-dialog[open]").wait_for()
        assert await serious_faults(page) == [], dialog
        await page.keyboard.press("Escape")
        await page.locator(f"#{dialog}-dialog[open]").wait_for(state="detached")
    ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(15, 23, 21)" if dark else "rgb(245, 244, 239)")


async def test_on_a_tablet_whatever_is_pressed_is_large_enough(
    office: Office, page: "Page", county: str
) -> None:
    citation_id = await office.draft(county=county)
    await page.set_viewport_size({"width": 768, "height": 1024})
    await page.goto(f"{office.url}/queue/{citation_id}")
    await page.locator("[data-act=claim]").first.wait_for()
    small = await page.evaluate(
        "[...document.querySelectorAll('button, .item a, .actions a')]"
        ".filter((each) => each.checkVisibility())"
        ".map((each) => [each.dataset.act ?? each.className, each.getBoundingClientRect()])"
        ".filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)"
    )
    assert small == []
    assert await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
