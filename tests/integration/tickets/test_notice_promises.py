"""The notice of an issued citation, over HTTP and real engines."""

from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select

from payesh.contracts.values import Box
from payesh.tickets.adapters.dues_tables import notices
from tests.integration.tickets.conftest import Office
from tests.integration.tickets.test_desk_promises import ISSUE, REJECT
from tests.integration.tickets.test_dues_promises import issued, notified, sent
from tests.support.problems import problem
from tests.support.tagged_text import tagged_text
from tests.support.violation_builder import plate_read


async def test_a_notice_is_made_once_and_kept_as_it_was(office: Office) -> None:
    path = await issued(office)
    async with office.client("observer") as http:
        first = await http.get(f"{path}/notice.pdf")
        assert first.is_success, first.text
        again = await http.get(f"{path}/notice.pdf")
        number = (await http.get(path)).json()["number"]
    assert first.headers["content-type"] == "application/pdf"
    assert first.content == again.content
    assert first.headers["etag"] == f'"{sha256(first.content).hexdigest()}"'
    async with office.database.transaction() as session:
        rows = select(func.count()).where(notices.c.citation_id == UUID(path.rpartition("/")[2]))
        assert await session.scalar(rows) == 1
    heard = "".join(tagged_text(first.content)).replace("‌", "")
    assert number.rpartition("-")[0].split("-")[1] in heard  # the county; digits are Persian
    assert "سرعت غیرمجاز" in heard and "مهلت اعتراض" in heard


async def test_its_pictures_are_of_the_shot_that_was_read(office: Office) -> None:
    seen = office.violation()
    box = Box(x_px=90.0, y_px=110.0, width_px=60.0, height_px=14.0)
    read = plate_read(seen)
    shot = {"crop": seen.shots[0].crop, "plate_box": box}
    await office.publish(seen, type(read).model_validate({**vars(read), "shot": shot}))
    path = f"/v1/citations/{(await office.outcome(seen))['citation_id']}"
    async with office.client("sara") as http:
        await http.post(f"{path}/claim")
        await http.post(f"{path}/decide", json=ISSUE)
        heard = "".join(tagged_text((await http.get(f"{path}/notice.pdf")).content))
    assert "پلاک" in heard and "پوشانده" in heard


async def test_only_what_is_issued_has_a_notice(office: Office) -> None:
    path = f"/v1/citations/{await office.draft()}"
    async with office.client("sara") as http:
        assert problem(await http.get(f"{path}/notice.pdf")) == (409, "not-issued")
        await http.post(f"{path}/claim")
        await http.post(f"{path}/decide", json=REJECT)
        assert problem(await http.get(f"{path}/notice.pdf")) == (409, "not-issued")
        void = await notified(office)
        assert (await http.get(f"{void}/notice.pdf")).is_success
        assert (await sent(office, "mina", f"{void}/void", {"note": "اشتباه بود"})).is_success
        assert problem(await http.get(f"{void}/notice.pdf")) == (409, "not-issued")


async def test_reading_a_notice_is_on_record(office: Office) -> None:
    path = await issued(office)
    name = f"reader-{path[-8:]}"
    async with office.client(name) as http:
        assert (await http.get(f"{path}/notice.pdf")).is_success
    (record,) = await office.audited(name, 1)
    assert (record.action, record.resource_ids) == ("read notice", (path.rpartition("/")[2],))
