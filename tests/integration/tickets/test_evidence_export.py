"""What HTTP hands out of one citation verifies offline, and every reading of it is recorded."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from minio import Minio
from sqlalchemy import func, select

from payesh.kit.errors import DependencyFault
from payesh.kit.tables import audit_counter
from payesh.local.engines import EngineSet
from payesh.local.evidence_export import export_evidence
from payesh.tickets.evidence.statement import Statement
from payesh.tickets.main import cli
from payesh.verify.report import Report, verify
from tests.integration.tickets.conftest import Office
from tests.support.engine_settings import store_of
from tests.support.evidence_keys import trust, write_root
from tests.support.recorded_evidence import record
from tests.support.violation_builder import chained
from tests.support.waiting import eventually

DOCUMENTS = ("revision.json", "violation.json", "read.json", "law.json")


async def export(http: httpx.AsyncClient, citation_id: UUID, folder: Path) -> None:
    async def get(path: str) -> bytes:
        return (await http.get(path)).raise_for_status().content

    await export_evidence(get, citation_id, folder)


def faults(report: Report) -> list[tuple[str, str]]:
    return [(each.subject, each.said.en) for each in report.broken]


async def test_an_exported_citation_verifies_offline(office: Office, tmp_path: Path) -> None:
    citation_id = await office.draft()
    folder = tmp_path / "citation"
    async with office.client() as http:
        await export(http, citation_id, folder)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
    shots = {f"shots/{number}.jpg" for number in range(3)}
    assert names == {"clip.mp4", "manifest.json", "manifest.jws", *shots, *DOCUMENTS}
    for each in (folder, tmp_path / "citation.zip"):
        report = verify(each, trust())
        assert report.holds, faults(report)
        assert {found.subject for found in report.findings} >= names
    with pytest.raises(SystemExit) as ended:
        root = write_root(tmp_path)
        await asyncio.to_thread(cli, ["verify", str(folder), "--root", str(root)])
    assert ended.value.code == 0


async def test_the_archive_is_one_reading_and_the_same_bytes_each_time(office: Office) -> None:
    path = f"/v1/citations/{await office.draft()}/evidence.zip"
    async with office.client() as http:
        before = await _audit_sequence(office)
        one, other = await http.get(path), await http.get(path)
        assert await _audit_sequence(office) == before + 2
    assert one.content == other.content
    assert one.headers["content-length"] == str(len(one.content))
    assert one.headers["content-type"] == "application/zip"
    assert one.headers["cache-control"] == "private, no-store"


async def test_the_archive_needs_scope_purpose_and_bounds(office: Office) -> None:
    path = f"/v1/citations/{await office.draft()}/evidence.zip"
    async with httpx.AsyncClient(base_url=office.url) as anonymous:
        assert (await anonymous.get(path)).status_code == 401
    async with office.client(scope="citations:read") as http:
        assert (await http.get(path)).json()["type"] == "urn:payesh:problem:missing-scope"
    async with office.client(counties=["shahrud"]) as http:
        assert (await http.get(path)).json()["type"] == "urn:payesh:problem:out-of-bounds"
    async with office.client() as http:
        assert (await http.get(f"/v1/citations/{uuid4()}/evidence.zip")).status_code == 404


@pytest.mark.parametrize(
    ("decision", "state"),
    [
        ({"decision": "issue", "plate": "12ب34567"}, "issued"),
        ({"decision": "reject", "reason": "no_offence"}, "rejected"),
    ],
)
async def test_what_an_officer_decided_is_signed_in_the_archive(
    office: Office, tmp_path: Path, decision: dict[str, str], state: str
) -> None:
    citation_id = await office.draft()
    folder = tmp_path / "citation"
    async with office.client("mina") as http:
        for action, body in (("claim", None), ("release", None), ("claim", None)):
            answer = await http.post(f"/v1/citations/{citation_id}/{action}", json=body)
            assert answer.status_code == 200, answer.text
        answer = await http.post(f"/v1/citations/{citation_id}/decide", json=decision)
        assert answer.status_code == 200, answer.text
        number = answer.json()["number"]
        await export(http, citation_id, folder)
    # Claims and releases are no decisions.
    assert [path.name for path in (folder / "decisions").iterdir()] == ["1.jws"]
    report = verify(tmp_path / "citation.zip", trust())
    assert report.holds, faults(report)
    said = {each.subject: each.said.en for each in report.findings}["decisions/1.jws"]
    assert said.startswith(f"{state}, number {number or '-'}, by person:mina at ")


async def test_a_signed_decision_soon_lies_under_the_stores_lock(
    office: Office, engines: EngineSet, tmp_path: Path
) -> None:
    citation_id = await office.draft()
    async with office.client("mina") as http:
        await http.post(f"/v1/citations/{citation_id}/claim")
        decided = {"decision": "reject", "reason": "no_offence"}
        await http.post(f"/v1/citations/{citation_id}/decide", json=decided)
        await export(http, citation_id, tmp_path / "citation")
    addresses = engines.addresses()
    admin = Minio(
        addresses["s3_endpoint"],
        *engines.objects.credentials_for("admin"),
        secure=addresses["s3_secure"],
    )
    key = f"{citation_id}/decisions/1.jws"

    async def is_kept() -> bool:
        found = await asyncio.to_thread(list, admin.list_objects("evidence", key))
        return len(found) == 1

    await eventually(is_kept)
    lock = await asyncio.to_thread(admin.get_object_retention, "evidence", key)
    assert lock is not None
    assert lock.mode == "COMPLIANCE"
    assert lock.retain_until_date is not None
    assert lock.retain_until_date > datetime.now(UTC) + timedelta(days=1.9)
    body = await asyncio.to_thread(lambda: admin.get_object("evidence", key).read())
    assert body == (tmp_path / "citation/decisions/1.jws").read_bytes()


async def test_nothing_is_decided_while_no_key_can_sign(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    citation_id = await office.draft()
    signer = office.app.state.dependencies.signer

    def run_out(_: Statement) -> str:
        raise DependencyFault("evidence key", "none is certified for this moment")

    async with office.client("mina") as http:
        assert (await http.post(f"/v1/citations/{citation_id}/claim")).status_code == 200
        monkeypatch.setattr(signer, "sign", run_out)
        decided = {"decision": "issue", "plate": "12ب34567"}
        answer = await http.post(f"/v1/citations/{citation_id}/decide", json=decided)
        assert answer.status_code == 503
        shown = (await http.get(f"/v1/citations/{citation_id}")).json()
        assert (shown["state"], shown["number"]) == ("claimed", None)


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
        await export(http, citation_id, tmp_path / "citation")
    assert (tmp_path / "citation/still.jpg").read_bytes() == b"\xff\xd8still"
    report = verify(tmp_path / "citation.zip", trust())
    assert report.holds, faults(report)


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
