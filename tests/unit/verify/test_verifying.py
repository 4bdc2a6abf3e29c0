"""What payesh-verify says of whole and of forged bundles, to people and to programs."""

import json
import os
import struct
import subprocess
import sys
import time
import zipfile
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import jdatetime
import pytest
from pydantic import SecretStr

from payesh.kit.errors import DependencyFault
from payesh.tickets.adapters.evidence_keys import EvidenceKeys, make_root
from payesh.tickets.domain.rules import ASSESSORS, AsFound, OverSpeedLimit
from payesh.tickets.evidence.statement import Statement
from payesh.tickets.jalali import jalali_day
from payesh.tickets.main import cli
from payesh.verify import archive, command
from payesh.verify.archive import Entry
from payesh.verify.checks.jalali import day_in_tehran
from payesh.verify.checks.measurement import FACTS, LAMPS, QUANTITIES
from payesh.verify.findings import Verdict
from payesh.verify.report import Report, verify
from payesh.verify.statements import Key, Trust
from tests.support.bundle_builder import LAW, bundle
from tests.support.evidence_keys import (
    KEYS,
    SETTING,
    decide,
    evidence_keys_setting,
    sign_manifest,
    trust,
    write_root,
)
from tests.support.packed_bundle import bodies_of, packed


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A bundle that was issued."""
    built = await bundle(tmp_path)
    decide(built)
    return built


def broken(report: Report) -> dict[str, str]:
    return {each.subject: each.said.en for each in report.broken}


def rewritten(folder: Path, name: str, old: str, new: str) -> None:
    """Change a file and its hash in the manifest, as who has no key does."""
    text = (folder / name).read_text("utf-8")
    assert old in text
    body = text.replace(old, new).encode()
    before = sha256((folder / name).read_bytes()).hexdigest()
    size = (folder / name).stat().st_size
    (folder / name).write_bytes(body)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for each in manifest["documents"]:
        if each["sha256"] == before:
            assert each["size_bytes"] == size
            each["sha256"], each["size_bytes"] = sha256(body).hexdigest(), len(body)
    (folder / "manifest.json").write_text(
        json.dumps(manifest, ensure_ascii=False).replace(old, new), "utf-8"
    )


def test_folder_and_archive_hold_alike(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    path.write_bytes(packed(bodies_of(folder)))
    as_folder, as_archive = verify(folder, trust()), verify(path, trust())
    assert as_folder.holds, broken(as_folder)
    assert as_folder == as_archive
    decided = {each.subject: each.said.en for each in as_folder.findings}["decisions/1.jws"]
    assert decided.startswith("issued, number 1405-12, by person:sara at ")


def test_a_changed_plate_with_every_file_and_hash_rewritten_does_not_hold(folder: Path) -> None:
    rewritten(folder, "read.json", "12ب34567", "45د67811")
    assert broken(verify(folder, trust())) == {"manifest.json": "it is not the one that was signed"}


@pytest.mark.parametrize("field", ["number", "officer", "state", "plate", "reason"])
def test_a_decision_changed_in_one_field_does_not_hold(folder: Path, field: str) -> None:
    path = folder / "decisions/1.jws"
    header, payload, signature = path.read_text("ascii").split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    claims[field] = "another"
    forged = urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    path.write_text(f"{header}.{forged}.{signature}", "ascii")
    assert broken(verify(folder, trust())) == {"decisions/1.jws": "its signature does not hold"}


def test_a_citation_json_beside_the_bundle_proves_nothing_and_is_refused(folder: Path) -> None:
    (folder / "citation.json").write_text('{"state": "rejected"}', "utf-8")
    assert broken(verify(folder, trust())) == {"citation.json": "no statement names it"}


def test_a_bundle_without_a_signature_is_refused_in_one_sentence(folder: Path) -> None:
    (folder / "manifest.jws").unlink()
    found = verify(folder, trust())
    assert broken(found) == {"manifest.jws": "it is missing: nothing shows who made the bundle"}
    assert {each.verdict for each in found.findings} == {Verdict.BROKEN, Verdict.NOT_CHECKED}


async def test_later_decisions_continue_the_row_and_a_draft_has_none(tmp_path: Path) -> None:
    folder = await bundle(tmp_path)
    draft = verify(folder, trust())
    assert draft.holds
    assert "any decision: this is a draft" in [each.en for each in draft.not_proved]
    decide(folder)
    decide(folder, reason="once more")
    decide(folder, state="void", reason="wrong_vehicle")
    found = verify(folder, trust())
    assert found.holds, broken(found)
    assert "that nothing was decided later: as of this bundle it is void" in [
        each.en for each in found.not_proved
    ]
    (folder / "decisions/2.jws").unlink()
    assert broken(verify(folder, trust())) == {"decisions/2.jws": "it is missing"}


@pytest.mark.parametrize("ended", ["rejected", "void", "warned"])
async def test_what_was_rejected_or_voided_is_not_issued_after_it(
    tmp_path: Path, ended: str
) -> None:
    """As who can change the database could have the service sign it."""
    folder = await bundle(tmp_path)
    number = None if ended == "warned" else "1405-12"
    decide(folder, state=ended, reason="wrong_vehicle", number=number)
    decide(folder)
    found = broken(verify(folder, trust()))
    assert found == {"decisions/2.jws": f"it is issued after it was {ended}"}


async def test_a_warning_has_no_number(tmp_path: Path) -> None:
    folder = await bundle(tmp_path)
    decide(folder, state="warned")
    assert broken(verify(folder, trust())) == {"decisions/1.jws": "a warning has a number"}


@pytest.mark.parametrize("number", ["1405-13", None])
def test_a_citation_keeps_the_number_under_which_it_was_issued(
    folder: Path, number: str | None
) -> None:
    decide(folder, state="void", number=number, reason="wrong_vehicle")
    found = broken(verify(folder, trust()))
    assert found == {"decisions/2.jws": f"number is {number}, not 1405-12"}


def test_another_root_a_withdrawn_key_and_an_early_clock_are_refused(folder: Path) -> None:
    other = broken(verify(folder, trust(make_root())))
    assert other["manifest.jws"].startswith("its key was certified by another root")
    signed = verify(folder, trust()).findings[0].said.en
    key_id = signed.split(" by key ")[1].split(",")[0]
    withdrawn = broken(verify(folder, trust(withdrawn=frozenset({key_id}))))
    assert withdrawn == {"manifest.jws": f"its key {key_id} was withdrawn"}
    early = replace(trust(), now=time.time() - 86400)
    assert broken(verify(folder, early)) == {"manifest.jws": "it was signed in the future"}


def test_a_decision_that_was_signed_at_another_time_is_refused(folder: Path) -> None:
    decide(folder, state="void", reason="x", decided_at=datetime.now(UTC) - timedelta(days=9))
    assert broken(verify(folder, trust())) == {
        "decisions/2.jws": "it was not signed when it was decided"
    }


def test_a_link_in_a_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.jpg").write_bytes((folder / "shots/0.jpg").read_bytes())
    (folder / "shots/0.jpg").unlink()
    (folder / "shots/0.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    assert broken(verify(folder, trust())) == {"shots/0.jpg": "it is a link, not a file"}


def test_what_is_no_file_in_a_folder_is_refused_and_not_waited_for(folder: Path) -> None:
    (folder / "clip.mp4").unlink()
    os.mkfifo(folder / "clip.mp4")
    assert broken(verify(folder, trust())) == {"clip.mp4": "it is no plain file"}


def test_an_archive_of_a_million_members_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    entry = Entry("a.txt", 0, 0)
    one = archive.directory([entry])[:-22]
    many = one * 65_535
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 65_535, 65_535, len(many), 0, 0)
    path.write_bytes(many + end)
    assert broken(verify(path, trust())) == {"archive": "too many members"}


def test_a_decision_of_another_installation_under_the_same_root_is_refused(folder: Path) -> None:
    other = EvidenceKeys.read(evidence_keys_setting(issuer="https://another.test"))
    decide(folder, state="void", reason="x", keys=other)
    found = broken(verify(folder, trust()))
    assert found["decisions/2.jws"].startswith("iss is https://another.test")


def test_the_archive_opens_with_other_programs_and_never_changes_its_form(
    folder: Path, tmp_path: Path
) -> None:
    bodies = bodies_of(folder)
    path = tmp_path / "evidence.zip"
    path.write_bytes(packed(bodies))
    assert archive.archive_bytes((n, len(b)) for n, b in bodies.items()) == path.stat().st_size
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        assert {name: file.read(name) for name in file.namelist()} == bodies
    form = archive.head("a.txt") + b"a" + archive.tail(Entry("a.txt", 1, 0xE8B7BE43))
    form += archive.directory([Entry("a.txt", 1, 0xE8B7BE43)])
    assert sha256(form).hexdigest() == FORM


FORM = "2a2536662acfdfc34fe3578c768f26b419e61f299a8acd569c07ee675cc72314"


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        command.run(command.parser(), arguments)
    return int(ended.value.code or 0), capsys.readouterr().out


def test_the_report_says_in_both_languages_what_holds_is_broken_and_is_not_proved(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(folder), "--root", str(write_root(tmp_path))]
    code, text = run(given, capsys)
    assert code == 0
    for sentence in (
        "holds        custody         4 links recomputed, none missing",
        "not proved   when it was signed: the time is the word of who held the key",
        "everything that was checked holds",
        "زنجیرهٔ نگهداری",
        "ثابت نشده",
        "هرچه بررسی شد درست است",
    ):
        assert sentence in text
    (folder / "clip.mp4").unlink()
    code, text = run([*given, "--language", "fa"], capsys)
    assert code == 1
    assert "نادرست" in text
    assert text.count("clip.mp4") == 1
    assert "این مدرک درست نیست" in text
    assert "holds" not in text


def test_programs_read_the_report_as_json(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(folder), "--root", str(write_root(tmp_path)), "--json"]
    code, text = run(given, capsys)
    answer: dict[str, Any] = json.loads(text)
    assert (code, answer["holds"]) == (0, True)
    assert answer["root_key_id"] == trust().root.key_id
    assert {each["verdict"] for each in answer["findings"]} == {"holds"}
    assert all(each["en"] and each["fa"] for each in answer["findings"] + answer["not_proved"])


def test_what_cannot_be_read_is_no_verdict(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_root(tmp_path)
    assert run([str(tmp_path / "nothing.zip"), "--root", str(root)], capsys)[0] == 2
    assert run([str(folder), "--root", str(folder / "law.json")], capsys)[0] == 2
    assert run([str(folder)], capsys)[0] == 2
    private = tmp_path / "private.json"
    private.write_text(json.dumps(json.loads(root.read_text("utf-8")) | {"d": "x"}), "utf-8")
    assert run([str(folder), "--root", str(private)], capsys)[0] == 2


def test_forged_text_stays_on_its_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decide(folder, officer="x\nholds        law             \u202efine")
    (folder / "x\nholds").write_bytes(b"")
    given = [str(folder), "--root", str(write_root(tmp_path)), "--language", "en"]
    lines = run(given, capsys)[1].splitlines()
    assert len(lines) == len(verify(folder, trust()).findings) + 2
    assert all("\u202e" not in line for line in lines)


def test_text_that_no_program_can_write_ends_in_a_report(folder: Path, tmp_path: Path) -> None:
    """A lone half of a character, as JSON may spell it, and a name that is no text."""
    header, *others = (folder / "manifest.jws").read_text("ascii").split(".")
    named = json.loads(urlsafe_b64decode(header + "=="))
    at_top, *signed = named["cert"].split(".")
    top = json.loads(urlsafe_b64decode(at_top + "==")) | {"kid": "\ud800"}
    named["cert"] = ".".join([spelt(top), *signed])
    (folder / "manifest.jws").write_text(".".join([spelt(named), *others]), "ascii")
    (folder / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    for more in ((), ("--json",)):
        shown = subprocess.run(
            [
                Path(sys.executable).with_name("payesh-verify"),
                folder,
                "--root",
                write_root(tmp_path),
                *more,
            ],
            env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert (shown.returncode, shown.stderr) == (1, "")
        assert "certified by another root, ?" in shown.stdout


def spelt(header: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()


@pytest.mark.slow
def test_the_commands_need_no_settings(folder: Path, tmp_path: Path) -> None:
    root = write_root(tmp_path)
    clean = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        first, *others = arguments
        return subprocess.run(
            [Path(sys.executable).with_name(first), *others],
            env=clean,
            cwd=folder.parent,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    given = (str(folder), "--root", str(root))
    alone, of_tickets = run("payesh-verify", *given), run("payesh-tickets", "verify", *given)
    assert (alone.returncode, alone.stderr) == (0, "")
    assert (of_tickets.returncode, of_tickets.stdout) == (0, alone.stdout)
    assert run("payesh-tickets", "verify", *given, "--law", "no-such-file").returncode == 1
    (folder / "clip.mp4").unlink()
    assert run("payesh-tickets", "verify", *given).returncode == 1


def test_keys_made_by_the_commands_sign_what_verifies(folder: Path, tmp_path: Path) -> None:
    private, public, keys = (tmp_path / name for name in ("root.key", "root.pub", "keys.json"))
    cli(["make-evidence-root", str(private), str(public)])
    add = [
        "make-evidence-key",
        str(keys),
        "--root",
        str(private),
        "--issuer",
        "https://payesh.test",
    ]
    cli([*add, "--days", "30"])
    cli([*add, "--in-days", "20"])
    assert private.stat().st_mode & 0o077 == keys.stat().st_mode & 0o077 == 0
    with pytest.raises(SystemExit):
        cli(["make-evidence-root", str(private), str(public)])  # nothing is written over
    setting = SecretStr(keys.read_text("utf-8"))
    root = Key.of(json.loads(public.read_bytes()))
    used = set()
    for days in (1, 25):  # the second key follows the first
        later = time.time() + 86400 * days
        sign_manifest(folder, EvidenceKeys.read(setting, partial(float, later)))
        (folder / "decisions/1.jws").unlink(missing_ok=True)
        found = verify(folder, Trust(root, later))
        assert found.holds, broken(found)
        used.add(found.findings[0].said.en)
    assert len(used) == 2


def test_a_key_out_of_time_signs_nothing_and_a_notice_comes_before() -> None:
    assert KEYS.notice() == "ok"
    soon = EvidenceKeys.read(SETTING, lambda: time.time() + 390 * 86400)
    assert soon.notice() == "the last one expires within two weeks"
    ended = EvidenceKeys.read(SETTING, lambda: time.time() + 401 * 86400)
    assert ended.notice() == "none is certified for this moment"
    with pytest.raises(DependencyFault, match="evidence key"):
        ended.sign(Statement("x", {}))


def test_the_rules_are_those_that_the_service_assesses_by() -> None:
    speeds = {r: a.quantity for r, a in ASSESSORS.items() if isinstance(a, OverSpeedLimit)}
    found = {r: a for r, a in ASSESSORS.items() if isinstance(a, AsFound)}
    assert speeds == QUANTITIES
    assert {r: {frozenset(g) for g in a.needs} for r, a in found.items()} == {
        rule: set(groups) for rule, groups in FACTS.items()
    }
    assert {r: a.lamp for r, a in found.items() if a.lamp} == LAMPS


def test_jalali_days_are_those_of_the_library() -> None:
    moment = datetime(2016, 1, 1, 20, 29, tzinfo=UTC)
    while moment.year < 2033:
        day = day_in_tehran(moment)
        assert tuple(day) == tuple(jalali_day(moment))
        moment += timedelta(hours=25)
    assert jdatetime.date(1403, 12, 30).togregorian().isoformat() == "2025-03-20"


async def test_the_published_table_is_compared_where_it_is_given(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "law.json"
    table.write_bytes(_fixture())
    given = ["verify", str(folder), "--root", str(write_root(tmp_path)), "--law", str(table)]
    with pytest.raises(SystemExit) as ended:
        cli(given)
    assert ended.value.code == 0
    assert f"as in the published {LAW.name}" in capsys.readouterr().out


def _fixture() -> bytes:
    return (resources.files("payesh.tickets") / "law" / "fixture-1399.json").read_bytes()
