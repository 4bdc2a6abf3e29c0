"""The auditor's page is held against the code: its commands run over a built bundle."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from payesh.verify.report import verify
from payesh.verify.wording import SUBJECTS
from tests.support.bundle_builder import bundle
from tests.support.evidence_keys import decide, trust, write_root
from tests.support.time_stamp_authority import Authority, stamp

PAGE = (Path(__file__).parents[3] / "docs" / "evidence.md").read_text("utf-8")
*COMMANDS, SIGNATURE, TIME_STAMP = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)

if missing := [tool for tool in ("bash", "jq", "openssl", "sha256sum") if not shutil.which(tool)]:
    pytest.skip(f"no {', '.join(missing)} on this machine", allow_module_level=True)


def run(command: str, folder: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("still", "clip"),
    [(None, "clip.mp4"), ("image/jpeg", "still.jpg"), ("image/png", "still.png")],
)
async def test_the_pages_commands_find_a_bundle_whole(
    tmp_path: Path, still: str | None, clip: str
) -> None:
    folder = await bundle(tmp_path, still=still)
    files, example, links, parts = (run(command, folder) for command in COMMANDS)
    names = {"shots/0.jpg", "shots/1.jpg", "revision.json", "violation.json", "read.json"}
    assert (files[0], set(files[1])) == (
        0,
        {f"{name}: OK" for name in {clip, "law.json", *names}},
    )
    assert example == (0, [f"{_expected(COMMANDS[1])}  -"])
    assert links == (0, [f"link {number} holds" for number in range(4)])
    assert parts == (0, ["-: OK"] * (1 if still else 5))


async def test_the_pages_commands_find_what_was_changed(tmp_path: Path) -> None:
    folder = await bundle(tmp_path)
    clip = bytearray((folder / "clip.mp4").read_bytes())
    clip[-1] ^= 1
    (folder / "clip.mp4").write_bytes(clip)
    manifest = (folder / "manifest.json").read_text("utf-8")
    (folder / "manifest.json").write_text(
        manifest.replace('"duration_ms": 2000', '"duration_ms": 1999', 1), "utf-8"
    )
    files, _, links, parts = (run(command, folder) for command in COMMANDS)
    assert (files[0], "clip.mp4: FAILED" in files[1]) == (1, True)
    assert links[1] == ["link 1 holds", "link 2 holds", "link 3 holds"]
    assert (parts[0], parts[1]) == (1, ["-: OK"] * 4 + ["-: FAILED"])


async def test_the_page_explains_every_check(tmp_path: Path) -> None:
    folder = await bundle(tmp_path)
    decide(folder)
    for finding in verify(folder, trust()).findings:
        assert f"`{finding.subject.replace('shots/1', 'shots/0')}`" in PAGE
    assert all(f"`{subject}`" in PAGE for subject in SUBJECTS)


async def test_the_pages_commands_verify_a_signature(tmp_path: Path) -> None:
    folder = await bundle(tmp_path)
    write_root(folder)
    assert run(SIGNATURE, folder) == (0, ["Signature Verified Successfully"] * 2)
    header, payload, signature = (folder / "manifest.jws").read_text("ascii").split(".")
    other = payload[:-8] + ("A" if payload[-8] != "A" else "B") + payload[-7:]
    (folder / "manifest.jws").write_text(f"{header}.{other}.{signature}", "ascii")
    assert run(SIGNATURE, folder)[0] == 1


def _expected(command: str) -> str:
    found = re.search(r"^# ([0-9a-f]{64})$", command, re.MULTILINE)
    assert found is not None
    return found[1]


async def test_the_pages_commands_verify_a_time_stamp(tmp_path: Path) -> None:
    folder = await bundle(tmp_path)
    decided = decide(folder)
    authority = Authority.made(tmp_path / "authority")
    stamp(folder, decided.read_text("ascii"), 1, authority)
    shutil.copy(authority.roots_file, folder / "TSA.pem")
    assert run(TIME_STAMP, folder)[0] == 0
    decided.write_text(decided.read_text("ascii") + "A", "ascii")
    assert run(TIME_STAMP, folder)[0] != 0
