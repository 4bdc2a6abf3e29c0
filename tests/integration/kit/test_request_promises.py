"""Promises of every request: bounded bodies, problems without internals, audited reads."""

import asyncio
from collections.abc import AsyncIterator

import httpx
from sqlalchemy import delete, select
from structlog.testing import capture_logs

from payesh.contracts import AuditReadRecorded
from payesh.kit.database import Database
from payesh.kit.tables import outbox
from tests.integration.kit.authority import Authority, bearer
from tests.support.problems import problem


async def test_bodies_over_the_limit_are_refused_with_and_without_an_announced_length(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    headers = bearer(authority.token()) | {"Content-Type": "application/json"}
    announced = await client.post("/v1/letters", content=b" " * 101, headers=headers)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b" " * 1000

    chunked = await client.post("/v1/letters", content=endless(), headers=headers)
    assert problem(announced) == problem(chunked) == (413, "too-large")
    absurd = headers | {"Content-Length": "9" * 5000}
    assert problem(await client.post("/v1/letters", headers=absurd)) == (413, "too-large")
    zeros = headers | {"Content-Length": "0" * 5000 + "15"}
    padded = await client.post("/v1/letters", content=b'{"password": 1}', headers=zeros)
    assert padded.status_code == 200
    fits = await client.post("/v1/letters", content=b'{"password": 1}', headers=headers)
    assert fits.status_code == 200


async def test_a_filter_that_a_route_does_not_have_is_refused(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    headers = bearer(authority.token())
    for unknown in ({"county": "semnan"}, {"plate": "12ب34567", "secret": "x"}, {"Plate": "x"}):
        refused = await client.get("/v1/reads", params=unknown, headers=headers)
        assert problem(refused) == (422, "malformed")
        assert "there are: plate" in refused.text
        assert "semnan" not in refused.text and "secret" not in refused.text
    assert (await client.get("/v1/reads", headers=headers)).status_code == 200


async def test_problems_quote_neither_input_nor_internals(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    headers = bearer(authority.token())
    malformed = await client.post("/v1/letters", json={"password": "hunter2"}, headers=headers)
    assert problem(malformed) == (422, "malformed")
    assert malformed.json()["errors"][0]["field"] == "body/password"
    assert "hunter2" not in malformed.text
    with capture_logs() as lines:
        broken = await client.get("/v1/broken", headers=headers)
    assert {line["event"] for line in lines} == {"request", "unhandled"}
    assert problem(broken) == (500, "internal")
    assert "secret" not in broken.text
    away = await client.get("/v1/away", headers=headers)
    assert problem(away) == (503, "unavailable")
    assert away.json()["dependency"] == "store"
    assert problem(await client.get("/v1/absent")) == (404, "not-found")


async def test_every_read_leaves_a_gapless_audit_record_before_the_answer(
    client: httpx.AsyncClient, authority: Authority, database: Database
) -> None:
    async with database.transaction() as session:
        await session.execute(delete(outbox))
    headers = bearer(authority.token())
    answers = await asyncio.gather(*(client.get("/v1/reads", headers=headers) for _ in range(20)))
    assert {each.status_code for each in answers} == {200}
    async with database.transaction() as session:
        rows = (await session.execute(select(outbox).order_by(outbox.c.id))).all()
        await session.execute(delete(outbox))
    records = [AuditReadRecorded.from_json(row.body) for row in rows]
    sequences = [record.sequence for record in records]
    assert len(sequences) == 20
    assert sequences == list(range(sequences[0], sequences[0] + 20))
    assert {record.purpose for record in records} == {"citation review"}
