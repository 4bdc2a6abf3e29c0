"""The desk with a year's citations stored: how long lists and cases take, how many cases fifty
officers claim and decide a second, next to a bare FastAPI route that selects one row by its id.

Clients, service and bare route share one process: what is measured includes the clients' own work.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from fastapi import FastAPI
from sqlalchemy import text

from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.local.engines import LocalEngines
from payesh.tickets.adapters.tables import citations
from tests.integration.tickets.conftest import Office, claims
from tests.load.drafting import office_on
from tests.support.serving import served

STORED = 1_000_000
DRAFTS = 2_000
OFFICERS = 50
CASES_EACH = 8
ASKED = 300
COUNTIES = ("semnan", "shahrud", "damghan", "garmsar")
_AT_ONCE = 50_000

Ask = Callable[[int], Awaitable[httpx.Response]]


async def measure_desk(stored: int = STORED) -> dict[str, Any]:
    """Latencies in milliseconds of `ASKED` questions each, one after another."""
    with TemporaryDirectory(prefix="payesh-bench-") as folder:
        engines = LocalEngines(Path(folder), survives_power_loss=False)
        try:
            await engines.start()
            async with office_on(engines) as office:
                return await desk(office, stored)
        finally:
            engines.kill()


async def desk(office: Office, stored: int, *, asked: int = ASKED) -> dict[str, Any]:
    began = time.perf_counter()
    ids = await fill(office, await office.draft(), stored)
    found: dict[str, Any] = {
        "stored": stored,
        "filled_in_s": round(time.perf_counter() - began),
        "latency_ms": {},
    }
    chance = random.Random(7)  # noqa: S311 - which rows are asked for
    value, _ = await Sessions(office.database).begin(claims("sara", counties="*"), "bench")
    page = httpx.AsyncClient(
        base_url=office.url,
        cookies={SESSION_COOKIE: value},
        headers={"X-Partial": "1", "Accept": "text/html"},
        timeout=60,
    )
    async with office.client("sara", counties="*") as http, page, bare(office) as select:
        cursors: list[str | None] = [None]

        async def listed(_: int) -> httpx.Response:
            cursor = chance.choice(cursors[-20:])
            where = {"limit": "50"} if cursor is None else {"limit": "50", "cursor": cursor}
            answer = await http.get("/v1/citations", params=where)
            cursors.append(answer.json()["next"])
            return answer

        questions: dict[str, Ask] = {
            "bare_select": select(lambda: chance.choice(ids)),
            "list_50": listed,
            "list_50_issued": lambda _: http.get("/v1/citations?limit=50&state=issued"),
            "case": lambda _: http.get(f"/v1/citations/{chance.choice(ids)}"),
            "case_page": lambda _: page.get(f"/queue/{chance.choice(ids)}"),
            "queue_page": lambda _: page.get("/queue"),
            "queue_count": lambda _: page.get("/queue/count"),
        }
        for name, ask in questions.items():
            found["latency_ms"][name] = await latencies(ask, asked)
    found["claimed_and_decided_per_second"] = await decided(office, OFFICERS, CASES_EACH)
    found["officers"] = OFFICERS
    return found


async def fill(office: Office, model: UUID, stored: int) -> Sequence[UUID]:
    """Copies of one draft, spread over a year and four counties, issued but for the newest."""
    own = {
        "citation_id": "gen_random_uuid()",
        "violation_id": "gen_random_uuid()",
        "passage_id": "gen_random_uuid()",
        "county": f"(ARRAY{list(COUNTIES)!r})[1 + n % {len(COUNTIES)}]",
        "plate_text": "n % 90 + 10 || 'ب' || lpad(CAST(n % 100000 AS text), 5, '1')",
        "captured_at": "now() - n * interval '31 seconds'",
        "created_at": "now() - n * interval '31 seconds'",
        "camera_id": "'camera-' || n % 400",
        "state": "CASE WHEN n <= :drafts THEN 'drafted' ELSE 'issued' END",
        "number": "CASE WHEN n > :drafts THEN '1405-semnan-' || n || '-00' END",
        "decided_by": "CASE WHEN n > :drafts THEN 'person:omid' END",
        "decided_at": "CASE WHEN n > :drafts THEN now() END",
    }
    columns = [each.name for each in citations.columns]
    values = ", ".join(own.get(name, name) for name in columns)
    copied = text(
        f"INSERT INTO citations ({', '.join(columns)}) "  # noqa: S608 - the table's own names
        f"SELECT {values} FROM (SELECT * FROM citations WHERE citation_id = :model) AS model, "
        "generate_series(CAST(:first AS int), CAST(:last AS int)) AS n"
    )
    for first in range(1, stored + 1, _AT_ONCE):
        last = min(stored, first + _AT_ONCE - 1)
        asked = {"model": model, "first": first, "last": last, "drafts": min(DRAFTS, stored // 2)}
        async with office.database.transaction() as session:
            await session.execute(copied, asked)
    async with office.database.transaction() as session:
        await session.execute(text("ANALYZE citations"))
        some = await session.scalars(
            text("SELECT citation_id FROM citations TABLESAMPLE SYSTEM (1) LIMIT 5000")
        )
        return some.all() or [model]


async def latencies(ask: Ask, asked: int) -> dict[str, float]:
    took = []
    for number in range(asked):
        began = time.perf_counter()
        answer = await ask(number)
        took.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    cuts = quantiles(took, n=100, method="inclusive")
    return {name: round(cuts[at - 1], 1) for name, at in (("p50", 50), ("p95", 95), ("p99", 99))}


@asynccontextmanager
async def bare(office: Office) -> AsyncIterator[Callable[[Callable[[], UUID]], Ask]]:
    """The least that a service could do: no token, no audit record, one select."""
    url = office.settings.database_url.get_secret_value().replace("+asyncpg", "")
    pool = await asyncpg.create_pool(url, min_size=1, max_size=4)
    app = FastAPI()

    @app.get("/{citation_id}")
    async def one(citation_id: UUID) -> dict[str, str]:
        row = await pool.fetchrow("SELECT * FROM citations WHERE citation_id = $1", citation_id)
        return {name: str(value) for name, value in row.items()}

    async with served(app) as served_at, httpx.AsyncClient(base_url=served_at) as http:

        def select(chosen: Callable[[], UUID]) -> Ask:
            return lambda _: http.get(f"/{chosen()}")

        yield select
    await pool.close()


async def decided(office: Office, officers: int, cases_each: int) -> float:
    """Cases a second that officers are assigned and decide, all at once; none refused."""

    async def work(number: int) -> int:
        done = 0
        async with office.client(f"officer-{number}", counties="*") as http:
            for _ in range(cases_each):
                case = await http.post("/v1/citations/next", timeout=120)
                if case.status_code == 204:
                    break
                path = f"/v1/citations/{case.raise_for_status().json()['citation_id']}/decide"
                body = {"decision": "reject", "reason": "no_offence"}
                (await http.post(path, json=body, timeout=120)).raise_for_status()
                done += 1
        return done

    began = time.perf_counter()
    done = sum(await asyncio.gather(*(work(number) for number in range(officers))))
    return round(done / (time.perf_counter() - began), 1)
