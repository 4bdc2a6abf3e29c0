"""Officers: who may see what, who decides, and what the audit log has of it."""

import asyncio
import itertools
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from minio import Minio
from sqlalchemy import func, select

from payesh.contracts.access import AuditOutcome
from payesh.kit.errors import Conflict
from payesh.kit.tables import audit_counter
from payesh.local.engines import EngineSet
from payesh.tickets.adapters import citations as stored
from payesh.tickets.adapters.tables import citations, retention_jobs
from payesh.tickets.domain.desk import CLAIM, Claiming
from payesh.tickets.domain.standing import Standing
from tests.integration.tickets.conftest import Office
from tests.support.problems import problem
from tests.support.waiting import eventually

ISSUE = {"decision": "issue", "plate": "۱۲ ب ۳۴۵ | ۶۷"}
REJECT = {"decision": "reject", "reason": "plate_wrong"}


async def test_two_officers_never_hold_one_citation(office: Office) -> None:
    citation_id = await office.draft()
    async with office.client("sara") as sara, office.client("reza") as reza:
        for _ in range(5):
            answers = await asyncio.gather(
                *(http.post(f"/v1/citations/{citation_id}/claim") for http in (sara, reza))
            )
            assert sorted(answer.status_code for answer in answers) == [200, 409]
            winner, loser = (sara, reza) if answers[0].status_code == 200 else (reza, sara)
            refused = next(answer for answer in answers if answer.status_code == 409)
            assert refused.json()["type"] == "urn:payesh:problem:claimed-by-another"
            late = await loser.post(f"/v1/citations/{citation_id}/decide", json=ISSUE)
            assert late.json()["type"] == "urn:payesh:problem:claimed-by-another"
            assert (await winner.post(f"/v1/citations/{citation_id}/release")).status_code == 200


@pytest.mark.parametrize("speed_kmh", [80.0, 120.0], ids=["no known code", "no amount"])
async def test_what_the_law_has_no_amount_for_is_not_issued(
    office: Office, speed_kmh: float
) -> None:
    citation_id = await office.draft(speed_kmh=speed_kmh)
    async with office.client("sara") as sara:
        await sara.post(f"/v1/citations/{citation_id}/claim")
        refused = await sara.post(f"/v1/citations/{citation_id}/decide", json=ISSUE)
        assert problem(refused) == (409, "unpriced")
        found = (await sara.get(f"/v1/citations/{citation_id}")).json()
        assert (found["state"], found["number"]) == ("claimed", None)
        answer = await sara.post(f"/v1/citations/{citation_id}/decide", json=REJECT)
        assert answer.status_code == 200


async def test_officers_who_take_what_comes_next_never_meet(office: Office) -> None:
    county = f"county-{uuid4().hex[:8]}"
    drafted = set(await asyncio.gather(*(office.draft(county=county) for _ in range(24))))
    decided: list[UUID] = []

    async def work(officer: str) -> None:
        """One in hand and one ahead, as the page does it."""
        async with office.client(officer, counties=[county]) as http:
            hand = await http.post("/v1/citations/next", json={})
            while hand.status_code == 200:
                case = hand.json()["citation_id"]
                ahead = await http.post("/v1/citations/next", json={"beside": [case]})
                assert ahead.status_code in (200, 204), ahead.text
                answer = await http.post(f"/v1/citations/{case}/decide", json=ISSUE)
                assert answer.status_code == 200, answer.text
                decided.append(UUID(case))
                hand = ahead
            assert hand.status_code == 204

    await asyncio.gather(*(work(f"officer-{number}") for number in range(6)))
    assert len(decided) == len(drafted) and set(decided) == drafted


async def test_what_comes_next_is_what_is_held_then_by_day_and_amount(office: Office) -> None:
    county = f"county-{uuid4().hex[:8]}"
    unpriced = await office.draft(county=county, speed_kmh=120.0)
    priced = await office.draft(county=county)
    async with office.client("sara", counties=[county]) as sara:

        async def following(*beside: UUID) -> UUID:
            body = {"beside": [str(each) for each in beside]}
            return UUID((await sara.post("/v1/citations/next", json=body)).json()["citation_id"])

        assert await following() == priced
        assert await following(priced) == unpriced
        assert await following() == priced, "what is held comes first: a page opened anew goes on"
        assert (await sara.post(f"/v1/citations/{priced}/decide", json=REJECT)).is_success
        assert await following() == unpriced
    async with office.client("reza", counties=["elsewhere"]) as reza:
        assert (await reza.post("/v1/citations/next", json={})).status_code == 204
    async with office.machine("next-robot") as robot:
        refused = await robot.post("/v1/citations/next", json={})
        assert problem(refused) == (403, "person-required")


async def test_a_standing_is_stored_only_where_its_transition_began(office: Office) -> None:
    citation_id = await office.draft()
    async with office.database.transaction() as session:
        found = await stored.find(session, citation_id)
    assert found is not None
    claimed = found.standing.after(
        CLAIM, Claiming(by="person:sara", at=found.now, lease=timedelta(minutes=1))
    )
    assert isinstance(claimed, Standing)
    async with office.database.transaction() as session:
        await stored.save(session, citation_id, claimed, expected=found.standing)
    with pytest.raises(Conflict, match="changed meanwhile"):
        async with office.database.transaction() as session:
            await stored.save(session, citation_id, claimed, expected=found.standing)
    async with office.database.transaction() as session:
        again = await stored.find(session, citation_id)
    assert again is not None
    assert (again.standing, again.state, again.holder) == (claimed, "claimed", "person:sara")


async def test_a_claim_that_ran_out_goes_to_the_next(office: Office) -> None:
    citation_id = await office.draft()
    path = f"/v1/citations/{citation_id}"
    async with office.client("sara") as sara, office.client("reza") as reza:
        assert (await sara.post(f"{path}/claim")).status_code == 200
        async with office.database.transaction() as session:
            await session.execute(
                citations.update()
                .where(citations.c.citation_id == citation_id)
                .values(claimed_until=func.now())
            )
        late = await sara.post(f"{path}/decide", json=ISSUE)
        assert (late.status_code, late.json()["type"]) == (409, "urn:payesh:problem:claim-required")
        assert (await reza.post(f"{path}/claim")).json()["claimed_by"] == "person:reza"


async def test_issuing_needs_a_claim_and_the_drafted_plate(office: Office) -> None:
    path = f"/v1/citations/{await office.draft()}"
    async with office.client() as http:
        unclaimed = await http.post(f"{path}/decide", json=ISSUE)
        assert unclaimed.json()["type"] == "urn:payesh:problem:claim-required"
        await http.post(f"{path}/claim")
        other = await http.post(f"{path}/decide", json={"decision": "issue", "plate": "13ب34567"})
        assert other.json()["type"] == "urn:payesh:problem:plate-differs"
        issued = await http.post(f"{path}/decide", json=ISSUE)
        assert issued.status_code == 200
        assert issued.json()["state"] == "issued"
        again = await http.post(f"{path}/decide", json=ISSUE)
        assert again.json()["type"] == "urn:payesh:problem:already-decided"


async def test_a_rejection_names_an_officers_reason(office: Office) -> None:
    path = f"/v1/citations/{await office.draft()}"
    async with office.client() as http:
        await http.post(f"{path}/claim")
        for body in ({"decision": "reject"}, {"decision": "reject", "reason": "no_law"}):
            assert (await http.post(f"{path}/decide", json=body)).status_code == 422
        rejected = (await http.post(f"{path}/decide", json=REJECT)).json()
    assert (rejected["state"], rejected["reason"]) == ("rejected", "plate_wrong")
    assert rejected["decided_by"] == "person:sara"
    assert rejected["number"] is None


async def test_numbers_have_no_gap_though_officers_issue_at_once_and_fail(office: Office) -> None:
    ids = [await office.draft() for _ in range(8)]

    async def issue(number: int, citation_id: UUID) -> str | None:
        async with office.client(f"officer-{number}") as http:
            await http.post(f"/v1/citations/{citation_id}/claim")
            plate = "99ب99999" if number % 4 == 3 else "12ب34567"
            body = {"decision": "issue", "plate": plate}
            answer = await http.post(f"/v1/citations/{citation_id}/decide", json=body)
            number = answer.json().get("number")
            return None if number is None else str(number)

    given = await asyncio.gather(*itertools.starmap(issue, enumerate(ids)))
    assert sum(number is not None for number in given) == 6
    async with office.database.transaction() as session:
        stored = await session.scalars(
            select(citations.c.number).where(citations.c.number.is_not(None))
        )
        numbers = [number.rsplit("-", 2) for number in stored]
    of_county = defaultdict(list)
    for county_and_year, serial, _ in numbers:
        of_county[county_and_year].append(int(serial))
    assert of_county
    for serials in of_county.values():
        assert sorted(serials) == list(range(1, len(serials) + 1))


async def test_evidence_of_an_issued_citation_is_locked_longer(
    office: Office, engines: EngineSet
) -> None:
    citation_id = await office.draft()
    async with office.client() as http:
        await http.post(f"/v1/citations/{citation_id}/claim")
        await http.post(f"/v1/citations/{citation_id}/decide", json=ISSUE)
    addresses = engines.addresses()
    admin = Minio(
        addresses["s3_endpoint"],
        *engines.objects.credentials_for("admin"),
        secure=addresses["s3_secure"],
    )

    async def extended() -> bool:
        async with office.database.transaction() as session:
            left = select(func.count()).where(retention_jobs.c.citation_id == citation_id)
            return await session.scalar(left) == 0

    await eventually(extended)
    for name in ("clip.mp4", "manifest.json", "shots/0.jpg"):
        lock = await asyncio.to_thread(
            admin.get_object_retention, "evidence", f"{citation_id}/{name}"
        )
        assert lock is not None
        assert lock.retain_until_date is not None
        assert lock.mode == "COMPLIANCE"
        assert lock.retain_until_date > datetime.now(UTC) + timedelta(days=1.9)
    async with office.database.transaction() as session:
        noted = await session.scalar(
            select(citations.c.evidence["retained_until"].astext).where(
                citations.c.citation_id == citation_id
            )
        )
    assert lock is not None
    assert lock.retain_until_date is not None
    assert abs(datetime.fromisoformat(noted or "") - lock.retain_until_date) < timedelta(seconds=2)


async def test_another_county_sees_nothing_and_the_attempt_is_recorded(office: Office) -> None:
    citation_id = await office.draft()
    path = f"/v1/citations/{citation_id}"
    attempts = {
        "read": ("citations:read", "GET", path, None),
        "read clip": ("evidence:read", "GET", f"{path}/clip", None),
        "read shot": ("evidence:read", "GET", f"{path}/shots/0", None),
        "read manifest": ("evidence:read", "GET", f"{path}/manifest", None),
        "read evidence archive": ("evidence:read", "GET", f"{path}/evidence.zip", None),
        "claim": ("citations:decide", "POST", f"{path}/claim", None),
        "release": ("citations:decide", "POST", f"{path}/release", None),
        "issue": ("citations:decide", "POST", f"{path}/decide", ISSUE),
        "reject": ("citations:decide", "POST", f"{path}/decide", REJECT),
    }
    async with office.client("stranger", counties=["shahrud"]) as http:
        for _, method, address, body in attempts.values():
            refused = await http.request(method, address, json=body)
            assert refused.status_code == 403
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["type"] == "urn:payesh:problem:out-of-bounds"
        recorded = await office.audited("stranger", len(attempts))
        assert [(each.action, each.scope) for each in recorded] == [
            (action, scope) for action, (scope, *_) in attempts.items()
        ]
        assert {each.outcome for each in recorded} == {AuditOutcome.DENIED}
        assert {each.resource_ids for each in recorded} == {(str(citation_id),)}
        listed = (await http.get("/v1/citations")).json()["items"]
        assert str(citation_id) not in {each["citation_id"] for each in listed}
        assert {each["county"] for each in listed} <= {"shahrud"}


async def test_a_machine_decides_nothing_whatever_its_scopes(office: Office) -> None:
    citation_id = await office.draft()
    path = f"/v1/citations/{citation_id}"
    attempts = {
        "claim": (f"{path}/claim", None),
        "release": (f"{path}/release", None),
        "issue": (f"{path}/decide", ISSUE),
        "reject": (f"{path}/decide", REJECT),
    }
    async with office.machine("robot") as http:
        assert (await http.get(path)).status_code == 200
        for address, body in attempts.values():
            refused = await http.post(address, json=body)
            assert problem(refused) == (403, "person-required")
        recorded = await office.audited("robot", 5, is_person=False)
        assert (await http.get(path)).json()["state"] == "drafted"
    assert [(each.action, each.outcome) for each in recorded] == [
        ("read", AuditOutcome.GRANTED),
        *((action, AuditOutcome.DENIED) for action in attempts),
    ]


async def test_every_answer_needs_a_token_its_scope_and_a_purpose(office: Office) -> None:
    citation_id = await office.draft()
    path = f"/v1/citations/{citation_id}"
    async with httpx.AsyncClient(base_url=office.url) as anonymous:
        for each in ("/v1/citations", path, f"{path}/clip", "/v1/law", "/queue/count"):
            assert (await anonymous.get(each)).status_code == 401, each
    async with office.client(scope="law:read") as http:
        for each in ("/v1/citations", path, f"{path}/clip"):
            assert (await http.get(each)).json()["type"] == "urn:payesh:problem:missing-scope"
        assert (await http.get("/v1/law")).status_code == 200
    async with office.client() as http:
        del http.headers["Payesh-Purpose"]
        for each in ("/v1/citations", path, f"{path}/clip"):
            assert (await http.get(each)).json()["type"] == "urn:payesh:problem:purpose-required"


async def test_a_clip_is_answered_in_ranges_and_audited_once_an_opening(office: Office) -> None:
    path = f"/v1/citations/{await office.draft()}/clip"
    async with office.client("viewer") as http:
        before = await _audit_sequence(office)
        whole = await http.get(path)
        size = len(whole.content)
        assert whole.headers["accept-ranges"] == "bytes"
        for header, start, end in (
            ("bytes=0-99", 0, 100),
            ("bytes=1000-", 1000, size),
            ("bytes=-7", size - 7, size),
        ):
            part = await http.get(path, headers={"Range": header})
            assert part.status_code == 206
            assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
            assert part.content == whole.content[start:end]
        beyond = await http.get(path, headers={"Range": f"bytes={size}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
        assert await _audit_sequence(office) == before + 1
    async with office.client("another viewer") as http:
        await http.get(path, headers={"Range": "bytes=5-9"})
        assert await _audit_sequence(office) == before + 2


async def test_a_clip_for_another_purpose_or_as_a_whole_is_another_reading(office: Office) -> None:
    path = f"/v1/citations/{await office.draft()}/clip"
    some = {"Range": "bytes=0-9"}
    async with office.client("curious") as http:
        for purpose in ("case 12", "case 99", "case 12"):
            await http.get(path, headers={**some, "Payesh-Purpose": purpose})
        whole = await http.get(path, headers={"Payesh-Purpose": "case 12"})
        backwards = await http.get(path, headers={"Range": "bytes=9-0"})
        assert (whole.status_code, backwards.status_code) == (200, 200)
    for changes in ({"grant_id": "grant-7"}, {"act": "another-app"}):
        async with office.client("curious", **changes) as http:
            await http.get(path, headers={**some, "Payesh-Purpose": "case 12"})
    recorded = await office.audited("curious", 6)
    assert [each.purpose for each in recorded] == [
        "case 12", "case 99", "case 12", "test", "case 12", "case 12",
    ]  # fmt: skip
    assert recorded[4].grant_id == "grant-7"
    assert recorded[5].actor == "another-app"


async def test_a_list_is_read_page_by_page_without_loss(office: Office) -> None:
    wanted = {str(await office.draft()) for _ in range(5)}
    seen: list[str] = []
    cursor: str | None = None
    async with office.client() as http:
        while True:
            query = {"state": "drafted", "limit": "2", **({"cursor": cursor} if cursor else {})}
            page = (await http.get("/v1/citations", params=query)).json()
            seen += [each["citation_id"] for each in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        refused = await http.get("/v1/citations", params={"cursor": "x"})
        assert problem(refused) == (422, "bad-cursor")
        assert (await http.get("/v1/citations", params={"limit": "9999"})).status_code == 422
    assert wanted <= set(seen)
    assert len(seen) == len(set(seen))


async def test_an_unknown_citation_is_not_found(office: Office) -> None:
    async with office.client() as http:
        assert (await http.get(f"/v1/citations/{uuid4()}")).status_code == 404
        assert (await http.get("/v1/citations/not-a-uuid")).status_code == 422


async def test_readiness_names_every_dependency(office: Office) -> None:
    async with httpx.AsyncClient(base_url=office.url) as anonymous:
        answer = await anonymous.get("/readyz")
    assert answer.status_code == 200
    assert {"database", "store", "bus", "bundles"} <= set(answer.json()["dependencies"])


async def _audit_sequence(office: Office) -> int:
    async with office.database.transaction() as session:
        return int(await session.scalar(select(audit_counter.c.last)) or 0)
