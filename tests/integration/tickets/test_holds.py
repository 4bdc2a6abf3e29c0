"""Drafts held because their plate cannot be on that vehicle, or was seen too far away."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from payesh.contracts.vocabulary import VehicleClass
from payesh.kit.sessions import Sessions
from payesh.tickets.adapters.tables import citations
from tests.integration.tickets.conftest import Office, claims
from tests.integration.tickets.test_queue_page import PURPOSE, browsing
from tests.support.problems import problem
from tests.support.violation_builder import CAPTURED_AT, plate_read

NOTE = {"note": "پلاک و خودرو را با تصویر سنجیدم"}


@pytest.fixture
def county() -> str:
    return f"county-{uuid4().hex[:8]}"


@pytest.fixture
def plate() -> str:
    """A vehicle of this test alone."""
    digits = f"{uuid4().int % 10**7:07d}"
    return f"{digits[:2]}ب{digits[2:]}"


async def bus_with_a_taxi_s_plate(office: Office, county: str) -> UUID:
    seen = await office.seen(county=county)
    bus = seen.vehicle.model_copy(update={"vehicle_class": VehicleClass.BUS})
    seen = seen.model_copy(update={"vehicle": bus})
    await office.publish(seen, plate_read(seen, "12ت34567"))
    return UUID((await office.outcome(seen))["citation_id"])


async def moved(office: Office, citation_id: UUID, north_deg: float) -> None:
    """The camera of a citation stands elsewhere: the recorded evidence is of one place."""
    of_it = citations.c.citation_id == citation_id
    async with office.database.transaction() as session:
        kept = await session.scalar(select(citations.c.evidence).where(of_it))
        assert kept is not None
        place = {**kept, "latitude": kept["latitude"] + north_deg}
        camera = f"camera-{uuid4().hex[:8]}"
        await session.execute(
            update(citations).where(of_it).values(evidence=place, camera_id=camera)
        )


async def test_a_taxi_s_plate_on_a_bus_is_held_until_a_supervisor_sets_it_aside(
    office: Office, county: str
) -> None:
    async with (
        office.client("sara", counties=[county]) as sara,
        office.client("mina", counties=[county]) as mina,
    ):
        citation_id = await bus_with_a_taxi_s_plate(office, county)
        path = f"/v1/citations/{citation_id}"
        await sara.post(f"{path}/claim")
        issue = {"decision": "issue", "plate": "12ت34567"}
        assert problem(await sara.post(f"{path}/decide", json=issue)) == (409, "class-mismatch")
        (hold,) = (await sara.get(path)).json()["holds"]
        assert hold["kind"] == "class_mismatch"
        assert hold["facts"] == {"letter": "ت", "vehicle_class": "bus"}
        aside = f"{path}/set-hold-aside"
        other = {"kind": "cloned_plate", **NOTE}
        assert problem(await mina.post(aside, json=other)) == (409, "not-held")
        answer = await mina.post(aside, json={"kind": "class_mismatch", **NOTE})
        assert answer.json()["holds"] == []
        assert (await sara.post(f"{path}/decide", json=issue)).json()["state"] == "issued"


async def test_a_hold_goes_with_the_plate(office: Office, county: str) -> None:
    async with (
        office.client("sara", counties=[county]) as sara,
        office.client("reza", counties=[county]) as reza,
    ):
        citation_id = await bus_with_a_taxi_s_plate(office, county)
        path = f"/v1/citations/{citation_id}"
        await sara.post(f"{path}/claim")
        right = {"plate": "12ع34567", "reason": "حرف ع است", "shot": 0}
        assert (await sara.post(f"{path}/correct-plate", json=right)).is_success
        held = await reza.post("/v1/corrections/next")
        assert held.json()["holds"] == [], "they would name the plate"
        read = await reza.post(f"/v1/corrections/{citation_id}/read", json={"plate": "12ع34567"})
        assert read.json()["holds"] == []
        await sara.post(f"{path}/claim")
        issue = {"decision": "issue", "plate": "12ع34567"}
        assert (await sara.post(f"{path}/decide", json=issue)).json()["state"] == "issued"


async def test_one_plate_at_two_places_that_no_vehicle_reaches_holds_both_drafts(
    office: Office, county: str, plate: str
) -> None:
    async with office.client("sara", counties=[county]) as sara:
        there = await office.draft(plate, county=county)
        await moved(office, there, 0.5)  # 56 km away
        later = CAPTURED_AT + timedelta(minutes=5)
        here = await office.draft(plate, county=county, captured_at=later)
        for held, other in ((here, there), (there, here)):
            path = f"/v1/citations/{held}"
            await sara.post(f"{path}/claim")
            issue = {"decision": "issue", "plate": plate}
            assert problem(await sara.post(f"{path}/decide", json=issue)) == (409, "cloned-plate")
            (hold,) = (await sara.get(path)).json()["holds"]
            facts = hold["facts"]
            assert (hold["kind"], facts["other"]) == ("cloned_plate", str(other))
            assert 55_000 < facts["metres"] < 56_000
            assert 600 < facts["kmh"] < 680


@pytest.mark.parametrize(("north_deg", "minutes"), [(0.5, 20), (0.002, 0), (0.0, 5)])
async def test_what_a_vehicle_can_make_holds_nothing(
    office: Office, county: str, plate: str, north_deg: float, minutes: int
) -> None:
    async with office.client("sara", counties=[county]) as sara:
        there = await office.draft(plate, county=county)
        await moved(office, there, north_deg)
        later = CAPTURED_AT + timedelta(minutes=minutes)
        here = await office.draft(plate, county=county, captured_at=later)
        for each in (here, there):
            assert (await sara.get(f"/v1/citations/{each}")).json()["holds"] == []


async def test_a_rejected_sighting_holds_no_other(office: Office, county: str, plate: str) -> None:
    async with office.client("sara", counties=[county]) as sara:
        there = await office.draft(plate, county=county)
        await moved(office, there, 0.5)
        await sara.post(f"/v1/citations/{there}/claim")
        reject = {"decision": "reject", "reason": "plate_wrong"}
        assert (await sara.post(f"/v1/citations/{there}/decide", json=reject)).is_success
        here = await office.draft(plate, county=county)
        assert (await sara.get(f"/v1/citations/{here}")).json()["holds"] == []


async def test_the_pages_say_why_a_draft_is_held_and_set_it_aside(
    office: Office, county: str
) -> None:
    citation_id = await bus_with_a_taxi_s_plate(office, county)
    async with office.client("sara", counties=[county]) as sara:
        await sara.post(f"/v1/citations/{citation_id}/claim")
        for name in ("sara", "mina"):
            value, _ = await Sessions(office.database).begin(
                claims(name, counties=[county]), PURPOSE
            )
            async with browsing(office, value) as page:
                await page.set_viewport_size({"width": 1366, "height": 768})
                if name == "sara":
                    await page.goto(f"{office.url}/queue/{citation_id}")
                    await page.locator("[data-hold=class-mismatch]").wait_for()
                    await page.keyboard.press("i")
                    await page.locator("#message.error", has_text="چنین پلاکی ندارد").wait_for()
                    assert not await page.locator("#issue-dialog").is_visible()
                    continue
                await page.goto(f"{office.url}/supervisor")
                row = page.locator("tr", has=page.locator(f'a[href="/queue/{citation_id}"]'))
                await row.locator("input").focus()
                await page.keyboard.type(NOTE["note"])
                await page.keyboard.press("Enter")
                await row.wait_for(state="detached")
        assert (await sara.get(f"/v1/citations/{citation_id}")).json()["holds"] == []
