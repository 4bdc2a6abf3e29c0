"""A bundle of an average speed proves both cameras' parts and the bound, or is refused."""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from payesh.tickets.evidence.verify_command import check_published_law
from payesh.verify.findings import Verdict
from payesh.verify.report import CHECKS, ENTRY_CHECKS, Report, verify
from payesh.verify.wording import SUBJECTS
from tests.support.bundle_builder import LAW, average_speed_bundle, bundle
from tests.support.evidence_keys import decide, sign_manifest, trust

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
async def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return await average_speed_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "citation"))


def report(folder: Path) -> Report:
    return verify(folder, trust(), {"published law": lambda found: check_published_law(LAW, found)})


def faults(folder: Path) -> dict[str, str]:
    return {each.subject: each.said.en for each in report(folder).broken}


def edit(folder: Path, name: str, change: Change) -> None:
    """Change a document as who holds the evidence key could: hash, size and signature are good."""
    path = folder / name
    content = json.loads(path.read_bytes())
    change(content)
    put(folder, name, json.dumps(content, ensure_ascii=False).encode())


def put(folder: Path, name: str, body: bytes) -> None:
    (folder / name).write_bytes(body)
    if name == "manifest.json":
        sign_manifest(folder)
        return

    def rehash(manifest: dict[str, Any]) -> None:
        for part in (manifest, manifest["entry"]):
            shots = [shot["object"] for shot in part["shots"]]
            for each in (part["clip"]["object"], *shots, *part["documents"]):
                if each["key"].partition("/")[2] == name:
                    each["sha256"], each["size_bytes"] = sha256(body).hexdigest(), len(body)

    edit(folder, "manifest.json", rehash)


def test_a_whole_bundle_holds_and_names_both_cameras(folder: Path) -> None:
    decide(folder)
    found = report(folder)
    assert found.broken == []
    said = {each.subject: each.said.en for each in found.findings}
    assert set(CHECKS) | set(ENTRY_CHECKS) <= set(said)
    assert all(each.verdict is Verdict.HOLDS for each in found.findings)
    assert "994.0 m in 36.104 s" in said["stretch"]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {
        "clip.mp4", "revision.json", "read.json", "entry/clip.mp4", "entry/revision.json",
        "entry/read.json", "entry/0.jpg", "entry/1.jpg",
    } <= files  # fmt: skip


async def test_a_bundle_of_one_camera_is_checked_as_before(tmp_path: Path) -> None:
    found = report(await bundle(tmp_path))
    assert not {each.subject for each in found.findings} & set(ENTRY_CHECKS)


def test_each_subject_has_its_words() -> None:
    assert set(CHECKS) | set(ENTRY_CHECKS) <= set(SUBJECTS)


def _driven(**values: Any) -> Change:
    return lambda content: content["driven"].update(values)


def _in(*path: str, **values: Any) -> Change:
    def change(content: dict[str, Any]) -> None:
        for name in path:
            content = content[name]
        content.update(values)

    return change


def _no_entry(content: dict[str, Any]) -> None:
    content["entry"] = None


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("violation.json", _driven(least_way_m=999.0), {"stretch"}),
        ("violation.json", _driven(longest_time_s=36.0), {"stretch"}),
        ("violation.json", _in("driven", "stretch", shortest_way_m=1100.0), {"stretch"}),
        ("violation.json", _in("driven", "entered", u95_ms=0.0), {"stretch"}),
        ("violation.json", _in("driven", "entered", crossed_at="2026-11-20T09:30:33.440000Z"),
         {"stretch"}),
        ("violation.json", _in("driven", "stretch", speed_limit_kmh=50.0),
         {"stretch", "measurement"}),
        ("violation.json", _in("entry_passage", clock_source="unverified"), {"entry clock"}),
        ("violation.json", _in("entry_passage", segments=[]), {"entry custody", "entry clock"}),
        ("violation.json", _in("entry_passage", shots=[]), {"entry shots"}),
        ("violation.json", _in("entry_passage", certificate=None), {"entry certificate"}),
        ("entry/read.json", _in("plate", text="98ی76543"), {"entry", "entry plate"}),
        ("entry/read.json", _in(outcome="ambiguous"), {"entry plate"}),
        ("entry/read.json", _in(camera_id="camera-1"), {"entry"}),
        ("entry/revision.json", _in(name="another"), {"entry revision"}),
        ("revision.json", _in(stretches=[]), {"revision", "stretch"}),
        ("manifest.json", _in("entry", "chain", links=[]), {"entry custody"}),
        ("manifest.json", _in("entry", clock_u95_ms=1.0), {"entry clock"}),
    ],
)  # fmt: skip
def test_what_does_not_carry_the_speed_is_named(
    folder: Path, name: str, change: Change, expected: set[str]
) -> None:
    edit(folder, name, change)
    found = faults(folder)
    assert expected <= set(found), found


def test_an_average_speed_without_its_other_camera_is_refused(folder: Path) -> None:
    edit(folder, "manifest.json", _no_entry)
    for path in (folder / "entry").iterdir():
        path.unlink()
    assert set(faults(folder)) & set(ENTRY_CHECKS)


def test_a_byte_of_the_entry_s_clip_is_missed(folder: Path) -> None:
    body = bytearray((folder / "entry/clip.mp4").read_bytes())
    body[20] ^= 1
    (folder / "entry/clip.mp4").write_bytes(bytes(body))
    assert set(faults(folder)) == {"entry/clip.mp4"}
    put(folder, "entry/clip.mp4", bytes(body))
    assert set(faults(folder)) == {"entry clip"}
