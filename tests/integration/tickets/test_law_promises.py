"""Law as people keep it: in force from a day by two people's hands, in every replica at once."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from payesh.tickets.adapters.law_file import LawDocument, law_file, read_law
from payesh.tickets.adapters.tables import citations
from payesh.tickets.domain.jalali_day import jalali_of
from payesh.tickets.domain.law_book import Published
from payesh.tickets.main import create
from payesh.verify.report import verify
from tests.support.evidence_keys import trust
from tests.support.problems import problem
from tests.support.serving import served
from tests.support.violation_builder import plate_read
from tests.support.waiting import eventually

from .conftest import Office

FIXTURE = LawDocument.model_validate_json(law_file(None)).model_dump(mode="json")
FAR = "1450-01-01"
"""From days on that no other test's violations have, so that what is approved here prices theirs
not."""


def priced_at(amount: int | None) -> dict[str, Any]:
    """The fixture with another amount for the code 2002 in place class A."""
    tariffs = [dict(row) for row in FIXTURE["tariffs"]]
    for row in tariffs:
        if (row["code"], row["place_class"]) == ("2002", "A"):
            row["amount_rial"] = amount
    return {**FIXTURE, "name": f"edition-{uuid4().hex[:8]}", "tariffs": tariffs}


async def drafted(http: httpx.AsyncClient, document: Any, first: str = FAR) -> dict[str, Any]:
    answer = await http.post("/v1/law/editions", json={"first_day": first, "document": document})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def taken(http: httpx.AsyncClient, found: dict[str, Any], step: str) -> httpx.Response:
    edition = found["edition"]
    return await http.post(
        f"/v1/law/editions/{edition['edition_id']}/{step}",
        params={"revision": edition["revision"]},
    )


async def in_force(office: Office, document: Any, first: str) -> dict[str, Any]:
    async with office.client("sara") as sara, office.client("reza") as reza:
        found = await drafted(sara, document, first)
        found = (await taken(sara, found, "propose")).json()
        answer = await taken(reza, found, "approve")
        assert answer.status_code == 200, answer.text
        approved: dict[str, Any] = answer.json()
        return approved


async def test_an_edition_is_in_force_when_a_second_person_approved_it(office: Office) -> None:
    async with office.client("sara") as sara, office.client("approver") as reza:
        found = await drafted(sara, priced_at(2_700_000))
        assert [each["key"] for each in found["changes"]] == ["2002 A any any from 1399-01-01"]
        assert found["faults"] == []
        proposed = (await taken(sara, found, "propose")).json()
        assert proposed["edition"]["state"] == "proposed"
        assert problem(await taken(sara, proposed, "approve")) == (409, "second-person")
        assert problem(await taken(reza, found, "approve")) == (409, "edition-changed")
        approved = (await taken(reza, proposed, "approve")).json()
        edition = approved["edition"]
        assert (edition["state"], edition["approved_by"]) == ("approved", "person:approver")
        law = (await sara.get("/v1/law", params={"day": FAR})).json()
        assert law["sha256"] == edition["sha256"]
        assert (await sara.get("/v1/law", params={"day": "1449-12-29"})).json()["sha256"] != law[
            "sha256"
        ]
        for step in ("propose", "return", "approve", "withdraw"):
            assert problem(await taken(reza, approved, step)) == (409, "edition-state")
    records = await office.audited("approver", 1)
    actions = [each.action for each in records if each.resource_kind == "law edition"]
    assert actions[0] == "approve law"


async def test_who_may_only_approve_sends_an_edition_back(office: Office) -> None:
    only_approves = "law:read law:approve"
    async with office.client("sara") as sara, office.client("reza", scope=only_approves) as reza:
        proposed = (await taken(sara, await drafted(sara, priced_at(1)), "propose")).json()
        assert problem(await taken(reza, proposed, "return")) == (403, "missing-scope")
        refused = (await taken(reza, proposed, "refuse")).json()
        assert refused["edition"]["state"] == "draft"
        assert refused["edition"]["editors"] == ["person:sara"]
        assert problem(await taken(reza, refused, "refuse")) == (409, "edition-state")
        again = (await taken(sara, refused, "propose")).json()
        assert again["edition"]["state"] == "proposed"


async def test_another_replica_prices_the_next_case_with_it(office: Office) -> None:
    async with served(create(office.settings)) as other, office.client("sara") as http:
        asked: dict[str, Any] = {
            "rule": "speeding",
            "place_class": "A",
            "excess_kmh": 40,
            "day": "1451-02-03",
        }
        http.base_url = httpx.URL(other)
        assert (await http.get("/v1/law/price", params=asked)).status_code == 200
        edition = await in_force(office, priced_at(2_900_000), "1451-01-01")
        price = (await http.get("/v1/law/price", params=asked)).json()
    assert price["amount_rial"] == 2_900_000 and price["issuable"]
    assert price["table_sha256"] == edition["edition"]["sha256"]


async def test_a_case_is_priced_by_the_law_of_its_day_and_keeps_its_price(office: Office) -> None:
    seen = office.violation()
    first = await office.draft()
    async with office.client() as http:
        before = (await http.get(f"/v1/citations/{first}")).json()
        day = "1404-01-01"
        edition = await in_force(office, {**FIXTURE, "warning": "edition of a test"}, day)
        try:
            await office.publish(seen, plate_read(seen))
            after = await office.outcome(seen)
            assert after["law"]["table_sha256"] == edition["edition"]["sha256"]
            assert after["law"]["amount_rial"] == before["law"]["amount_rial"]
            kept = (await http.get(f"/v1/citations/{first}")).json()
            assert kept["law"] == before["law"]
            basis = await http.get(f"/v1/citations/{after['citation_id']}/documents/law.json")
            assert basis.json()["table_sha256"] == edition["edition"]["sha256"]
        finally:  # what the other tests' cases are priced with
            book = office.app.state.dependencies.law
            book.publish(Published(book.number, jalali_of(day), read_law(None)))


async def test_a_held_draft_is_priced_by_the_next_law_that_has_an_amount(
    office: Office, tmp_path: Path
) -> None:
    """And what was priced keeps its price."""
    day = "1404-01-01"
    priced = await office.draft()
    held = await office.draft(speed_kmh=120.0)  # code 2001, which the fixture has no amount for
    async with office.client("priced-anew") as http:

        async def read(citation_id: UUID) -> dict[str, Any]:
            answer = await http.get(f"/v1/citations/{citation_id}")
            found: dict[str, Any] = answer.json()
            return found

        async def law_of(citation_id: UUID) -> Any:
            return (await read(citation_id))["law"]

        before, kept = await law_of(held), await law_of(priced)
        assert before["amount_rial"] is None
        code = before["offence_code"]
        tariffs = [
            {**row, "amount_rial": 9_000_000 if row["code"] == code else row["amount_rial"]}
            for row in FIXTURE["tariffs"]
        ]
        try:
            table = {**FIXTURE, "name": "with amounts", "tariffs": tariffs}
            edition = (await in_force(office, table, day))["edition"]

            async def has_price() -> bool:
                return bool((await law_of(held))["amount_rial"] == 9_000_000)

            await eventually(has_price)
            assert (await law_of(held))["table_sha256"] == edition["sha256"]
            assert await law_of(priced) == kept
            assert (await http.post(f"/v1/citations/{held}/claim")).status_code == 200
            issue = {"decision": "issue", "plate": "12ب34567"}
            issued = await http.post(f"/v1/citations/{held}/decide", json=issue)
            assert issued.json()["law"]["amount_rial"] == 9_000_000
            bundle = await http.get(f"/v1/citations/{held}/evidence.zip")
            basis = await http.get(f"/v1/citations/{held}/documents/law.json")
            assert basis.json()["table_sha256"] == edition["sha256"]
        finally:  # what the other tests' cases are priced with
            book = office.app.state.dependencies.law
            book.publish(Published(book.number, jalali_of(day), read_law(None)))
    archive = tmp_path / "evidence.zip"
    archive.write_bytes(bundle.content)
    report = verify(archive, trust())
    assert report.holds, [(each.subject, each.said.en) for each in report.broken]


async def test_a_held_draft_within_the_tolerance_of_the_next_law_is_not_priced_by_it(
    office: Office,
) -> None:
    """That law has an amount for the offence, and lets this one pass."""
    day = "1404-01-01"
    held = await office.draft(speed_kmh=80.0)  # less than 30 km/h over: code 0000
    (tolerance,) = FIXTURE["tolerances"]
    lenient = {
        **FIXTURE,
        "name": "lenient",
        "offences": [
            {**row, "code": "2003", "code_known": True} if row["code"] == "0000" else row
            for row in FIXTURE["offences"]
        ],
        "tariffs": [
            *(row for row in FIXTURE["tariffs"] if row["code"] != "0000"),
            {**FIXTURE["tariffs"][0], "code": "2003", "place_class": "any"},
        ],
        "tolerances": [{**tolerance, "tolerance_kmh": 30.0}],
    }
    await in_force(office, lenient, day)
    book = office.app.state.dependencies.law
    number = book.number

    async def was_asked() -> bool:
        asked = select(citations.c.law_asked).where(citations.c.citation_id == held)
        async with office.database.transaction() as session:
            return str(await session.scalar(asked)).endswith(f"/{number}")

    try:
        await eventually(was_asked)
        async with office.client() as http:
            await http.post(f"/v1/citations/{held}/claim")
            issue = {"decision": "issue", "plate": "12ب34567"}
            refused = await http.post(f"/v1/citations/{held}/decide", json=issue)
        assert problem(refused) == (409, "unpriced")
    finally:  # what the other tests' cases are priced with
        book.publish(Published(book.number, jalali_of(day), read_law(None)))


async def test_a_draft_that_contradicts_itself_is_kept_and_not_proposed(office: Office) -> None:
    twice = {**FIXTURE, "tariffs": [*FIXTURE["tariffs"], FIXTURE["tariffs"][0]]}
    async with office.client("sara") as sara:
        found = await drafted(sara, twice)
        assert any("priced twice" in each for each in found["faults"])
        assert problem(await taken(sara, found, "propose")) == (409, "law-faults")
        path = f"/v1/law/editions/{found['edition']['edition_id']}"
        mended = await sara.put(
            path, params={"revision": 1}, json={"first_day": FAR, "document": FIXTURE}
        )
        assert mended.json()["faults"] == []
        proposed = (await taken(sara, mended.json(), "propose")).json()
        assert proposed["edition"]["proposed_at"] is not None
        mended = await taken(sara, proposed, "return")
        assert mended.json()["edition"]["proposed_at"] is None
        stale = await sara.put(
            path, params={"revision": 1}, json={"first_day": FAR, "document": FIXTURE}
        )
        assert problem(stale) == (409, "edition-changed")
        assert (await taken(sara, mended.json(), "withdraw")).json()["edition"]["state"] == (
            "withdrawn"
        )


@pytest.mark.parametrize("form", ["csv", "yaml"])
async def test_an_edition_goes_out_and_comes_in_as_a_file(office: Office, form: str) -> None:
    async with office.client("sara") as sara:
        found = await drafted(sara, priced_at(2_800_000))
        path = f"/v1/law/editions/{found['edition']['edition_id']}/export"
        sent = await sara.get(path, params={"form": form})
        assert f'.{form}"' in sent.headers["content-disposition"]
        answer = await sara.post(
            "/v1/law/editions", json={"first_day": FAR, form: sent.content.decode()}
        )
        assert answer.json()["document"] == found["document"]
        assert answer.json()["edition"]["sha256"] == found["edition"]["sha256"]
        broken = await sara.post("/v1/law/editions", json={"first_day": FAR, form: "nothing"})
        assert problem(broken) == (422, "law-invalid")


async def test_a_draft_begins_as_what_rules_on_its_day(office: Office) -> None:
    async with office.client("sara") as sara:
        answer = await sara.post("/v1/law/editions", json={"first_day": "1399-06-01"})
        assert answer.json()["changes"] == []
        assert len(answer.json()["document"]["tariffs"]) == len(FIXTURE["tariffs"])


async def test_law_is_kept_by_people_with_the_right_to(office: Office) -> None:
    body = {"first_day": FAR, "document": FIXTURE}
    async with office.machine("robot") as robot:
        refused = await robot.post("/v1/law/editions", json=body)
        assert problem(refused) == (403, "person-required")
    async with office.client("reader", scope="law:read") as reader:
        assert problem(await reader.post("/v1/law/editions", json=body)) == (403, "missing-scope")
        found = await reader.get("/v1/law/editions", params={"limit": 1})
        assert len(found.json()["items"]) == 1 and found.json()["next"]
    async with office.client("writer", scope="law:read law:write") as writer:
        made = await drafted(writer, FIXTURE)
        proposed = (await taken(writer, made, "propose")).json()
        assert problem(await taken(writer, proposed, "approve")) == (403, "missing-scope")


async def test_nowruz_and_column_b_price_as_the_table_says(office: Office) -> None:
    async with office.client() as http:

        async def price(**asked: Any) -> dict[str, Any]:
            base: dict[str, Any] = {
                "rule": "speeding",
                "place_class": "A",
                "excess_kmh": 40,
                "day": "1399-05-01",
            }
            answer = await http.get("/v1/law/price", params=base | asked)
            found: dict[str, Any] = answer.json()
            return found

        assert (await price())["amount_rial"] == 2_000_000
        assert (await price(place_class="B"))["amount_rial"] == 1_800_000
        assert (await price(excess_kmh=20))["issuable"] is False
        assert (await price(excess_kmh=60))["amount_rial"] is None
        assert (await price(day="1398-12-29"))["offence"]["code"] == "2002"
        assert (await price(day="1398-12-29"))["tariff"] is None
        rise = [
            {**row, "season": "nowruz", "amount_rial": 2_700_000, "decree": "a rise in Nowruz"}
            for row in FIXTURE["tariffs"]
            if (row["code"], row["place_class"]) == ("2002", "A")
        ]
        await in_force(office, {**FIXTURE, "tariffs": [*FIXTURE["tariffs"], *rise]}, "1452-01-01")
        nowruz = await price(day="1452-01-10")
        assert (nowruz["amount_rial"], nowruz["season"]) == (2_700_000, "nowruz")
        assert (await price(day="1452-02-10"))["amount_rial"] == 2_000_000
        assert (await price(day="1452-01-10", place_class="B"))["amount_rial"] == 1_800_000
