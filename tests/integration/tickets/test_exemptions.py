"""Exempt vehicles: two persons, a hold that is never silent, each use on record."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, update

from payesh.kit.query_digests import QueryDigests
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.kit.tokens import principal_from_claims
from payesh.tickets.adapters import holds
from payesh.tickets.adapters.tables import citations
from payesh.tickets.domain.holds import HoldKind
from payesh.tickets.handlers import deciding, exempting
from payesh.tickets.handlers.finalising import finalise
from tests.integration.tickets.conftest import Office, claims
from tests.integration.tickets.test_law_page import opened, shows
from tests.integration.tickets.test_queue_page import PURPOSE, browsing
from tests.support.engine_settings import QUERY_KEY
from tests.support.problems import problem
from tests.support.violation_builder import plate_read

DIGESTS = QueryDigests(QUERY_KEY)
NOTE = {"note": "it was not on duty"}


def exemption(plate: str, **changes: Any) -> dict[str, Any]:
    about = {
        "plate": plate,
        "county": "semnan",
        "first_day": "1405-08-01",
        "last_day": "1406-06-31",
        "reason": "ambulance of the county's hospital",
        "legal_basis": "decree 12, 1405",
    }
    return {**about, **changes}


@pytest.fixture
def plate() -> str:
    """A vehicle of this test alone."""
    digits = f"{uuid4().int % 8999 + 1000}"
    return f"{digits[:2]}ع{digits[2:]}196"


async def approved(office: Office, body: dict[str, Any], **bounds: Any) -> str:
    async with office.client("mina", **bounds) as mina, office.client("hadi", **bounds) as hadi:
        made = (await mina.post("/v1/exemptions", json=body)).json()
        assert made["state"] == "proposed", made
        assert problem(await mina.post(approval(made["exemption_id"]))) == (409, "second-person")
        answer = await hadi.post(approval(made["exemption_id"]))
        assert answer.json()["state"] == "approved", answer.text
    return str(made["exemption_id"])


def approval(exemption_id: str) -> str:
    return f"/v1/exemptions/{exemption_id}/approve"


async def decide(http: httpx.AsyncClient, citation_id: UUID, **body: str) -> httpx.Response:
    await http.post(f"/v1/citations/{citation_id}/claim")
    return await http.post(f"/v1/citations/{citation_id}/decide", json=body)


async def test_a_draft_of_an_exempt_vehicle_is_held_and_rejected_as_such(
    office: Office, plate: str
) -> None:
    exemption_id = await approved(office, exemption(plate))
    citation_id = await office.draft(plate)
    async with office.client() as http:
        shown = (await http.get(f"/v1/citations/{citation_id}")).json()
        assert (shown["state"], shown["exempt_under"]) == ("drafted", exemption_id)
        refused = await decide(http, citation_id, decision="issue", plate=plate)
        assert problem(refused) == (409, "exempt-vehicle")
        rejected = await decide(http, citation_id, decision="reject", reason="exempt_vehicle")
        assert (rejected.json()["state"], rejected.json()["reason"]) == (
            "rejected",
            "exempt_vehicle",
        )
        read = (await http.get(f"/v1/exemptions/{exemption_id}")).json()
        assert read["exemption"]["uses"] == 1
        assert [each["citation_id"] for each in read["held"]] == [str(citation_id)]


async def test_a_read_in_another_spelling_is_no_read(office: Office, plate: str) -> None:
    """Its plate would equal none that is exempt. It becomes a dead letter; the next one counts."""
    exemption_id = await approved(office, exemption(plate))
    seen = await office.seen()
    spelled = plate_read(seen, f"{plate[:3]} {plate[3:]}")
    await office.publish(seen, spelled, plate_read(seen, plate))
    async with office.client() as http:
        path = f"/v1/citations/{(await office.outcome(seen))['citation_id']}"
        assert (await http.get(path)).json()["exempt_under"] == exemption_id


async def test_an_officer_alone_exempts_no_vehicle(office: Office, plate: str) -> None:
    async with office.client("mina") as mina:
        await mina.post("/v1/exemptions", json=exemption(plate))
    citation_id = await office.draft(plate)
    async with office.client() as http:
        refused = await decide(http, citation_id, decision="reject", reason="exempt_vehicle")
        assert problem(refused) == (409, "not-exempt")
        assert (await decide(http, citation_id, decision="issue", plate=plate)).is_success


async def test_what_was_drafted_before_the_approval_is_held_from_then_on(
    office: Office, plate: str
) -> None:
    citation_id = await office.draft(plate)
    exemption_id = await approved(office, exemption(plate))
    async with office.client() as http:
        shown = (await http.get(f"/v1/citations/{citation_id}")).json()
        assert shown["exempt_under"] == exemption_id
        aside = f"/v1/citations/{citation_id}/set-exemption-aside"
        assert (await http.post(aside, json=NOTE)).json()["exempt_under"] is None
        assert problem(await http.post(aside, json=NOTE)) == (409, "not-exempt")
        assert (await decide(http, citation_id, decision="issue", plate=plate)).is_success
        assert problem(await http.post(aside, json=NOTE)) == (409, "not-in-this-state")
        (use,) = (await http.get(f"/v1/exemptions/{exemption_id}")).json()["held"]
        assert (use["set_aside_by"], use["note"]) == ("person:sara", NOTE["note"])


async def test_it_holds_for_its_county_its_class_and_its_days_alone(
    office: Office, plate: str
) -> None:
    elsewhere = {"counties": ["damghan"]}
    await approved(office, exemption(plate, county="damghan"), **elsewhere)
    await approved(office, exemption(plate, vehicle_class="truck"))
    await approved(office, exemption(plate, first_day="1405-11-01"))
    citation_id = await office.draft(plate)
    async with office.client("mina") as mina, office.client("hadi") as hadi:
        assert (await mina.get(f"/v1/citations/{citation_id}")).json()["exempt_under"] is None
        over = exemption(plate, first_day="1404-01-01", last_day="1404-12-29")
        made = (await mina.post("/v1/exemptions", json=over)).json()
        assert problem(await hadi.post(approval(made["exemption_id"]))) == (409, "exemption-over")


async def test_an_approval_beside_drafts_holds_each_of_them(office: Office, plate: str) -> None:
    """Whichever commits first: none is missed, whether its bundle is built before or after."""
    async with office.client("mina") as mina, office.client("hadi") as hadi:
        made = (await mina.post("/v1/exemptions", json=exemption(plate))).json()
        drafts = [asyncio.create_task(office.draft(plate)) for _ in range(6)]
        await asyncio.sleep(0)
        assert (await hadi.post(approval(made["exemption_id"]))).is_success
        for citation_id in await asyncio.gather(*drafts):
            shown = (await hadi.get(f"/v1/citations/{citation_id}")).json()
            assert shown["exempt_under"] == made["exemption_id"]


async def test_an_ended_exemption_and_a_refused_one_hold_nothing_new(
    office: Office, plate: str
) -> None:
    exemption_id = await approved(office, exemption(plate))
    async with office.client("mina") as mina:
        ended = await mina.post(f"/v1/exemptions/{exemption_id}/end", json=NOTE)
        assert (ended.json()["state"], ended.json()["ended_by"]) == ("ended", "person:mina")
        assert problem(await mina.post(f"/v1/exemptions/{exemption_id}/end", json=NOTE)) == (
            409,
            "exemption-state",
        )
        other = (await mina.post("/v1/exemptions", json=exemption(plate))).json()
        path = f"/v1/exemptions/{other['exemption_id']}"
        assert (await mina.post(f"{path}/refuse", json=NOTE)).json()["state"] == "refused"
        assert problem(await mina.post(f"{path}/approve")) == (409, "exemption-state")


async def test_what_is_no_exemption_is_refused_without_repeating_the_plate(
    office: Office, plate: str
) -> None:
    async with office.client("mina") as mina:
        for changes, kind in (
            ({"plate": f"{plate}9"}, "unprocessable"),
            ({"last_day": "1405-07-30"}, "days-reversed"),
            ({"last_day": "1406-08-02"}, "too-long"),
        ):
            answer = await mina.post("/v1/exemptions", json={**exemption(plate), **changes})
            assert problem(answer) == (422, kind)
            assert plate not in answer.text
    async with office.machine("exempting-robot") as robot:
        refused = await robot.post("/v1/exemptions", json=exemption(plate))
        assert problem(refused) == (403, "person-required")
    whole = exemption(plate, county=None)
    for bounds in ({"counties": ["semnan"]}, {"counties": "*", "road_classes": ["local"]}):
        async with office.client("bound", **bounds) as bound:
            refused = await bound.post("/v1/exemptions", json=whole)
            assert problem(refused) == (403, "out-of-bounds"), bounds
    async with office.client("governor", counties="*") as governor:
        assert (await governor.post("/v1/exemptions", json=whole)).status_code == 201


async def test_each_step_is_recorded_by_the_plate_s_digest_and_no_log_has_the_plate(
    office: Office, plate: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    name = uuid4().hex[:8]
    async with office.client(name) as http:
        made = (await http.post("/v1/exemptions", json=exemption(plate))).json()
        await office.draft(plate)
        path = f"/v1/exemptions/{made['exemption_id']}"
        for each in (await http.get("/v1/exemptions"), await http.get(path)):
            assert each.is_success
    proposed, listed, read = await office.audited(name, 3)
    assert (proposed.action, read.action) == ("propose exemption", "read exemption")
    assert made["exemption_id"] in listed.resource_ids
    assert {each.resource_kind for each in (proposed, listed, read)} == {"exemption"}
    term = DIGESTS.term("plate", plate)
    assert all(term in each.query_terms for each in (proposed, read))
    written = capfd.readouterr()
    assert plate not in caplog.text + written.out + written.err


async def test_the_page_proposes_approves_and_sets_aside_by_keyboard(
    office: Office, plate: str
) -> None:
    reason, citation_id = f"آمبولانس {uuid4().hex[:8]}", await office.draft(plate)
    async with opened(office, "mina") as page:
        await page.goto(f"{office.url}/exemptions")
        await page.keyboard.press("n")
        await page.keyboard.type(plate)
        await page.fill('[name="first_day"]', "۱۴۰۵/۰۸/۰۱")
        await page.fill('[name="last_day"]', "۱۴۰۴/۰۸/۰۱")
        await page.fill('[name="reason"]', reason)
        await page.fill('[name="legal_basis"]', "مصوبهٔ ۱۲ سال ۱۴۰۵")
        await page.keyboard.press("Enter")
        await shows(page, "روز پایان پیش از روز آغاز است")
        await page.fill('[name="last_day"]', "۱۴۰۶/۰۶/۳۱")
        await page.keyboard.press("Enter")
        await shows(page, "نفر دومی باید تأیید کند")
    async with opened(office, "hadi") as page:
        await page.goto(f"{office.url}/exemptions")
        row = page.locator("tr", has_text=reason)
        assert "۱۴۰۶/۰۶/۳۱" in await row.inner_text()
        await row.get_by_role("button", name="تأیید", exact=True).focus()
        await page.keyboard.press("Enter")
        held = page.locator("tr", has=page.locator(f'a[href="/queue/{citation_id}"]'))
        await held.wait_for()
        await held.locator("input").focus()
        await page.keyboard.type("در مأموریت نبود")
        await page.keyboard.press("Enter")
        await held.wait_for(state="detached")


async def test_the_officer_s_page_says_that_a_draft_is_held(office: Office, plate: str) -> None:
    await approved(office, exemption(plate))
    citation_id = await office.draft(plate)
    cookie, _ = await Sessions(office.database).begin(claims("reza"), "test")
    async with httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: cookie}) as browser:
        shown = await browser.get(f"/queue/{citation_id}", headers={"X-Partial": "1"})
        assert "این خودرو معاف است" in shown.text


async def test_a_decision_undone_after_the_approval_is_held_as_other_drafts_are(
    office: Office, plate: str
) -> None:
    """But not by an exemption that was set aside for it: that a person decided so stays."""
    undone, aside = await office.draft(plate), await office.draft(plate)
    slow = replace(office.app.state.dependencies, undo=timedelta(minutes=10))
    sara = principal_from_claims(claims("sara", purpose="test"))
    for each in (undone, aside):
        await deciding.claim(slow, sara, each)
        await deciding.issue(slow, sara, each, plate)
    exemption_id = await approved(office, exemption(plate))
    for each in (undone, aside):
        held = await deciding.undo(slow, sara, each)
        assert str(held.exempt_under) == exemption_id
    async with office.client() as http:
        refused = await decide(http, undone, decision="issue", plate=plate)
        assert problem(refused) == (409, "exempt-vehicle")
    await exempting.set_aside(slow, sara, aside, "it was not on duty")
    await deciding.issue(slow, sara, aside, plate)
    assert (await deciding.undo(slow, sara, aside)).exempt_under is None


async def test_an_approval_while_a_decision_can_be_undone_keeps_it_from_being_issued(
    office: Office, plate: str
) -> None:
    """So does whatever else holds a draft: it is one again, and its officer sees why."""
    exempt, held, free = [await office.draft(plate) for _ in range(3)]
    slow = replace(office.app.state.dependencies, undo=timedelta(minutes=10))
    sara = principal_from_claims(claims("sara", purpose="test"))
    for each in (exempt, held, free):
        await deciding.claim(slow, sara, each)
        await deciding.issue(slow, sara, each, plate)
    exemption_id = await approved(office, exemption(plate))
    for each in (held, free):
        await deciding.undo(slow, sara, each)
        await exempting.set_aside(slow, sara, each, "it was not on duty")
        await deciding.issue(slow, sara, each, plate)
    async with office.database.transaction() as session:
        await holds.place(session, held, HoldKind.CLONED_PLATE, {})
        due = update(citations).where(citations.c.citation_id.in_([exempt, held, free]))
        await session.execute(due.values(final_at=func.now()))
    await finalise(office.app.state.dependencies)
    async with office.client() as http:
        shown = [(await http.get(f"/v1/citations/{each}")).json() for each in (exempt, held, free)]
        assert [each["state"] for each in shown] == ["drafted", "drafted", "issued"]
        assert [each["exempt_under"] for each in shown] == [exemption_id, None, None]
        assert [each["decided_by"] for each in shown] == [None, None, "person:sara"]
        assert [each["number"] is None for each in shown] == [True, True, False]
        refused = await decide(http, exempt, decision="issue", plate=plate)
        assert problem(refused) == (409, "exempt-vehicle")


async def test_an_approval_beside_undoing_misses_no_draft(office: Office, plate: str) -> None:
    """Whichever commits first."""
    slow = replace(office.app.state.dependencies, undo=timedelta(minutes=10))
    sara = principal_from_claims(claims("sara", purpose="test"))
    drafts = [await office.draft(plate) for _ in range(6)]
    for each in drafts:
        await deciding.claim(slow, sara, each)
        await deciding.issue(slow, sara, each, plate)
    async with office.client("mina") as mina, office.client("hadi") as hadi:
        made = (await mina.post("/v1/exemptions", json=exemption(plate))).json()
        approving = asyncio.create_task(hadi.post(approval(made["exemption_id"])))
        await asyncio.gather(*(deciding.undo(slow, sara, each) for each in drafts))
        assert (await approving).is_success
        for each in drafts:
            shown = (await hadi.get(f"/v1/citations/{each}")).json()
            assert shown["exempt_under"] == made["exemption_id"]


async def test_the_page_shows_exemptions_page_by_page(office: Office) -> None:
    county = f"county-{uuid4().hex[:8]}"
    plates = ["11ب11111", "22ب22222", "33ب33333"]
    async with office.client("sara", counties=[county]) as http:
        for each in plates:
            made = await http.post("/v1/exemptions", json=exemption(each, county=county))
            assert made.is_success, made.text
    session = claims("sara", counties=[county])
    value, _ = await Sessions(office.database).begin(session, PURPOSE)
    async with browsing(office, value) as page:
        await page.goto(f"{office.url}/exemptions?limit=2")
        seen = []
        while True:
            shown = page.locator(".rows .plate")
            seen += [await each.get_attribute("title") or "" for each in await shown.all()]
            following = page.locator("a[rel=next]")
            if await following.count() == 0:
                break
            await following.click()
            await page.wait_for_url("**cursor=**")
    assert len(seen) == len(set(seen)), "one is shown twice"
    # Exemptions of the whole province, which other tests propose, are shown as well.
    newest_first = ["۳۳ ب ۳۳۳ ایران ۳۳", "۲۲ ب ۲۲۲ ایران ۲۲", "۱۱ ب ۱۱۱ ایران ۱۱"]
    assert [each for each in seen if each in newest_first] == newest_first
