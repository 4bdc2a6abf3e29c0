"""Refusals are on record like reads, and no flood of them fills the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import delete, select

from payesh.contracts import AuditReadRecorded
from payesh.contracts.access import AuditOutcome
from payesh.kit import metrics
from payesh.kit.database import Database
from payesh.kit.query_digests import QueryDigests
from payesh.kit.tables import outbox
from tests.integration.kit.authority import Authority, application, bearer, client_of
from tests.support.engine_settings import QUERY_KEY
from tests.support.problems import problem

DIGESTS = QueryDigests(QUERY_KEY)


@pytest.fixture
async def records(database: Database) -> "Records":
    found = Records(database)
    await found.taken()
    return found


class Records:
    """The audit records that wait in the outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def taken(self) -> list[AuditReadRecorded]:
        async with self._database.transaction() as session:
            rows = (await session.execute(select(outbox).order_by(outbox.c.id))).all()
            await session.execute(delete(outbox))
        return [AuditReadRecorded.from_json(row.body) for row in rows]


@asynccontextmanager
async def limited(
    authority: Authority, database: Database, **quotas: int
) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(application(authority.url, database, **quotas)) as opened:
        yield opened


async def test_a_refusal_is_recorded_before_it_is_answered(
    client: httpx.AsyncClient, authority: Authority, records: Records
) -> None:
    token = authority.token(scope="law:read")
    refused = await client.get(
        "/v1/reads", params={"plate": "۱۲ب۳۴۵۶۷", "cursor": "x"}, headers=bearer(token)
    )
    assert problem(refused) == (403, "missing-scope")
    (record,) = await records.taken()
    assert (record.outcome, record.subject, record.scope) == (
        AuditOutcome.DENIED,
        "officer-1",
        "reads:read",
    )
    assert (record.action, record.resource_kind) == ("reads", "reads")
    assert record.purpose == "citation review"
    # As a search that is granted would have it: who looked for this plate, hits or none.
    assert record.query_digest == DIGESTS.term("plate", "12ب34567")


async def test_a_read_without_a_purpose_is_a_refusal_too(
    client: httpx.AsyncClient, authority: Authority, records: Records
) -> None:
    refused = await client.get("/v1/reads", headers=bearer(authority.token(), purpose=None))
    assert problem(refused) == (403, "purpose-required")
    assert [each.outcome for each in await records.taken()] == [AuditOutcome.DENIED]


async def test_what_was_hidden_is_recorded_as_denied_and_only_there(
    client: httpx.AsyncClient, authority: Authority, records: Records
) -> None:
    hidden = await client.get("/v1/letters/7", headers=bearer(authority.token()))
    absent = await client.get("/v1/letters/8", headers=bearer(authority.token()))
    assert hidden.json() == absent.json()
    assert problem(hidden) == (404, "not-found")
    (record,) = await records.taken()
    assert (record.outcome, record.resource_ids) == (AuditOutcome.DENIED, ("7",))


async def test_callers_without_a_token_are_counted_and_not_recorded(
    client: httpx.AsyncClient, authority: Authority, records: Records
) -> None:
    counted = metrics.refusals.labels("unauthorized")._value.get()
    for _ in range(30):
        assert (await client.get("/v1/reads")).status_code == 401
    assert (await client.get("/v1/reads", headers=bearer("nonsense"))).status_code == 401
    assert metrics.refusals.labels("unauthorized")._value.get() == counted + 30
    assert await records.taken() == []


async def test_a_flood_of_refusals_is_recorded_up_to_the_quota_and_stopped(
    authority: Authority, database: Database, records: Records
) -> None:
    async with limited(authority, database, refusals_per_minute=3) as http:
        headers = bearer(authority.token(scope="law:read"))
        answers = await asyncio.gather(*(http.get("/v1/reads", headers=headers) for _ in range(9)))
        codes = sorted(each.status_code for each in answers)
        assert codes == [403] * 3 + [429] * 6
        assert len(await records.taken()) == 3
        # Nothing is refused without a record: what it may do waits, too.
        spent = await http.get("/v1/reads", headers=bearer(authority.token()))
        assert problem(spent) == (429, "quota")
        other = await http.get("/v1/reads", headers=bearer(authority.token(sub="officer-2")))
        assert other.status_code == 200


async def test_a_spent_quota_is_answered_with_when_to_come_back(
    authority: Authority, database: Database
) -> None:
    async with limited(authority, database, requests_per_minute=2) as http:
        answers = [await http.get("/v1/reads", headers=bearer(authority.token())) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) in range(1, 31)


async def test_no_refusal_is_answered_that_cannot_be_recorded(authority: Authority) -> None:
    nowhere = Database("postgresql+asyncpg://127.0.0.1:1/none")
    async with limited(authority, nowhere) as http:
        refused = await http.get("/v1/reads", headers=bearer(authority.token(scope="law:read")))
    assert problem(refused) == (503, "unavailable")
