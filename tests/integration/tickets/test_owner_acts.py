"""What an owner does at the own citation, over HTTP and real engines: objects, and pays."""

import asyncio
import io
from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import UUID

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, update

from payesh.tickets.adapters.tables import citations
from payesh.tickets.evidence.attachments import MOST, MOST_BYTES
from tests.integration.tickets.conftest import Office
from tests.integration.tickets.owner_page import OwnersOffice, owners_office
from tests.integration.tickets.test_dues_promises import UPHELD, read, steps
from tests.support.owner_browser import OwnerBrowser
from tests.support.problems import problem

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF\n"


@pytest.fixture(scope="module")
async def owners(office: Office) -> AsyncIterator[OwnersOffice]:
    async with owners_office(office) as found:
        yield found


@pytest.fixture(scope="module")
async def owner(owners: OwnersOffice) -> tuple[OwnerBrowser, str]:
    """A browser in a case of its own, that tests refuse things of before the last one objects."""
    browser, path, _ = await owners.entered("192.0.2.110")
    await browser.get("/owner/case")
    return browser, path


def jpeg(width: int = 40) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, 30), (90, 20, 20)).save(out, "JPEG")
    return out.getvalue()


async def objected(
    browser: OwnerBrowser, files: list[tuple[str, bytes]], **changes: str
) -> httpx.Response:
    """The form as a browser posts it."""
    fields = {"grounds": "vehicle_sold", "statement": "پیش از آن روز فروخته‌ام.", **changes}
    return await browser.http.post(
        "/owner/case/objection",
        data={**browser.hidden, **fields},
        files=[("files", each) for each in files or [("", b"")]],
    )


@pytest.mark.parametrize(
    ("files", "fields", "status"),
    [
        ([("a.jpg", b"<script>alert(1)</script>")], {}, 422),
        ([("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")], {}, 422),
        ([("a.jpg", b"\xff\xd8\xff\xe0 no picture")], {}, 422),
        ([("a.jpg", jpeg() + b"\0" * MOST_BYTES)], {}, 422),
        ([(f"{n}.jpg", jpeg()) for n in range(MOST + 1)], {}, 422),
        ([(f"{n}.jpg", jpeg()) for n in range(MOST + 4)], {}, 422),
        ([("a.bin", b"\0" * ((MOST + 1) * MOST_BYTES))], {}, 422),
        ([], {"grounds": "because"}, 422),
        ([], {"statement": " "}, 422),
        ([], {"statement": "a\0b c"}, 422),
        ([], {"statement": "x" * 4001}, 422),
    ],
    ids=str,
)
async def test_what_is_not_taken_is_refused_and_changes_nothing(
    owners: OwnersOffice,
    owner: tuple[OwnerBrowser, str],
    files: list[tuple[str, bytes]],
    fields: dict[str, str],
    status: int,
) -> None:
    browser, path = owner
    answer = await objected(browser, files, **fields)
    assert answer.status_code == status
    assert (await read(owners.office, path))["state"] == "notified"


async def test_an_owner_objects_with_files_that_officers_save_and_no_browser_shows(
    owners: OwnersOffice, owner: tuple[OwnerBrowser, str]
) -> None:
    browser, path = owner
    files = [("سند.jpg", jpeg()), ("deed.exe", PDF)]
    answer = await objected(browser, files)
    assert (answer.status_code, answer.headers["location"]) == (303, "/owner/case")
    async with owners.office.client("reviewer") as http:
        (entered,) = (await http.get(f"{path}/objections")).json()["items"]
        assert (entered["entered_by"], entered["grounds"]) == ("owner", "vehicle_sold")
        assert [each["media_type"] for each in entered["attachments"]] == [
            "image/jpeg",
            "application/pdf",
        ]
        at = f"{path}/objections/{entered['objection_id']}/attachments"
        for number, (_, body) in enumerate(files):
            saved = await http.get(f"{at}/{number}")
            assert saved.content == body
            assert sha256(body).hexdigest() == entered["attachments"][number]["sha256"]
            assert saved.headers["content-disposition"].startswith("attachment;")
            assert saved.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in saved.headers["content-security-policy"]
        assert (await http.get(f"{at}/2")).status_code == 404
        listed = (await http.get("/v1/objections?limit=200")).json()["items"]
        assert next(each["attachments"] for each in listed if each["citation_id"] in path)
    assert (await steps(owners.office, path))[-1] == ("object", "owner")
    shown = (await browser.get("/owner/case")).text
    for text in ("اعتراض در دست رسیدگی است", "پیش از آن روز فروخته‌ام.", "۲ پیوست"):
        assert text in shown, text
    # The same form once more, as a reloaded page sends it.
    assert (await objected(browser, [])).status_code == 409
    # Whoever decided the citation is barred here too, and the reason reaches the owner.
    decide = f"{path}/objections/{entered['objection_id']}/decide"
    async with owners.office.client("sara") as http:
        assert problem(await http.post(decide, json=UPHELD)) == (409, "another-officer")
    async with owners.office.client("reviewer") as http:
        assert (await http.post(decide, json=UPHELD)).is_success
    shown = (await browser.get("/owner/case")).text
    assert UPHELD["reason"] in shown and "بردن به واحد رسیدگی" in shown


async def test_an_owner_pays_what_is_owed_and_is_counted_once(owners: OwnersOffice) -> None:
    browser, path, _ = await owners.entered("192.0.2.120")
    await browser.get("/owner/case")
    csrf = browser.hidden["csrf"]
    pages = await asyncio.gather(
        *(browser.http.post("/owner/case/payment", data={"csrf": csrf}) for _ in range(3))
    )
    addresses = {page.text.partition('href="http')[2].partition('"')[0] for page in pages}
    assert len(addresses) == 1, "one payment however often the button is pressed"
    address = f"http{addresses.pop()}"
    assert address.rpartition("/")[0].endswith("/pay")
    async with httpx.AsyncClient() as elsewhere:
        back = await elsewhere.post(address)
        assert back.headers["location"] == f"{owners.url}/owner/return"
        # From another site: no cookie, and no word of the case.
        returned = await elsewhere.get(back.headers["location"])
    assert returned.status_code == 200 and "۲٬۰۰۰٬۰۰۰" not in returned.text
    assert (await read(owners.office, path))["state"] == "paid"
    shown = (await browser.get("/owner/case")).text
    assert "پرداخت شده است" in shown and "/owner/case/payment" not in shown
    again = await browser.http.post("/owner/case/payment", data={"csrf": csrf})
    assert again.status_code == 409
    citation_id = UUID(path.rpartition("/")[2])
    records = await owners.office.audited(f"owner:{citation_id}", 5, is_person=False)
    assert [each.action for each in records].count("begin own payment") == 3


async def test_a_gateway_that_is_away_takes_nothing_and_is_told(owners: OwnersOffice) -> None:
    browser, path, _ = await owners.entered("192.0.2.130")
    await browser.get("/owner/case")
    secret, owners.simulated.secret = owners.simulated.secret, b"another"
    try:
        answer = await browser.post("/owner/case/payment")
    finally:
        owners.simulated.secret = secret
    assert answer.status_code == 503 and "مبلغی کم نشده است" in answer.text
    assert (await read(owners.office, path))["state"] == "notified"


async def test_an_objection_after_the_time_is_over_is_refused(owners: OwnersOffice) -> None:
    browser, path, _ = await owners.entered("192.0.2.140")
    await browser.get("/owner/case")
    async with owners.office.database.transaction() as session:
        await session.execute(
            update(citations)
            .where(citations.c.citation_id == UUID(path.rpartition("/")[2]))
            .values(object_until=func.now())
        )
    answer = await objected(browser, [])
    assert answer.status_code == 409 and "مهلت اعتراض گذشته است" in answer.text
