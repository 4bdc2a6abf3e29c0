"""A sample of decisions is decided again, blind; a camera beyond its limit is suspended."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, update

from payesh.kit.principal import Bounds
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.tickets.adapters.second_looks import looks
from payesh.tickets.adapters.tables import citations, second_looks
from payesh.tickets.domain.second_look import LONGEST_WAIT
from payesh.tickets.main import create
from tests.integration.tickets.conftest import Office, claims
from tests.integration.tickets.test_desk_promises import ISSUE, REJECT
from tests.integration.tickets.test_queue_page import PURPOSE, browsing
from tests.support.problems import problem
from tests.support.serving import served

READING = "citations:read evidence:read"
"""Scopes that decide nothing."""


@pytest.fixture(scope="module")
async def sampled(office: Office) -> AsyncIterator[Office]:
    """A replica that draws every decision, and suspends from three second looks on."""
    changes = {"second_look_share": 1.0, "wrongful_limit": 0.05, "least_looks": 3}
    settings = office.settings.model_copy(update=changes)
    app = create(settings)
    async with served(app) as url:
        yield Office(url, settings, app, office.database, office.producer, office.recorded)


@pytest.fixture
def county() -> str:
    return f"county-{uuid4().hex[:8]}"


async def drafted(office: Office, county: str, camera: str) -> UUID:
    """A draft of a camera of its own: the recorded evidence is of another."""
    citation_id = await office.draft(county=county)
    of_it = citations.c.citation_id == citation_id
    async with office.database.transaction() as session:
        await session.execute(update(citations).where(of_it).values(camera_id=camera))
    return citation_id


async def decided(
    office: Office, http: httpx.AsyncClient, body: object, county: str, camera: str = "camera-1"
) -> UUID:
    citation_id = await drafted(office, county, camera)
    assert (await http.post(f"/v1/citations/{citation_id}/claim")).is_success
    answer = await http.post(f"/v1/citations/{citation_id}/decide", json=body)
    assert answer.is_success, answer.text
    return citation_id


async def test_another_officer_decides_again_without_seeing_the_first_decision(
    sampled: Office, county: str
) -> None:
    async with (
        sampled.client("sara", counties=[county]) as sara,
        sampled.client("reza", counties=[county]) as reza,
    ):
        citation_id = await decided(sampled, sara, ISSUE, county)
        number = (await sara.get(f"/v1/citations/{citation_id}")).json()["number"]
        assert (await sara.post("/v1/second-looks/next")).status_code == 204, "not one's own"
        look = f"/v1/second-looks/{citation_id}/decide"
        assert problem(await reza.post(look, json=REJECT)) == (409, "claim-required")
        drawn = (await reza.post("/v1/second-looks/next")).json()
        read = (await reza.get(f"/v1/citations/{citation_id}")).json()
        for shown in (drawn, read):
            assert shown["citation_id"] == str(citation_id)
            assert (shown["state"], shown["claimed_by"]) == ("claimed", "person:reza")
            hidden = ("number", "decided_by", "decided_at", "reason", "final_at")
            assert [shown[name] for name in hidden] == [None] * 5
        session = claims("reza", counties=[county])
        cookie, _ = await Sessions(sampled.database).begin(session, PURPOSE)
        cookies = {SESSION_COOKIE: cookie}
        async with httpx.AsyncClient(base_url=sampled.url, cookies=cookies) as browser:
            page = await browser.get(f"/queue/{citation_id}", headers={"X-Partial": "1"})
            assert "بازبینی مستقل" in page.text
            assert "صادر شد" not in page.text
        assert (await reza.post(look, json=REJECT)).status_code == 204
        assert problem(await reza.post(look, json=REJECT)) == (409, "claim-required")
        after = (await reza.get(f"/v1/citations/{citation_id}")).json()
        assert (after["state"], after["number"]) == ("issued", number), "it stays as decided"
    async with sampled.machine("look-robot") as robot:
        refused = await robot.post("/v1/second-looks/next")
        assert problem(refused) == (403, "person-required")


async def test_a_second_look_that_nobody_took_for_a_week_keeps_the_citation_from_nobody(
    sampled: Office, county: str
) -> None:
    async with (
        sampled.client("sara", counties=[county]) as sara,
        sampled.client("reza", counties=[county], scope=f"{READING} citations:decide") as reza,
        sampled.client("mina", counties=[county], scope="citations:supervise") as mina,
    ):
        citation_id = await decided(sampled, sara, ISSUE, county)
        drawn = (await reza.post("/v1/second-looks/next")).json()
        path = f"/v1/citations/{citation_id}"
        assert drawn["citation_id"] == str(citation_id)
        void = {"note": "the camera was moved"}
        assert problem(await mina.post(f"{path}/void", json=void)) == (409, "second-look-open")
        async with sampled.database.transaction() as session:
            of_it = second_looks.c.citation_id == citation_id
            week_ago = func.now() - LONGEST_WAIT
            await session.execute(update(second_looks).where(of_it).values(drawn_at=week_ago))
        assert (await reza.post("/v1/second-looks/next")).status_code == 204
        look = f"/v1/second-looks/{citation_id}/decide"
        assert problem(await reza.post(look, json=REJECT)) == (409, "claim-required")
        assert (await reza.get(path)).json()["state"] == "issued"
        assert (await mina.post(f"{path}/void", json=void)).is_success
        async with sampled.database.transaction() as session:
            found = await looks(session, Bounds(counties=frozenset({county}), road_classes=None))
        assert (found.waiting, found.lapsed, found.looked) == (0, 1, 0)


async def test_no_list_archive_or_answer_shows_the_first_decision_before_the_second(
    sampled: Office, county: str
) -> None:
    async with (
        sampled.client("sara", counties=[county]) as sara,
        sampled.client("reza", counties=[county]) as reza,
        sampled.client("reza", counties=[county], scope=READING) as reza_reading,
        sampled.machine("registry", counties=[county]) as machine,
    ):
        issued = await decided(sampled, sara, ISSUE, county)
        rejected = await decided(sampled, sara, REJECT, county)
        both = {str(issued), str(rejected)}
        path = f"/v1/citations/{issued}"
        drawn = (await reza.post("/v1/second-looks/next")).json()["citation_id"]
        assert drawn == str(issued), "the other one may come next: it is hidden as well"
        listed = {each["citation_id"]: each for each in await items(reza)}
        hidden = ("number", "decided_by", "decided_at", "reason", "final_at", "note")
        for shown in listed.values():
            assert [shown[name] for name in hidden] == [None] * 6
        assert listed[str(issued)]["state"] == "claimed"
        assert listed[str(rejected)]["state"] == "decided"
        assert (await reza.get(f"/v1/citations/{rejected}")).json() == listed[str(rejected)]
        # Neither does it show by the state that is asked for.
        for state, found in {
            "issued": set(),
            "rejected": set(),
            "drafted": set(),
            "claimed": {str(issued)},
            "decided": {str(rejected)},
        }.items():
            assert {each["citation_id"] for each in await items(reza, state)} == found, state
        # A token of fewer scopes is the same person's, who may take another one to decide.
        shown_to_reader = {each["citation_id"]: each for each in await items(reza_reading)}
        assert shown_to_reader == listed
        assert await items(reza_reading, "issued") == []
        for each in both:
            for reader in (reza, reza_reading):
                archive = await reader.get(f"/v1/citations/{each}/evidence.zip")
                assert problem(archive) == (409, "second-look-open")
        # Who decided it, and who is no person, see how it stands.
        states = {each["citation_id"]: each["state"] for each in await items(sara)}
        assert states == {str(issued): "issued", str(rejected): "rejected"}
        for reader in (sara, machine):
            assert (await reader.get(path)).json()["state"] == "issued"
            assert (await reader.get(f"{path}/evidence.zip")).is_success
        look = f"/v1/second-looks/{issued}/decide"
        assert (await reza.post(look, json=REJECT)).status_code == 204
        after = {each["citation_id"]: each["state"] for each in await items(reza)}
        assert after == {str(issued): "issued", str(rejected): "decided"}
        assert (await reza.get(f"{path}/evidence.zip")).is_success


async def test_a_decision_that_can_be_undone_is_shown_to_its_officer_alone(
    office: Office, county: str
) -> None:
    settings = office.settings.model_copy(update={"undo_seconds": 600.0, "second_look_share": 1})
    async with served(create(settings)) as url:
        slow = Office(url, settings, office.app, office.database, office.producer, office.recorded)
        async with (
            slow.client("sara", counties=[county]) as sara,
            slow.client("reza", counties=[county]) as reza,
        ):
            await decided(slow, sara, REJECT, county)
            (mine,), (others,) = await items(sara, "decided"), await items(reza, "decided")
    assert (mine["reason"], mine["decided_by"]) == ("plate_wrong", "person:sara")
    assert (others["reason"], others["decided_by"], others["final_at"]) == (None, None, None)


async def test_voiding_tells_nothing_of_what_is_to_be_decided_again(
    sampled: Office, county: str
) -> None:
    """Else who holds the look could ask by trying to void it, which is recorded nowhere."""
    async with (
        sampled.client("sara", counties=[county]) as sara,
        sampled.client("mina", counties=[county]) as mina,
    ):
        issued = await decided(sampled, sara, ISSUE, county, county)
        rejected = await decided(sampled, sara, REJECT, county, county)
        note = {"note": "the camera had moved"}
        for each in (issued, rejected):
            refused = await mina.post(f"/v1/citations/{each}/void", json=note)
            assert problem(refused) == (409, "second-look-open")
        assert (await mina.post("/v1/second-looks/next")).is_success
        look = f"/v1/second-looks/{issued}/decide"
        assert (await mina.post(look, json=ISSUE)).status_code == 204
        voided = await mina.post(f"/v1/citations/{issued}/void", json=note)
        assert voided.json()["state"] == "void"


async def test_a_second_officer_s_word_alone_exempts_no_vehicle(
    sampled: Office, county: str
) -> None:
    """It would count against the camera, as if the first officer had been wrong."""
    async with (
        sampled.client("sara", counties=[county]) as sara,
        sampled.client("reza", counties=[county]) as reza,
    ):
        citation_id = await decided(sampled, sara, ISSUE, county, county)
        await reza.post("/v1/second-looks/next")
        exempt = {"decision": "reject", "reason": "exempt_vehicle"}
        answer = await reza.post(f"/v1/second-looks/{citation_id}/decide", json=exempt)
        assert problem(answer) == (409, "not-exempt")


async def items(http: httpx.AsyncClient, state: str | None = None) -> list[dict[str, Any]]:
    asked = {} if state is None else {"state": state}
    found: list[dict[str, Any]] = (await http.get("/v1/citations", params=asked)).json()["items"]
    return found


async def test_a_camera_beyond_its_limit_is_suspended_until_a_supervisor_lifts_it(
    sampled: Office, county: str
) -> None:
    camera = f"camera-{uuid4().hex[:8]}"
    async with (
        sampled.client("sara", counties=[county]) as sara,
        sampled.client("reza", counties=[county]) as reza,
        sampled.client("mina", counties=[county]) as mina,
    ):
        for number in range(3):
            await decided(sampled, sara, ISSUE, county, camera)
            assert await lasting(mina) == [], f"after {number} looks"
            drawn = (await reza.post("/v1/second-looks/next")).json()["citation_id"]
            answer = await reza.post(f"/v1/second-looks/{drawn}/decide", json=REJECT)
            assert answer.status_code == 204
        assert await lasting(mina) == [(camera, 3, 3)]
        held = await drafted(sampled, county, camera)
        await sara.post(f"/v1/citations/{held}/claim")
        refused = await sara.post(f"/v1/citations/{held}/decide", json=ISSUE)
        assert problem(refused) == (409, "camera-suspended")
        value, _ = await Sessions(sampled.database).begin(
            claims("mina", name="مینا", counties=[county]), PURPOSE
        )
        async with browsing(sampled, value) as page:
            await page.set_viewport_size({"width": 1366, "height": 768})
            await page.goto(f"{sampled.url}/supervisor")
            text = await page.locator("main").inner_text()
            for shown in ("۱۰۰٫۰٪", "۳ از ۳", camera, "person:sara", "صادرشده‌ای که بازبین رد کرد"):
                assert shown in text, shown
            await page.locator(".lift input").focus()
            await page.keyboard.type("دوربین از نو تراز شد")
            await page.keyboard.press("Enter")
            await page.locator("td", has_text="دوربین از نو تراز شد").wait_for()
        assert await lasting(mina) == []
        lift = f"/v1/suspensions/{camera}/lift"
        assert problem(await mina.post(lift, json={"note": "again"})) == (404, "not-found")
        assert (await sara.post(f"/v1/citations/{held}/decide", json=ISSUE)).is_success
        drawn = (await reza.post("/v1/second-looks/next")).json()["citation_id"]
        await reza.post(f"/v1/second-looks/{drawn}/decide", json=REJECT)
        assert await lasting(mina) == [], "its rate began anew"


async def lasting(http: httpx.AsyncClient) -> list[tuple[str, int, int]]:
    items = (await http.get("/v1/suspensions")).json()["items"]
    return [
        (each["camera_id"], each["wrongful"], each["looked"])
        for each in items
        if each["lifted_at"] is None
    ]
