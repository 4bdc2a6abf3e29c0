"""A draft whose plate a second reader did not confirm is held until persons read the picture."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.plates import SecondOpinion
from payesh.kit.sessions import Sessions
from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.domain.best_read import best_read
from payesh.plates.handlers.read_event import plate_read as plate_read_of
from payesh.plates.handlers.reading import read_shots
from payesh.plates.handlers.second_opinion import RereadRules
from payesh.plates.handlers.second_opinion import second_opinion as second_opinion_of
from payesh.tickets.adapters import citations, holds
from payesh.tickets.domain.holds import Checks, SecondReaderRule
from payesh.tickets.handlers import holding
from tests.integration.plates.vehicle_picture import VEHICLE, jpeg, splashed
from tests.integration.tickets.conftest import Office, claims
from tests.integration.tickets.test_queue_page import PURPOSE, browsing
from tests.support.average_speed_builder import average_speed_case
from tests.support.easyocr_present import with_easyocr
from tests.support.engine_settings import store_of
from tests.support.passage_builder import PROVENANCE, passage
from tests.support.problems import problem
from tests.support.violation_builder import plate_read, second_opinion

FIRST, SECOND = "12ب34567", "12ب34587"
NOTE = {"note": "هر دو خوانش را با تصویر سنجیدم"}


@pytest.fixture
def county() -> str:
    return f"county-{uuid4().hex[:8]}"


async def draft(office: Office, county: str, second: SecondOpinion | None) -> dict[str, Any]:
    seen: ViolationDetected = await office.seen(county=county)
    await office.publish(seen, plate_read(seen, FIRST, second=second))
    return await office.outcome(seen)


async def test_readers_that_disagree_hold_a_draft_until_a_supervisor_sets_it_aside(
    office: Office, county: str
) -> None:
    found = await draft(office, county, second_opinion(SECOND))
    path = f"/v1/citations/{found['citation_id']}"
    assert found["plate"]["text"] == FIRST, "the first read stands"
    assert found["second_reading"] == {"text": SECOND, "confidence": 0.7, "reader": "easyocr 1.7.2"}
    async with (
        office.client("sara", counties=[county]) as sara,
        office.client("mina", counties=[county]) as mina,
    ):
        await sara.post(f"{path}/claim")
        issue = {"decision": "issue", "plate": FIRST}
        assert problem(await sara.post(f"{path}/decide", json=issue)) == (409, "readers-disagree")
        (hold,) = (await sara.get(path)).json()["holds"]
        assert (hold["kind"], hold["facts"]) == ("readers_disagree", {"second": SECOND})
        manifest = (await sara.get(f"{path}/manifest")).json()
        assert manifest["second_opinion"]["text"] == SECOND
        aside = {"kind": "readers_disagree", **NOTE}
        assert (await mina.post(f"{path}/set-hold-aside", json=aside)).json()["holds"] == []
        assert (await sara.post(f"{path}/decide", json=issue)).json()["state"] == "issued"


async def test_a_reader_that_reads_nothing_confirms_nothing(office: Office, county: str) -> None:
    found = await draft(office, county, second_opinion(None))
    assert found["second_reading"]["text"] is None
    async with office.client("sara", counties=[county]) as sara:
        (hold,) = (await sara.get(f"/v1/citations/{found['citation_id']}")).json()["holds"]
    assert (hold["kind"], hold["facts"]) == ("readers_disagree", {"second": ""})


async def test_a_plate_that_two_officers_read_is_held_for_no_network(
    office: Office, county: str
) -> None:
    found = await draft(office, county, second_opinion("12ب34588"))
    path = f"/v1/citations/{found['citation_id']}"
    async with (
        office.client("sara", counties=[county]) as sara,
        office.client("reza", counties=[county]) as reza,
    ):
        await sara.post(f"{path}/claim")
        right = {"plate": SECOND, "reason": "رقم هشتم ۸ است", "shot": 0}
        assert (await sara.post(f"{path}/correct-plate", json=right)).is_success
        blind = (await reza.post("/v1/corrections/next")).json()
        assert (blind["plate"], blind["second_reading"], blind["holds"]) == (None, None, [])
        read = f"/v1/corrections/{found['citation_id']}/read"
        assert (await reza.post(read, json={"plate": SECOND})).json()["holds"] == []
        await sara.post(f"{path}/claim")
        issue = {"decision": "issue", "plate": SECOND}
        assert (await sara.post(f"{path}/decide", json=issue)).json()["state"] == "issued"


@pytest.mark.parametrize(
    ("second", "required"), [(None, ["second_reading_missing"]), (second_opinion(FIRST), [])]
)
async def test_what_no_second_reader_contradicts_goes_on_unless_one_is_required(
    office: Office, county: str, second: SecondOpinion | None, required: list[str]
) -> None:
    found = await draft(office, county, second)
    citation_id = UUID(found["citation_id"])
    assert (found["second_reading"] is None) is (second is None)
    checks = Checks(second_reader=SecondReaderRule.REQUIRED)
    async with office.database.transaction() as session:
        assert list(await holds.lasting(session, citation_id)) == []
        citation = await citations.find(session, citation_id)
        assert citation is not None
        await holding.examine(session, citation, checks)
        assert [each.kind for each in await holds.lasting(session, citation_id)] == required


async def test_an_average_speed_is_held_for_either_of_its_reads(
    office: Office, engines: Any, county: str
) -> None:
    case = await average_speed_case(store_of(engines), county=county)
    entry, left = case.reads
    entry = entry.model_copy(update={"second_opinion": second_opinion(SECOND)})
    left = left.model_copy(update={"second_opinion": second_opinion(FIRST)})
    await office.publish(entry, left, case.violation)
    found = await office.outcome(case.violation)
    assert found["second_reading"]["text"] == FIRST
    assert found["entry_second_reading"]["text"] == SECOND
    async with office.client("sara", counties=[county]) as sara:
        (hold,) = (await sara.get(f"/v1/citations/{found['citation_id']}")).json()["holds"]
    assert hold["facts"] == {"second": FIRST, "second_at_entry": SECOND}


@with_easyocr
async def test_a_crop_of_which_the_readers_disagree_ends_as_a_held_draft(
    office: Office, county: str
) -> None:
    """Of the real networks: mud makes a ص of the س on this plate for the first reader alone."""
    seen = await office.seen(county=county)
    crop = jpeg(splashed("87س16542", seed=83))
    read = read_of(seen, crop)
    await office.publish(seen, read)
    found = await office.outcome(seen)
    assert (found["state"], found["plate"]["text"]) == ("drafted", "87ص16542")
    async with office.client("sara", counties=[county]) as sara:
        (hold,) = (await sara.get(f"/v1/citations/{found['citation_id']}")).json()["holds"]
    assert (hold["kind"], hold["facts"]) == ("readers_disagree", {"second": "87س16542"})


def read_of(seen: ViolationDetected, crop: bytes) -> PlateRead:
    """The read of a violation's passage whose one shot is this crop, as plates makes it."""
    from payesh.plates.adapters.easyocr_reader import EasyOcrReader

    reference = seen.shots[0].crop
    passed = passage(crops=[reference], vehicle_in_crop=VEHICLE, passage_id=seen.passage_id)
    readings = read_shots(passed.shots, [crop], OnnxPlateLocator(), OnnxPlateReader())
    best = best_read(readings)
    again = second_opinion_of(RereadRules(EasyOcrReader(), 0.8), best, [crop])
    assert again is not None
    read = plate_read_of(passed, readings, best, 0.2, PROVENANCE, again)
    same = ("camera_id", "county", "road_class", "place_class", "captured_at", "stream_id")
    return read.model_copy(update={name: getattr(seen, name) for name in same})


async def test_the_page_folds_the_readings_until_the_picture_was_looked_at(
    office: Office, county: str
) -> None:
    unread = (await draft(office, county, None))["citation_id"]
    held = (await draft(office, county, second_opinion("12ب3458?")))["citation_id"]
    value, _ = await Sessions(office.database).begin(claims("sara", counties=[county]), PURPOSE)
    async with browsing(office, value) as page:
        await page.set_viewport_size({"width": 1366, "height": 768})
        await page.goto(f"{office.url}/queue/{unread}")
        await page.locator("[data-second]", has_text="خوانش دومی انجام نشده است").wait_for()
        await page.goto(f"{office.url}/queue/{held}")
        await page.locator("[data-hold=readers-disagree]").wait_for()
        await page.locator("[data-second]", has_text="همین پلاک را نخواند").wait_for()
        second = page.locator(".readings .plate").last
        assert not await second.is_visible()
        await page.locator(".readings summary").focus()
        await page.keyboard.press("Enter")
        await second.wait_for()
        assert await second.get_attribute("title") == "۱۲ ب ۳۴۵ ایران ۸?"
        await page.goto(f"{office.url}/supervisor")
        row = page.locator("tr", has=page.locator(f'a[href="/queue/{held}"]'))
        await row.locator(".plate").nth(1).wait_for()
