"""An owner at the own citation, over HTTP and real engines: in by a code, and by nothing else."""

import re
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, update

from payesh.contracts.access import AuditOutcome
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.tickets.adapters.owner_tables import owner_codes, owner_sessions
from payesh.tickets.domain.numbering import citation_number
from payesh.tickets.pages.owner import routes as owner_page
from tests.integration.tickets.conftest import Office, claims
from tests.integration.tickets.owner_page import OwnersOffice, owners_office
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
async def owners(office: Office) -> AsyncIterator[OwnersOffice]:
    async with owners_office(office) as found:
        yield found


async def test_the_code_that_is_sent_opens_the_own_case_once(owners: OwnersOffice) -> None:
    path, number = await owners.notified()
    browser = owners.browser("192.0.2.10")
    code = await owners.code_for(browser, number)
    opened = await browser.open(number, code)
    assert (opened.status_code, opened.headers["location"]) == (303, "/owner/case")
    cookie = next(each for each in opened.headers.get_list("set-cookie") if "payesh_owner=" in each)
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    case = await browser.get("/owner/case")
    assert case.status_code == 200
    for text in ("سرعت غیرمجاز", "۲٬۰۰۰٬۰۰۰", "بلوار امام رضا", "جمعه ۲۹ آبان ۱۴۰۵", "±"):
        assert text in case.text, text
    assert "نمرهٔ منفی" not in case.text
    assert case.headers["cache-control"] == "no-store"
    assert "script-src" not in case.headers["content-security-policy"]
    assert "default-src 'none'" in case.headers["content-security-policy"]
    again = owners.browser("192.0.2.11")
    assert (await again.open(number, code)).status_code == 403
    records = await owners.office.audited(f"owner:{path.rpartition('/')[2]}", 2, is_person=False)
    assert [each.action for each in records] == ["open own case", "read own case"]


async def test_a_code_is_not_stored_and_dies_after_five_wrong_ones(owners: OwnersOffice) -> None:
    _, number = await owners.notified()
    browser = owners.browser("192.0.2.20")
    code = await owners.code_for(browser, number)
    async with owners.office.database.transaction() as session:
        rows = await session.execute(select(owner_codes).where(owner_codes.c.number == number))
        assert code not in repr(rows.all())
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        refused = await browser.open(number, wrong)
        assert refused.status_code == 403
    assert (await browser.open(number, code)).status_code == 403


async def test_no_answer_says_whether_a_number_exists(owners: OwnersOffice) -> None:
    _, real = await owners.notified()
    invented = citation_number(1405, "semnan", 900_000_000 + uuid4().int % 90_000_000)
    answers: dict[str, list[tuple[int, str]]] = {}
    for number, address in ((real, "192.0.2.30"), (invented, "192.0.2.31")):
        browser, sent = owners.browser(address), len(owners.simulated.messages)
        seen = [await browser.ask(number)]
        if number == real:
            await eventually(partial(_is_more, owners, sent))
        seen.append(await browser.get(f"/owner/code?n={number}"))
        seen.append(await browser.post("/owner/open", number=number, code="000000"))
        seen.append(await browser.ask(number))  # too soon again
        answers[number] = [
            (each.status_code, _without_tokens(each.text, number, browser.hidden["form"]))
            for each in seen
        ]
        if number == invented:
            assert len(owners.simulated.messages) == sent
    known, unknown = answers.values()
    assert [status for status, _ in known] == [303, 200, 403, 429]
    assert known == unknown


async def _is_more(owners: OwnersOffice, than: int) -> bool:
    return len(owners.simulated.messages) > than


def _without_tokens(text: str, number: str, form: str) -> str:
    return re.sub(r'name="form" value="[^"]+"', "", text).replace(number, "N").replace(form, "")


async def test_asking_is_bounded_by_number_and_by_address(owners: OwnersOffice) -> None:
    browser = owners.browser("192.0.2.40")
    number = citation_number(1405, "semnan", 800_000_001)
    assert (await browser.ask(number)).status_code == 303
    assert (await owners.browser("192.0.2.41").ask(number)).status_code == 429
    asked = 1
    while (await browser.ask(citation_number(1405, "semnan", 800_000_100 + asked))).is_redirect:
        asked += 1
        assert asked < 30
    assert asked == 20
    assert (await owners.browser("192.0.2.42").ask(citation_number(1405, "a", 7))).is_redirect
    # A browser behind the same proxy cannot choose its address.
    forged = owners.browser("198.51.100.9, 192.0.2.40")
    assert (await forged.ask(citation_number(1405, "semnan", 800_000_500))).status_code == 429


async def test_guesses_of_one_address_end_even_over_many_numbers(owners: OwnersOffice) -> None:
    _, number = await owners.notified()
    browser = owners.browser("192.0.2.50")
    code = await owners.code_for(browser, number)
    for serial in range(20):
        guessed = citation_number(1405, "semnan", 700_000_000 + serial)
        answer = await browser.post("/owner/open", number=guessed, code="000000")
        assert answer.status_code == 403
    assert (await browser.open(number, code)).status_code == 403
    other = owners.browser("192.0.2.51")
    assert (await other.open(number, code)).status_code == 303
    refused = await owners.office.audited("owner:unverified", 20, is_person=False)
    assert {each.outcome for each in refused} == {AuditOutcome.DENIED}


async def test_a_code_that_is_too_old_opens_nothing(owners: OwnersOffice) -> None:
    _, number = await owners.notified()
    browser = owners.browser("192.0.2.60")
    code = await owners.code_for(browser, number)
    async with owners.office.database.transaction() as session:
        await session.execute(
            update(owner_codes)
            .where(owner_codes.c.number == number)
            .values(expires_at=owner_codes.c.asked_at)
        )
    assert (await browser.open(number, code)).status_code == 403


async def test_what_is_behind_the_code_is_shut_to_everyone_else(owners: OwnersOffice) -> None:
    """Every public route of the page, with no cookie, an invented one, an officer's, and one that
    is over."""
    browser, _, _ = await owners.entered("192.0.2.70")
    officer, _ = await Sessions(owners.office.database).begin(claims("sara"), "test")
    async with owners.office.database.transaction() as session:
        await session.execute(update(owner_sessions).values(expires_at=owner_sessions.c.expires_at))
    jars = [{}, {"payesh_owner": "x" * 43}, {SESSION_COOKIE: officer}, {"payesh_owner": officer}]
    inside = [path for path in owner_page.PUBLIC_ROUTES if "/case" in path]
    assert len(inside) == 7
    for jar in jars:
        async with httpx.AsyncClient(base_url=owners.url, cookies=jar) as http:
            for path in inside:
                for method in ("GET", "POST"):
                    answer = await http.request(method, path.format(number=0))
                    assert answer.status_code in (303, 405), (method, path)
                    assert answer.headers.get("location", "/owner?ended=1") == "/owner?ended=1"
    assert (await browser.get("/owner/case")).status_code == 200
    # The owner's session is no officer's: no route that asks for a scope takes it.
    assert (await browser.http.get("/v1/citations")).status_code == 401
    assert (await browser.http.get("/queue")).status_code == 401


async def test_a_post_without_its_token_changes_nothing(owners: OwnersOffice) -> None:
    browser, _, number = await owners.entered("192.0.2.80")
    await browser.get("/owner/case")
    for step in ("objection", "payment", "end"):
        for csrf in ({}, {"csrf": "x" * 32}):
            answer = await browser.http.post(
                f"/owner/case/{step}",
                data={"grounds": "other", "statement": "not so", **csrf},
                files=[("files", ("", b""))] if step == "objection" else None,
            )
            assert answer.status_code == 403, (step, csrf)
    assert (await browser.get("/owner/case")).status_code == 200
    async with httpx.AsyncClient(base_url=owners.url) as http:
        assert (await http.post("/owner/code", data={"number": number})).status_code == 403
        body = {"number": number, "code": "000000"}
        assert (await http.post("/owner/open", data=body)).status_code == 403
    ended = await browser.post("/owner/case/end")
    assert ended.status_code == 303
    assert (await browser.http.get("/owner/case")).status_code == 303


async def test_only_what_was_notified_is_open(owners: OwnersOffice) -> None:
    path, number = await owners.notified()
    async with owners.office.client("mina") as http:
        note = {"note": "به دست مالک نرسید"}
        assert (await http.post(f"{path}/withdraw-notification", json=note)).is_success
    browser, sent = owners.browser("192.0.2.90"), len(owners.simulated.messages)
    assert (await browser.ask(number)).status_code == 303

    async def is_settled() -> bool:
        async with owners.office.database.transaction() as session:
            query = select(owner_codes.c.next_attempt_at).where(owner_codes.c.number == number)
            return await session.scalar(query) is None

    await eventually(is_settled)
    assert len(owners.simulated.messages) == sent


async def test_masked_copies_are_made_and_the_notice_is_there(owners: OwnersOffice) -> None:
    browser, path, _ = await owners.entered("192.0.2.100")

    looks = 0

    async def is_made() -> bool:
        nonlocal looks
        looks += 1
        return "/owner/case/clip" in (await browser.get("/owner/case")).text

    await eventually(is_made)
    picture = await browser.http.get("/owner/case/pictures/0")
    assert picture.headers["content-type"] == "image/jpeg"
    clip = await browser.http.get("/owner/case/clip", headers={"Range": "bytes=0-99"})
    assert (clip.status_code, clip.headers["content-type"]) == (206, "video/mp4")
    assert (await browser.http.get("/owner/case/pictures/9")).status_code == 404
    notice = await browser.http.get("/owner/case/notice.pdf")
    assert notice.content.startswith(b"%PDF-")
    async with owners.office.client() as http:
        for number in range(3):
            original = await http.get(f"{path}/shots/{number}")
            assert picture.content != original.content
        original = await http.get(f"{path}/clip")
        whole = await browser.http.get("/owner/case/clip")
        assert whole.content != original.content
    for answer in (picture, clip, notice):
        assert answer.headers["cache-control"] == "no-store"
    citation_id = UUID(path.rpartition("/")[2])
    records = await owners.office.audited(f"owner:{citation_id}", looks + 5, is_person=False)
    assert [each.action for each in records if each.action != "read own case"] == [
        "open own case",
        "read own picture",
        "read own clip",
        "read own picture",
        "read own notice",
    ]


async def test_the_page_is_absent_where_it_is_not_set_up(office: Office) -> None:
    async with httpx.AsyncClient(base_url=office.url) as http:
        for method, path in (("GET", "/owner"), ("POST", "/owner/code"), ("POST", "/owner/open")):
            assert (await http.request(method, path)).status_code == 404, path
        assert (await http.get("/owner/case")).status_code == 303
