"""What HTTP hands out of one citation verifies offline, and every reading of it is recorded."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select

from payesh.kit.tables import audit_counter
from payesh.local.engines import EngineSet
from payesh.local.evidence_export import export_evidence
from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.evidence.checks.finding import Verdict
from payesh.tickets.evidence.verification import verify_folder
from payesh.tickets.main import cli
from tests.integration.tickets.conftest import Office
from tests.support.engine_settings import store_of
from tests.support.recorded_evidence import record
from tests.support.violation_builder import chained

DOCUMENTS = ("revision.json", "violation.json", "read.json", "law.json")


async def export(http: httpx.AsyncClient, citation_id: UUID, folder: Path) -> None:
    async def get(path: str) -> bytes:
        return (await http.get(path)).raise_for_status().content

    await export_evidence(get, citation_id, folder)


async def test_an_exported_citation_verifies_offline(office: Office, tmp_path: Path) -> None:
    citation_id = await office.draft()
    async with office.client() as http:
        await export(http, citation_id, tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    shots = {f"shots/{number}.jpg" for number in range(3)}
    assert names == {"clip.mp4", "manifest.json", "citation.json", *shots, *DOCUMENTS}
    findings = verify_folder(tmp_path, read_law(None))
    assert [each for each in findings if each.verdict is not Verdict.HOLDS] == []
    assert {each.subject for each in findings} >= names
    with pytest.raises(SystemExit) as ended:
        await asyncio.to_thread(cli, ["verify", str(tmp_path)])
    assert ended.value.code == 0


async def test_a_still_is_exported_and_verifies_too(
    office: Office, engines: EngineSet, tmp_path: Path
) -> None:
    own = await record(store_of(engines), seconds=2)
    still = await own.store.put(
        "segments", f"camera-1/{uuid4()}/00000000.jpg", b"\xff\xd8still", media_type="image/jpeg"
    )
    links = chained(uuid4(), None, [still], revision_sha256=own.revision.sha256, fencing_token=0)
    citation_id = await office.draft(segments=links, shots=[], revision=own.revision)
    async with office.client() as http:
        await export(http, citation_id, tmp_path)
    assert (tmp_path / "still.jpg").read_bytes() == b"\xff\xd8still"
    findings = verify_folder(tmp_path)
    assert [each for each in findings if each.verdict is not Verdict.HOLDS] == []


async def test_documents_are_the_listed_ones_and_each_reading_is_recorded(office: Office) -> None:
    path = f"/v1/citations/{await office.draft()}/documents"
    async with office.client() as http:
        before = await _audit_sequence(office)
        for name in DOCUMENTS:
            answer = await http.get(f"{path}/{name}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert await _audit_sequence(office) == before + len(DOCUMENTS)
        assert (await http.get(f"{path}/manifest.json")).status_code == 404
        assert (await http.get(f"{path}/clip.mp4")).status_code == 422
        assert (await http.get(f"{path}/..%2Fread.json")).status_code == 404


async def test_documents_need_scope_purpose_and_bounds(office: Office) -> None:
    path = f"/v1/citations/{await office.draft()}/documents/read.json"
    async with httpx.AsyncClient(base_url=office.url) as anonymous:
        assert (await anonymous.get(path)).status_code == 401
    async with office.client(scope="citations:read") as http:
        assert (await http.get(path)).json()["type"] == "urn:payesh:problem:missing-scope"
    async with office.client(counties=["shahrud"]) as http:
        assert (await http.get(path)).json()["type"] == "urn:payesh:problem:out-of-bounds"
    async with office.client() as http:
        del http.headers["Payesh-Purpose"]
        assert (await http.get(path)).json()["type"] == "urn:payesh:problem:purpose-required"


async def _audit_sequence(office: Office) -> int:
    async with office.database.transaction() as session:
        return int(await session.scalar(select(func.max(audit_counter.c.last))) or 0)
