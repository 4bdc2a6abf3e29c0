"""The audit log at size: appending beside a bare insert, proofs, and each kind of tampering.

`python -m tests.load.audit_log --records 1000000` prints one JSON object.
"""

import argparse
import asyncio
import json
import logging
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import structlog
from sqlalchemy import text

from payesh.access.adapters import audit_log, tree_heads
from payesh.access.adapters.audit_tables import AuditLeaf
from payesh.access.adapters.bootstrap import read_or_write_secret
from payesh.access.adapters.key_ring import KeyRing
from payesh.access.adapters.passwords import Passwords
from payesh.access.dependencies import Dependencies
from payesh.access.domain.audit_findings import ExportedLeaf, Finding, Verdict
from payesh.access.domain.audit_numbers import numbered
from payesh.access.domain.audit_verification import Published, compared, published
from payesh.access.handlers.audit_alarms import ACCESS_ITSELF
from payesh.access.handlers.audit_export import exported
from payesh.access.handlers.bootstrap import offer_secret
from payesh.access.handlers.installation import prepare
from payesh.access.handlers.publishing import publish_to_bucket
from payesh.access.handlers.tree_heads import consistency_proof, inclusion_proof, sign_head
from payesh.access.main import MIGRATIONS
from payesh.access.verification.files import read_export, read_heads
from payesh.access.verification.report import verify_audit
from payesh.contracts import AUDIT_RECORDS, AuditReadRecorded
from payesh.contracts.access import AuditOutcome
from payesh.kit.database import Database
from payesh.kit.migrations import migrate
from payesh.kit.objects import MinioObjects
from payesh.kit.query_digests import QueryDigests
from payesh.local.engines import LocalEngines
from payesh.local.engines.ports import free_port
from payesh.local.engines.s3_client import s3_client
from payesh.local.topics import create_topics
from tests.integration.access.conftest import serving, settings_for

BATCH = 128
"""Records a transaction, as the consumer hands them over."""
HEAD_EVERY = 10_000
BARE_BATCHES = 200
PROOFS = 2000
SAMPLES = 4
SERVICES = ("plates", "tickets", "detect", "ingest")
BEGAN = datetime(2026, 11, 20, tzinfo=UTC)
EPOCH = "5f2c1b8e9d0a4c7f8e1b2a3c4d5e6f70"


def record(number: int) -> AuditReadRecorded:
    """The records of four services by turns, each without gaps."""
    service = SERVICES[number % len(SERVICES)]
    sequence = number // len(SERVICES) + 1
    return AUDIT_RECORDS[service](
        record_id=uuid4(),
        service=service,
        sequence=sequence,
        epoch=EPOCH,
        recorded_at=BEGAN + timedelta(milliseconds=number),
        subject=f"person:officer-{number % 300}",
        actor=f"{service}-pages",
        agency=f"agency-{number % 7}",
        scope="reads:read",
        purpose=f"case {number % 5000}",
        grant_id=None,
        action="search",
        resource_kind="plate-read",
        resource_ids=tuple(str(UUID(int=number * 3 + k)) for k in range(3)),
        outcome=AuditOutcome.GRANTED,
        trace_id=None,
        query_terms=(f"{number % 9973:064x}",),
    )


async def measure_audit_log(records: int, proofs: int = PROOFS) -> dict[str, Any]:
    """Fill a log of an installation of its own, prove, export, verify, tamper and verify."""
    with tempfile.TemporaryDirectory(prefix="payesh-audit-") as name:
        folder = Path(name)
        async with _log(folder) as (dependencies, engines, owner):
            found = await _fill(folder, dependencies, engines, owner, records)
            found["proofs_by_the_handler"] = await _prove(dependencies, records, proofs)
            export = await _export(dependencies, folder / "export.jsonl")
            # Last: the service takes the records of the proofs into the log.
            found["proofs_over_http"] = await _prove_over_http(
                dependencies, folder, records, proofs
            )
        return {"records": records, **found, "verification": _verify(folder, export)}


@asynccontextmanager
async def _log(
    folder: Path,
) -> AsyncIterator[tuple[Dependencies, LocalEngines, asyncpg.Connection]]:
    engines = LocalEngines(folder / "engines", survives_power_loss=True)
    await engines.start()
    addresses = engines.addresses()
    migration_url = addresses["migration_urls"]["access"]
    await migrate(migration_url, MIGRATIONS)
    settings = settings_for(engines, folder, pages_clients_file=None)
    database = Database(settings.database_url)
    dependencies = Dependencies(
        settings=settings,
        database=database,
        digests=QueryDigests(settings.query_digest_key),
        ring=KeyRing(settings.key_encryption_key.get_secret_value()),
        passwords=Passwords(8 * 1024),
    )
    owner = await asyncpg.connect(migration_url.replace("+asyncpg", ""))
    try:
        await prepare(dependencies)
        yield dependencies, engines, owner
    finally:
        await owner.close()
        await database.close()
        engines.kill()


async def _fill(
    folder: Path,
    dependencies: Dependencies,
    engines: LocalEngines,
    owner: asyncpg.Connection,
    records: int,
) -> dict[str, Any]:
    """Append in batches, sign and publish heads; the last batches go into a bare table too."""
    await owner.execute("CREATE TABLE bare_records (LIKE audit_leaves INCLUDING ALL)")
    store = MinioObjects(dependencies.settings)
    appended_s = bare_s = 0.0
    tail_s = tail = 0.0
    bare_from = max(0, records - BARE_BATCHES * BATCH)
    for start in range(0, records, BATCH):
        batch = [record(number) for number in range(start, min(start + BATCH, records))]
        began = time.perf_counter()
        async with dependencies.database.transaction() as session:
            await audit_log.append(session, batch, datetime.now(UTC))
        took = time.perf_counter() - began
        appended_s += took
        if start >= bare_from:
            tail_s, tail = tail_s + took, tail + len(batch)
            bare_s += await _insert_bare(dependencies, batch, start)
        if start // HEAD_EVERY != (start + BATCH) // HEAD_EVERY or start + BATCH >= records:
            await sign_head(dependencies)
            await publish_to_bucket(dependencies, store)
    client = s3_client(
        engines.addresses()["s3_endpoint"],
        *engines.objects.credentials_for("admin"),
        secure=engines.addresses()["s3_secure"],
    )
    heads = folder / "heads"
    heads.mkdir()
    for each in client.list_objects("audit-heads", prefix="heads/", recursive=True):
        path = heads / Path(each.object_name or "").name
        client.fget_object("audit-heads", each.object_name, str(path))
    store.close()
    return {
        "append": {
            "per_second": round(records / appended_s),
            "per_second_at_full_size": round(tail / tail_s),
            "bare_insert_per_second": round(tail / bare_s),
            "ratio_to_bare_insert": round(tail_s / bare_s, 2),
        },
        "head_files": len(list(heads.iterdir())),
    }


async def _insert_bare(
    dependencies: Dependencies, batch: Sequence[AuditReadRecorded], start: int
) -> float:
    """Seconds to put the same rows into a table with the same indexes, and nothing more."""
    columns = ", ".join(column.name for column in AuditLeaf.__table__.columns)
    values = ", ".join(f":{column.name}" for column in AuditLeaf.__table__.columns)
    statement = text(f"INSERT INTO bare_records ({columns}) VALUES ({values})")  # noqa: S608
    began = time.perf_counter()
    rows = [
        audit_log._row(each, start + number, b"", each.to_json(), datetime.now(UTC))
        for number, each in enumerate(batch)
    ]
    async with dependencies.database.transaction() as session:
        await session.execute(statement, rows)
    return time.perf_counter() - began


async def _prove(dependencies: Dependencies, records: int, proofs: int) -> dict[str, float]:
    """Milliseconds of proofs of inclusion and of consistency at random places, by the handler that
    the route calls: the proof, and the audit record of its reading committed."""
    prove: dict[str, Callable[[int], Awaitable[object]]] = {
        "inclusion": lambda place: inclusion_proof(dependencies, ACCESS_ITSELF, place),
        "consistency": lambda place: consistency_proof(dependencies, ACCESS_ITSELF, place),
    }
    return await _timed(prove, records, proofs)


async def _prove_over_http(
    dependencies: Dependencies, folder: Path, records: int, proofs: int
) -> dict[str, float]:
    """The same by requests of one client that keeps its connection, to the whole service with its
    workers beside: the log grows by the records of these readings meanwhile."""
    settings = dependencies.settings.model_copy(
        update={"http_port": free_port(), "requests_per_minute": 10**6}
    )
    await create_topics(settings.kafka_bootstrap)
    secret_file = folder / "first-administrator.secret"
    secret = read_or_write_secret(secret_file)
    await offer_secret(dependencies.database, secret)
    url = f"http://127.0.0.1:{settings.http_port}"
    async with serving(settings), httpx.AsyncClient(base_url=url, timeout=30) as http:
        first = await http.post(
            "/v1/bootstrap",
            json={
                "secret": secret,
                "username": "load.auditor",
                "name": "Load",
                "password": token_urlsafe(24),
            },
        )
        first.raise_for_status()
        http.headers["Authorization"] = f"Bearer {first.json()['access_token']}"

        async def asked(path: str) -> None:
            (await http.get(path)).raise_for_status()

        prove: dict[str, Callable[[int], Awaitable[object]]] = {
            "inclusion": lambda place: asked(f"/v1/audit/records/{place}/proof"),
            "consistency": lambda place: asked(f"/v1/audit/tree-heads/{place}/consistency"),
        }
        return await _timed(prove, records, proofs)


async def _timed(
    prove: dict[str, Callable[[int], Awaitable[object]]], records: int, proofs: int
) -> dict[str, float]:
    chance = random.Random(1)  # noqa: S311 - places to look at
    found: dict[str, list[float]] = {kind: [] for kind in prove}
    for _ in range(proofs):
        for kind, proven in prove.items():
            place = chance.randrange(1, records)
            began = time.perf_counter()
            await proven(place)
            found[kind].append((time.perf_counter() - began) * 1000)
    return {
        f"{kind}_ms_{name}": round(statistics.quantiles(times, n=100)[place], 2)
        for kind, times in found.items()
        for name, place in (("p50", 49), ("p95", 94), ("p99", 98))
    }


async def _export(dependencies: Dependencies, path: Path) -> Path:
    async with dependencies.database.transaction() as session:
        head = await tree_heads.latest(session)
    assert head is not None
    with path.open("wb") as file:
        async for part in exported(dependencies, ACCESS_ITSELF, head):
            file.write(part)
    return path


def _verify(folder: Path, export: Path) -> dict[str, Any]:
    """The whole export holds; each sampled tampering is named with its very record."""
    heads = folder / "heads"
    began = time.perf_counter()
    report = verify_audit(export, [heads], [])
    seconds = time.perf_counter() - began
    assert report.holds, report.findings[:5]
    given = read_heads([heads])
    truth = published([each.head for each in given.heads], given.runs)
    leaves = read_export(export).leaves
    chance = random.Random(2)  # noqa: S311 - places to tamper with
    named = {}
    for kind, (verdict, tamper) in TAMPERING.items():
        named[kind] = 0
        for _ in range(SAMPLES):
            place = chance.randrange(1, len(leaves) - 2)
            tampered = tamper(list(leaves), place)
            at = len(leaves) if kind == "forged append" else place
            named[kind] += _named(tampered, truth, verdict, at)
    return {
        "seconds": round(seconds, 1),
        "export_mib": round(export.stat().st_size / 2**20),
        "tampered_each": SAMPLES,
        "named": named,
    }


def _named(
    tampered: Sequence[ExportedLeaf], truth: Published, verdict: Verdict, place: int
) -> bool:
    """Whether what breaks is this verdict at this very place, and nothing else."""
    found: list[Finding] = [*compared(tampered, truth), *numbered(tampered)]
    broken = {(each.verdict, each.position) for each in found if each.breaks}
    return broken == {(verdict, place)}


def _numbered(leaves: Sequence[ExportedLeaf]) -> list[ExportedLeaf]:
    return [
        leaf if leaf.stated == index else replace(leaf, stated=index)
        for index, leaf in enumerate(leaves)
    ]


def _edit(leaves: list[ExportedLeaf], place: int) -> list[ExportedLeaf]:
    leaves[place] = replace(leaves[place], leaf_hash=bytes(32))
    return leaves


def _drop(leaves: list[ExportedLeaf], place: int) -> list[ExportedLeaf]:
    del leaves[place]
    return _numbered(leaves)


def _reorder(leaves: list[ExportedLeaf], place: int) -> list[ExportedLeaf]:
    """The leaf goes to the end: exactly it is out of its place."""
    leaves.append(leaves.pop(place))
    return _numbered(leaves)


def _forge(leaves: list[ExportedLeaf], _place: int) -> list[ExportedLeaf]:
    forged = ExportedLeaf(len(leaves), bytes(32), (SERVICES[0], EPOCH, len(leaves)))
    return [*leaves, forged]


def _truncate(leaves: list[ExportedLeaf], place: int) -> list[ExportedLeaf]:
    return leaves[:place]


Tamper = Callable[[list[ExportedLeaf], int], list[ExportedLeaf]]
TAMPERING: dict[str, tuple[Verdict, Tamper]] = {
    "edit": (Verdict.EDITED, _edit),
    "drop": (Verdict.DROPPED, _drop),
    "reorder": (Verdict.MOVED, _reorder),
    "forged append": (Verdict.FORGED, _forge),
    "truncated tail": (Verdict.TRUNCATED, _truncate),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    chosen = parser.parse_args()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    found = asyncio.run(measure_audit_log(chosen.records))
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
