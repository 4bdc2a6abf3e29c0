"""Decisions that can be undone, and become final by themselves; drafts returned; what is void."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import func, select, update

from payesh.contracts import CitationClosed
from payesh.kit.errors import DependencyFault
from payesh.kit.sessions import Sessions
from payesh.kit.tokens import principal_from_claims
from payesh.local.engines import EngineSet
from payesh.tickets.adapters import citation_steps, clock
from payesh.tickets.adapters.tables import citations, retention_jobs
from payesh.tickets.domain.numbering import holds
from payesh.tickets.evidence.bundling import BundleRules
from payesh.tickets.evidence.known_objects import KnownObjects
from payesh.tickets.handlers import deciding
from payesh.tickets.handlers.bundling import BundlingDependencies, take_job
from payesh.tickets.handlers.finalising import finalise
from payesh.tickets.main import create
from payesh.verify.report import verify
from tests.integration.tickets.conftest import Office, claims
from tests.integration.tickets.test_desk_promises import ISSUE, REJECT
from tests.integration.tickets.test_evidence_export import export
from tests.integration.tickets.test_queue_page import PURPOSE, browsing, until
from tests.support.engine_settings import store_of
from tests.support.evidence_keys import trust
from tests.support.problems import problem
from tests.support.serving import served
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
async def unhurried(office: Office) -> AsyncIterator[Office]:
    """A second replica whose decisions can be undone for ten minutes."""
    settings = office.settings.model_copy(update={"undo_seconds": 600.0})
    app = create(settings)
    async with served(app) as url:
        yield Office(url, settings, app, office.database, office.producer, office.recorded)


async def claimed(office: Office, http: httpx.AsyncClient, **changes: str) -> tuple[UUID, str]:
    citation_id = await office.draft(**changes)
    path = f"/v1/citations/{citation_id}"
    assert (await http.post(f"{path}/claim")).is_success
    return citation_id, path


async def steps(office: Office, citation_id: UUID) -> Sequence[tuple[str, str]]:
    async with office.database.transaction() as session:
        return [(each.step, each.officer) for each in await citation_steps.of(session, citation_id)]


async def time_runs_out(office: Office, citation_id: UUID) -> None:
    async with office.database.transaction() as session:
        await session.execute(
            update(citations)
            .where(citations.c.citation_id == citation_id)
            .values(final_at=func.now())
        )


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_replica_whose_clock_is_wrong_neither_decides_nor_drafts(
    office: Office, engines: EngineSet, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    """What it signed would never verify: `payesh-verify` compares both times."""

    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(minutes=minutes)

    dependencies = office.app.state.dependencies
    sara = principal_from_claims(claims("sara", purpose="test"))
    citation_id = await office.draft()
    held = await deciding.claim(dependencies, sara, citation_id)
    monkeypatch.setattr(clock, "datetime", WrongClock)
    with pytest.raises(DependencyFault, match="clock"):
        await deciding.issue(dependencies, sara, citation_id, held.standing.plate_text or "")
    rules = BundleRules(timedelta(days=1), 1, "test")
    store = store_of(engines)
    with pytest.raises(DependencyFault, match="clock"):
        await take_job(
            BundlingDependencies(office.database, store, KnownObjects(store), rules, 1.0, 1)
        )
    monkeypatch.undo()
    async with office.client("sara") as http:
        shown = (await http.get(f"/v1/citations/{citation_id}")).json()
        assert (shown["state"], shown["number"]) == ("claimed", None)


async def test_a_decision_is_undone_unnumbered_unsigned_and_unpublished(
    unhurried: Office, tmp_path: Path
) -> None:
    async with unhurried.client("sara") as sara, unhurried.client("reza") as reza:
        citation_id, path = await claimed(unhurried, sara)
        decided = (await sara.post(f"{path}/decide", json=ISSUE)).json()
        assert (decided["state"], decided["number"]) == ("decided", None)
        assert decided["final_at"] > decided["decided_at"]
        assert problem(await reza.post(f"{path}/undo")) == (409, "decided-by-another")
        assert problem(await reza.post(f"{path}/claim")) == (409, "already-decided")
        undone = (await sara.post(f"{path}/undo")).json()
        assert (undone["state"], undone["claimed_by"]) == ("claimed", "person:sara")
        assert (undone["decided_by"], undone["final_at"]) == (None, None)
        assert problem(await sara.post(f"{path}/undo")) == (409, "undo-too-late")
        await export(sara, citation_id, tmp_path / "citation")
        assert not (tmp_path / "citation" / "decisions").exists()
    assert await steps(unhurried, citation_id) == [
        ("issue", "person:sara"),
        ("undo", "person:sara"),
    ]


async def test_another_replica_makes_final_what_a_dead_one_decided(
    office: Office, unhurried: Office, tmp_path: Path
) -> None:
    """The deadline lies in the row: `office` has never heard of these decisions."""
    async with unhurried.client("sara") as sara:
        issued, path = await claimed(unhurried, sara)
        rejected, other = await claimed(unhurried, sara)
        await sara.post(f"{path}/decide", json=ISSUE)
        await sara.post(f"{other}/decide", json=REJECT)
    for each in (issued, rejected):
        await time_runs_out(unhurried, each)
    async with office.client("sara") as sara:

        async def final() -> bool:
            states = [(await sara.get(each)).json()["state"] for each in (path, other)]
            return states == ["issued", "rejected"]

        await eventually(final)
        found = (await sara.get(path)).json()
        assert problem(await sara.post(f"{path}/undo")) == (409, "undo-too-late")
        await export(sara, issued, tmp_path / "citation")
    assert found["number"].split("-", 1)[1].startswith("semnan-")
    assert holds(found["number"])
    assert verify(tmp_path / "citation.zip", trust()).holds
    async with office.database.transaction() as session:
        extended = select(citations.c.evidence["retained_until"].astext).where(
            citations.c.citation_id == issued
        )
        assert await session.scalar(extended)
        waits = select(func.count()).where(retention_jobs.c.citation_id == rejected)
        assert await session.scalar(waits) == 0


async def test_two_replicas_make_final_at_once_and_each_is_numbered_once(
    office: Office, unhurried: Office
) -> None:
    county = f"county-{uuid4().hex[:8]}"
    async with unhurried.client("sara", counties="*") as sara:
        made = [await claimed(unhurried, sara, county=county) for _ in range(6)]
        for _, path in made:
            assert (await sara.post(f"{path}/decide", json=ISSUE)).is_success
        async with office.database.transaction() as session:
            await session.execute(
                update(citations).where(citations.c.county == county).values(final_at=func.now())
            )
        replicas = [each.app.state.dependencies for each in (office, unhurried, office)]
        await asyncio.gather(*(finalise(each) for each in replicas))

        async def numbers() -> list[str]:
            return [(await sara.get(path)).json()["number"] for _, path in made]

        async def all_numbered() -> bool:
            return all(await numbers())

        await eventually(all_numbered)
        serials = sorted(int(number.split("-")[-2]) for number in await numbers())
    assert serials == [1, 2, 3, 4, 5, 6]


async def test_a_draft_is_returned_to_a_supervisor_and_comes_back_to_its_officer(
    office: Office,
) -> None:
    county = f"county-{uuid4().hex[:8]}"
    async with (
        office.client("sara", counties=[county]) as sara,
        office.client("reza", counties=[county]) as reza,
        office.client("mina", counties=[county]) as mina,
        office.client("omid", counties=[county], scope="citations:decide") as omid,
    ):
        earlier = await office.draft(county=county)
        citation_id, path = await claimed(office, sara, county=county)
        assert (await sara.post(f"{path}/return", json={"note": " "})).status_code == 422
        note = {"note": "دو خودروی سفید در قاب است"}
        returned = (await sara.post(f"{path}/return", json=note)).json()
        assert (returned["state"], returned["returned_by"], returned["returned_to"]) == (
            "returned",
            "person:sara",
            "supervisor",
        )
        assert problem(await reza.post(f"{path}/claim")) == (409, "already-decided")
        answer = {"note": "خودروی سمت چپ"}
        refused = await omid.post(f"{path}/give-back", json=answer)
        assert problem(refused) == (403, "missing-scope")
        back = (await mina.post(f"{path}/give-back", json=answer)).json()
        assert (back["state"], back["returned_to"], back["note"]) == (
            "drafted",
            "person:sara",
            answer["note"],
        )
        following = (await sara.post("/v1/citations/next", json={})).json()
        assert following["citation_id"] == str(citation_id), "before what came earlier"
        following = (await reza.post("/v1/citations/next", json={})).json()
        assert following["citation_id"] == str(earlier)
    assert await steps(office, citation_id) == [
        ("return_to_supervisor", "person:sara"),
        ("give_back", "person:mina"),
    ]


async def test_a_supervisor_voids_what_was_issued_with_a_reason(
    office: Office, tmp_path: Path
) -> None:
    async with office.client("sara") as sara, office.client("mina") as mina:
        citation_id, path = await claimed(office, sara)
        reason = {"note": "دوربین جابه‌جا شده بود"}
        assert problem(await mina.post(f"{path}/void", json=reason)) == (409, "not-in-this-state")
        number = (await sara.post(f"{path}/decide", json=ISSUE)).json()["number"]
        voided = (await mina.post(f"{path}/void", json=reason)).json()
        assert (voided["state"], voided["number"], voided["note"]) == (
            "void",
            number,
            reason["note"],
        )
        await export(mina, citation_id, tmp_path / "citation")
    report = verify(tmp_path / "citation.zip", trust())
    assert report.holds
    said = {each.subject: each.said.en for each in report.findings}["decisions/2.jws"]
    assert said.startswith(f"void, number {number}, by person:mina at ")
    tap = AIOKafkaConsumer(
        CitationClosed.topic,
        bootstrap_servers=office.settings.kafka_bootstrap,
        auto_offset_reset="earliest",
    )
    await tap.start()
    try:
        async for message in tap:
            closed = CitationClosed.from_json(message.value)
            if closed.citation_id == citation_id:
                break
    finally:
        await tap.stop()
    assert closed.reason == "void"


async def test_an_officer_undoes_and_returns_by_keyboard(unhurried: Office) -> None:
    county = f"county-{uuid4().hex[:8]}"
    first = await unhurried.draft(county=county)
    second = await unhurried.draft(county=county)
    value, _ = await Sessions(unhurried.database).begin(
        claims("sara", name="سارا احمدی", counties=[county], scope=OFFICER), PURPOSE
    )
    async with browsing(unhurried, value) as page:
        await page.set_viewport_size({"width": 1366, "height": 768})
        await page.goto(f"{unhurried.url}/queue/{first}")
        await page.keyboard.press("c")
        await page.wait_for_selector("[data-act=issue]")
        await page.keyboard.press("i")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(f"article[data-id='{second}'][data-mine=yes]")
        await until(page, "document.getElementById('undo-left').textContent !== ''")
        assert "صدور ثبت شد" in await page.locator("#undo").inner_text()
        await page.keyboard.press("z")
        await page.wait_for_selector(f"article[data-id='{first}'][data-mine=yes]")
        assert await page.locator("#undo").is_hidden()
        await page.keyboard.press("t")
        await page.keyboard.type("دو خودرو در قاب است")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(f"article[data-id='{second}'][data-mine=yes]")
        await page.goto(f"{unhurried.url}/queue/{first}")
        shown = await page.locator(".actions").inner_text()
        assert "بازگردانده به سرپرست: دو خودرو در قاب است" in shown
        assert await page.locator("[data-act=give-back]").count() == 0
    assert [step for step, _ in await steps(unhurried, first)] == [
        "issue",
        "undo",
        "return_to_supervisor",
    ]


OFFICER = "citations:read citations:decide evidence:read law:read"
