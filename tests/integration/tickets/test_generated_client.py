"""A client that a generator makes of the published document reads citations, clips and shots."""

import asyncio
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from payesh.contracts.schemas import CONTRACTS
from tests.integration.tickets.conftest import Office, token


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the generated package."""
    folder = tmp_path_factory.mktemp("client")
    openapi = CONTRACTS / "openapi"
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("openapi-python-client")),
            "generate",
            *("--path", str(openapi / "tickets.json")),
            *("--config", str(openapi / "python-client.yaml")),
            *("--output-path", str(folder / "project")),
            "--fail-on-warning",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder / "project"


@pytest.fixture
def package(generated: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(generated))
    return importlib.import_module("payesh_tickets_client")


async def test_a_generated_client_pages_and_reads_clip_and_shots(
    office: Office, package: ModuleType
) -> None:
    name = package.__name__
    lists = importlib.import_module(f"{name}.api.citations.list_citations")
    clips = importlib.import_module(f"{name}.api.evidence.read_clip")
    shots = importlib.import_module(f"{name}.api.evidence.read_shot")
    drafts = {await office.draft() for _ in range(3)}
    client = package.AuthenticatedClient(base_url=office.url, token=token("agency"))
    asking = {"client": client, "payesh_purpose": "file%201405-112"}
    found: list[Any] = []
    cursor: Any = package.types.UNSET
    while cursor is not None and not drafts <= {each.citation_id for each in found}:
        page: Any = await lists.asyncio(**asking, limit=2, cursor=cursor)
        found += page.items
        cursor = page.next_
    assert drafts <= {each.citation_id for each in found}
    citation_id = next(iter(drafts))
    clip: Any = await clips.asyncio(citation_id, **asking)
    shot: Any = await shots.asyncio(citation_id, 0, **asking)
    clip_bytes, shot_bytes = await asyncio.gather(
        asyncio.to_thread(clip.payload.read), asyncio.to_thread(shot.payload.read)
    )
    assert clip_bytes[4:8] == b"ftyp"
    assert shot_bytes[:3] == b"\xff\xd8\xff"
