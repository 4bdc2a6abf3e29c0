"""A camera that only warns: what an officer issues is a warning, on record and free of charge."""

from pathlib import Path
from uuid import uuid4

import httpx

from payesh.kit.sessions import Sessions
from payesh.verify.report import verify
from tests.integration.tickets.conftest import Office, claims
from tests.integration.tickets.test_desk_promises import ISSUE
from tests.integration.tickets.test_evidence_export import export, faults
from tests.integration.tickets.test_queue_page import PURPOSE, browsing
from tests.integration.tickets.test_second_looks import drafted
from tests.support.evidence_keys import trust
from tests.support.problems import problem

PERIODS = "/v1/warning-periods"


def period(county: str, camera: str, **changes: str) -> dict[str, str]:
    """A period around the moment at which the recorded violations were captured."""
    made = {
        "camera_id": camera,
        "county": county,
        "first_day": "1405-08-29",
        "last_day": "1405-08-30",
        "reason": "the limit is new",
    }
    return {**made, **changes}


async def issued(office: Office, http: httpx.AsyncClient, county: str, camera: str) -> str:
    """The path of a citation of this camera that an officer decided to issue."""
    path = f"/v1/citations/{await drafted(office, county, camera)}"
    assert (await http.post(f"{path}/claim")).is_success
    answer = await http.post(f"{path}/decide", json=ISSUE)
    assert answer.is_success, answer.text
    return path


async def state(http: httpx.AsyncClient, path: str) -> tuple[str, str | None]:
    shown = (await http.get(path)).json()
    return shown["state"], shown["number"]


async def test_what_is_issued_in_the_period_is_a_warning_without_number_and_charge(
    office: Office, tmp_path: Path
) -> None:
    county, camera = f"county-{uuid4().hex[:8]}", f"camera-{uuid4().hex[:8]}"
    async with office.client("sara", counties=[county]) as http:
        begun = await http.post(PERIODS, json=period(county, camera))
        assert begun.status_code == 201, begun.text
        path = await issued(office, http, county, camera)
        assert await state(http, path) == ("warned", None)
        notified = {
            "channel": "post",
            "reference": "RR1",
            "notified_at": (await http.get(path)).json()["decided_at"],
        }
        refused = await http.post(f"{path}/notify", json=notified)
        assert problem(refused) == (409, "not-in-this-state")
        again = await http.post(f"{path}/claim")
        assert problem(again) == (409, "already-decided")
        other = await issued(office, http, county, f"{camera}-b")
        assert (await state(http, other))[0] == "issued", "of that camera alone"
        ended = f"{PERIODS}/{begun.json()['period_id']}/end"
        assert (await http.post(ended, json={"note": "signs are up"})).status_code == 204
        assert problem(await http.post(ended, json={"note": "signs are up"})) == (404, "not-found")
        (listed,) = (await http.get(PERIODS)).json()["items"]
        assert (listed["ended_by"], listed["note"]) == ("person:sara", "signs are up")
        # Captured before the period was ended: it is still warned of.
        assert (await state(http, await issued(office, http, county, camera)))[0] == "warned"


async def test_outside_of_its_days_a_camera_fines(office: Office) -> None:
    county, camera = f"county-{uuid4().hex[:8]}", f"camera-{uuid4().hex[:8]}"
    async with office.client("sara", counties=[county]) as http:
        for first, last in (("1405-08-01", "1405-08-28"), ("1405-08-30", "1405-09-01")):
            body = period(county, camera, first_day=first, last_day=last)
            assert (await http.post(PERIODS, json=body)).status_code == 201
        assert (await state(http, await issued(office, http, county, camera)))[0] == "issued"


async def test_a_warning_verifies_and_is_never_issued_afterwards(
    office: Office, tmp_path: Path
) -> None:
    county = f"county-{uuid4().hex[:8]}"
    async with office.client("sara", counties=[county]) as http:
        assert (await http.post(PERIODS, json=period(county, "camera-1"))).status_code == 201
        citation_id = await office.draft(county=county)
        path = f"/v1/citations/{citation_id}"
        await http.post(f"{path}/claim")
        await http.post(f"{path}/decide", json=ISSUE)
        await export(http, citation_id, tmp_path / "citation")
    report = verify(tmp_path / "citation", trust())
    assert report.holds, faults(report)
    (decision,) = [each for each in report.findings if each.subject == "decisions/1.jws"]
    assert decision.said.en.startswith("warned, number -, by person:sara")


async def test_who_may_let_a_camera_warn(office: Office) -> None:
    county, camera = f"county-{uuid4().hex[:8]}", f"camera-{uuid4().hex[:8]}"
    async with office.client("sara", counties=["shahrud"]) as elsewhere:
        refused = await elsewhere.post(PERIODS, json=period(county, camera))
        assert problem(refused) == (403, "out-of-bounds")
    async with office.machine("warning-robot") as robot:
        refused = await robot.post(PERIODS, json=period(county, camera))
        assert problem(refused) == (403, "person-required")
    async with office.client("sara", counties=[county]) as http:
        reversed_days = period(county, camera, last_day="1405-08-01")
        assert problem(await http.post(PERIODS, json=reversed_days)) == (422, "days-reversed")
        for_ever = period(county, camera, last_day="1410-08-01")
        assert problem(await http.post(PERIODS, json=for_ever)) == (422, "too-long")
        assert (await http.get(PERIODS)).json()["items"] == []


async def test_a_supervisor_begins_and_ends_a_period_on_the_page_and_officers_see_it(
    office: Office,
) -> None:
    county = f"county-{uuid4().hex[:8]}"
    citation_id = await office.draft(county=county)
    value, _ = await Sessions(office.database).begin(claims("sara", counties=[county]), PURPOSE)
    async with browsing(office, value) as page:
        await page.goto(f"{office.url}/supervisor")
        form = page.locator(".begin-period")
        for name, typed in {
            "camera_id": "camera-1",
            "county": county,
            "first_day": "۱۴۰۵/۰۸/۲۹",
            "last_day": "۱۴۰۵/۰۸/۳۰",
            "reason": "دوربین تازه است",
        }.items():
            await form.locator(f"[name={name}]").fill(typed)
        await page.keyboard.press("Enter")
        await page.locator("[data-period]").wait_for()
        await page.goto(f"{office.url}/queue/{citation_id}")
        await page.locator(".warning", has_text="تنها تذکر می‌دهد").wait_for()
        await page.goto(f"{office.url}/supervisor")
        await page.locator("[data-period] input").fill("تابلو نصب شد")
        await page.keyboard.press("Enter")
        await page.get_by_text("پایان یافت").wait_for()
