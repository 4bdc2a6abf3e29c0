"""A bundle that the service itself signed is refused where its content does not carry it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from payesh.tickets.domain.law import LawTable
from payesh.tickets.evidence.verify_command import check_published_law
from payesh.verify.findings import Verdict
from payesh.verify.report import Report, verify
from tests.support.bundle_builder import LAW, bundle
from tests.support.evidence_keys import sign_manifest, trust
from tests.support.violation_builder import CERTIFICATE, crossed_at_red, second_opinion

Change = Callable[[dict[str, Any]], None]
NO_NUMBER: Any = "1e999"
"""As JSON may spell a number that no program can hold: two of them differ by nothing."""
FILES = (
    "clip.mp4", "shots/0.jpg", "shots/1.jpg", "revision.json", "violation.json", "read.json",
    "law.json",
)  # fmt: skip


@pytest.fixture(scope="module")
async def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return await bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "citation"))


def report(folder: Path, law: LawTable | None = None) -> Report:
    more = {} if law is None else {"published law": partial(check_published_law, law)}
    return verify(folder, trust(), more)


def faults(folder: Path, law: LawTable | None = None) -> dict[str, str]:
    """Broken subjects with their faults, each named once."""
    found = report(folder, law)
    subjects = [each.subject for each in found.broken]
    assert len(subjects) == len(set(subjects))
    assert found.holds is (not subjects)
    return {each.subject: each.said.en for each in found.broken}


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
        shots = [shot["object"] for shot in manifest["shots"]]
        for each in (manifest["clip"]["object"], *shots, *manifest["documents"]):
            if each["key"].endswith(f"/{name}"):
                each["sha256"], each["size_bytes"] = sha256(body).hexdigest(), len(body)

    edit(folder, "manifest.json", rehash)


def set_measurement(**values: float) -> Change:
    return lambda content: content["measurement"].update(values)


def set_top(**values: Any) -> Change:
    return lambda content: content.update(values)


def test_a_bundle_as_built_holds(folder: Path) -> None:
    found = report(folder, LAW)
    assert {each.verdict for each in found.findings} == {Verdict.HOLDS}
    assert found.holds
    subjects = {each.subject for each in found.findings}
    assert subjects >= {*FILES, "custody", "clip", "law", "measurement", "published law"}


@pytest.mark.parametrize(
    ("media_type", "name"), [("image/jpeg", "still.jpg"), ("image/png", "still.png")]
)
async def test_a_still_holds_too_and_is_named_as_what_it_is(
    tmp_path: Path, media_type: str, name: str
) -> None:
    folder = await bundle(tmp_path, still=media_type)
    assert (folder / name).is_file()
    assert not faults(folder)


async def test_a_bundle_of_an_older_job_lacks_the_law_and_that_is_named_once(
    tmp_path: Path,
) -> None:
    found = faults(await bundle(tmp_path, keeps_law=False))
    assert found == {"law.json": "the manifest does not name it"}


@pytest.mark.parametrize("name", ["violation.json", "read.json", "revision.json", "law.json"])
def test_a_document_that_the_manifest_leaves_out_is_missed(folder: Path, name: str) -> None:
    def leave_out(manifest: dict[str, Any]) -> None:
        manifest["documents"] = [
            each for each in manifest["documents"] if not each["key"].endswith(name)
        ]

    edit(folder, "manifest.json", leave_out)
    (folder / name).unlink()
    assert faults(folder) == {name: "the manifest does not name it"}


def test_a_manifest_of_another_form_is_named(folder: Path) -> None:
    edit(folder, "manifest.json", set_top(format="payesh-evidence-manifest-v9"))
    assert faults(folder)["manifest.json"].startswith("format is")


@pytest.mark.parametrize("name", ["../law.json", "/etc/passwd", "a/b/c.json", ".law.json", ""])
def test_a_name_does_not_lead_out_of_the_folder(folder: Path, name: str) -> None:
    (folder.parent / "law.json").write_bytes((folder / "law.json").read_bytes())

    def lead_out(manifest: dict[str, Any]) -> None:
        manifest["documents"][3]["key"] = f"{manifest['citation_id']}/{name}"

    edit(folder, "manifest.json", lead_out)
    assert set(faults(folder)) == {"manifest.json"}


def without_a_part(content: dict[str, Any]) -> None:
    """The third link and what the clip has of it."""
    content["chain"]["links"].pop(2)
    content["clip"]["parts"].pop(3)


# What a careful forger changes, hashes made good, and the check that still finds it.
FORGERIES: dict[str, tuple[dict[str, Change], str, str]] = {
    "another violation": (
        {"manifest.json": set_top(violation_id="5d7d7d52-3f6e-4a5e-8d0e-0f7e0b6f5a11")},
        "ids",
        "violation_id is",
    ),
    "another passage's read": (
        {"read.json": set_top(passage_id="5d7d7d52-3f6e-4a5e-8d0e-0f7e0b6f5a11")},
        "ids",
        "the read's passage_id is",
    ),
    "another model": (
        {"read.json": lambda read: read["provenance"].update(software_version="test 2")},
        "ids",
        "models of plates is",
    ),
    "a revision of other limits": (
        {"revision.json": set_top(speed_limit_kmh=50.0)},
        "revision",
        "SHA-256 is",
    ),
    "a link's duration": (
        {
            "violation.json": lambda seen: seen["segments"][2].update(duration_ms=1999),
            "manifest.json": lambda content: content["chain"]["links"][2].update(duration_ms=1999),
        },
        "custody",
        "link of segment 2 does not hold",
    ),
    "a link left out": (
        {"manifest.json": lambda content: content["chain"]["links"].pop(0)},
        "custody",
        "not the violation's segments",
    ),
    "another revision under the chain": (
        {"manifest.json": lambda content: content["chain"].update(revision_sha256="0" * 64)},
        "custody",
        "revision_sha256 is",
    ),
    "parts in another order": (
        {"manifest.json": lambda content: content["clip"]["parts"].reverse()},
        "clip",
        "its parts are not",
    ),
    "more left out than named": (
        {"manifest.json": lambda content: content["clip"].update(segments_left_out=1)},
        "clip",
        "its parts are not",
    ),
    "a hole in the custody": (
        {
            "violation.json": lambda seen: seen["segments"].pop(2),
            "manifest.json": without_a_part,
        },
        "custody",
        "a hole: segment 3 does not follow segment 1",
    ),
    "everything left out": (
        {"manifest.json": lambda content: content["clip"].update(segments_left_out=4)},
        "clip",
        "leaves out every segment",
    ),
    "a shot left out": (
        {"manifest.json": lambda content: content["shots"].pop()},
        "shots",
        "not the violation's shots",
    ),
    "another plate in the manifest": (
        {"manifest.json": lambda content: content["plate"].update(text="45د67811")},
        "plate",
        "45د67811",
    ),
    "an unreadable plate": (
        {
            "read.json": set_top(outcome="unreadable", plate=None),
            "manifest.json": set_top(plate=None),
        },
        "plate",
        "the read has no plate",
    ),
    "another speed in the manifest": (
        {"manifest.json": set_measurement(value=120.0)},
        "measurement",
        "measurement is",
    ),
    "a bound that is not value - u95": (
        {name: set_measurement(lower_bound=98.0) for name in ("violation.json", "manifest.json")},
        "measurement",
        "99.0 - 2.1 is not 98.0",
    ),
    "another limit": (
        {name: set_measurement(limit=50.0) for name in ("violation.json", "manifest.json")},
        "measurement",
        "limit is 50.0, not 60.0",
    ),
    "a bound below the limit": (
        {
            name: set_measurement(value=61.0, u95=2.0, lower_bound=59.0)
            for name in ("violation.json", "manifest.json")
        },
        "measurement",
        "59.0 km/h is not above 60.0 + 0.0 km/h",
    ),
    "bounds that are no numbers": (
        {
            name: set_measurement(value=NO_NUMBER, u95=NO_NUMBER)
            for name in ("violation.json", "manifest.json")
        },
        "measurement",
        "malformed (ValueError)",
    ),
    "a wide tolerance": (
        {"law.json": lambda law: law["tolerance"].update(tolerance_kmh=37.0)},
        "measurement",
        "is not above 60.0 + 37.0 km/h",
    ),
    "no certificate": (
        {name: set_top(certificate=None) for name in ("violation.json", "manifest.json")},
        "certificate",
        "there is none",
    ),
    "a longer certificate": (
        {
            name: lambda content: content["certificate"].update(
                valid_to="2036-01-01T00:00:00.000000Z"
            )
            for name in ("violation.json", "manifest.json")
        },
        "certificate",
        "the revision's is",
    ),
    "an unverified clock": (
        {name: set_top(clock_source="unverified") for name in ("violation.json", "manifest.json")},
        "clock",
        "it was not verified",
    ),
    "a clock too uncertain": (
        {name: set_top(clock_u95_ms=501.0) for name in ("violation.json", "manifest.json")},
        "clock",
        "± 501.0 ms is above the revision's 500.0",
    ),
    "another day": (
        {
            name: set_top(captured_at="2026-11-21T09:31:07.440000Z")
            for name in ("violation.json", "manifest.json")
        },
        "clock",
        "the moment lies outside of the segments",
    ),
    "another amount in the row": (
        {"law.json": lambda law: law["tariff"].update(amount_rial=9_000_000)},
        "law",
        "amount_rial is 9000000, not 2000000",
    ),
    "another amount in the manifest": (
        {"manifest.json": lambda content: content["law"].update(amount_rial=9_000_000)},
        "law",
        "amount_rial is 2000000, not 9000000",
    ),
    "another place's row": (
        {"law.json": lambda law: law["tariff"].update(place_class="B")},
        "law",
        "its rows do not fit this case",
    ),
    "a row of another year": (
        {"law.json": lambda law: law["tariff"].update(first="1406-01-01")},
        "law",
        "its rows do not fit this case",
    ),
    "another offence": (
        {"law.json": lambda law: law["offence"].update(over_kmh_above=40.0)},
        "law",
        "its rows do not fit this case",
    ),
    "a season that is not in the year's": (
        {"law.json": lambda law: law["tariff"].update(season="nowruz")},
        "law",
        "its rows do not fit this case",
    ),
    "a tolerance that had not begun": (
        {"law.json": lambda law: law["tolerance"].update(first="1406-01-01")},
        "law",
        "its tolerance was not in force at capture",
    ),
    "another table": (
        {"law.json": set_top(table_sha256="0" * 64)},
        "law",
        "table_sha256 is",
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_with_its_hashes_made_good_is_named(folder: Path, forgery: str) -> None:
    changes, subject, fault = FORGERIES[forgery]
    for name, change in changes.items():
        edit(folder, name, change)
    found = faults(folder)
    assert fault in found[subject]
    assert "manifest.json" not in found
    hashes = [text for name, text in found.items() if name in FILES and text.startswith("SHA-256")]
    assert not hashes, "hashes were to be good"


def test_a_clip_of_other_fragments_is_named(folder: Path) -> None:
    clip = (folder / "clip.mp4").read_bytes()
    put(folder, "clip.mp4", clip[:-99] + b"x" * 99)
    assert faults(folder)["clip"].startswith("SHA-256 of media 3 is")
    put(folder, "clip.mp4", clip + b"more")
    assert faults(folder)["clip"] == f"size of all parts is {len(clip)}, not {len(clip) + 4}"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"captured_on": ', '"captured_on": "1405-01-01", "captured_on": ', "law"),
        ('"over_kmh_to": 50', '"over_kmh_to": NaN', "law"),
        ('"amount_rial": 2000000', '"amount_rial": 1, "amount_rial": 2000000', "law"),
    ],
)
def test_a_document_that_programs_read_in_several_ways_is_refused(
    folder: Path, old: str, new: str, named: str
) -> None:
    text = (folder / "law.json").read_text("utf-8")
    assert old in text
    put(folder, "law.json", text.replace(old, new).encode())
    assert named in faults(folder)


def test_a_manifest_that_names_a_thing_twice_is_refused(folder: Path) -> None:
    text = (folder / "manifest.json").read_text("utf-8")
    put(folder, "manifest.json", text.replace("{", '{"citation_id": "x", ', 1).encode())
    assert set(faults(folder)) == {"manifest.json"}


def test_another_picture_is_named(folder: Path) -> None:
    put(folder, "shots/1.jpg", b"another car")
    assert faults(folder)["shots"].startswith("SHA-256 of shot 1 is")


async def test_a_finding_holds_and_what_a_forger_changes_of_it_is_named(tmp_path: Path) -> None:
    folder = await bundle(tmp_path, rule="red_light", measurement=crossed_at_red())
    findings = {each.subject: each.said.en for each in report(folder, LAW).findings}
    assert not faults(folder)
    assert findings["measurement"] == "red_for_ms: 1960.0 beyond the rule"
    assert findings["law"] == "2000000 rial for 2004, by a row of fixture-1399"
    assert findings["published law"] == "as in the published fixture-1399"
    documents = ("violation.json", "manifest.json")

    def margin(**values: float) -> Change:
        return lambda content: content["measurement"]["margin"].update(values)

    def facts(**values: object) -> Change:
        return lambda content: content["measurement"]["facts"].update(values)

    for change, fault in (
        (margin(value=9000.0), "9000.0 - 40.0 - 500.0 is not 1960.0"),
        (margin(value=540.0, lower_bound=0.0), "red_for_ms 0.0 is not beyond the rule"),
        (
            lambda content: content["measurement"]["facts"]["signal"].update(signal_head="head-9"),
            "the revision has no mark head-9",
        ),
        (facts(signal=None), "it supports no violation of this rule"),
        (facts(crossings=[]), "it supports no violation of this rule"),
        (
            lambda content: content["measurement"]["facts"]["signal"].update(lamp="green"),
            "it supports no violation of this rule",
        ),
        (set_top(rule="speeding"), "it supports no violation of this rule"),
        (set_top(rule="a_later_rule"), "it supports no violation of this rule"),
    ):
        forged = Path(shutil.copytree(folder, tmp_path / "forged", dirs_exist_ok=True))
        for name in documents:
            edit(forged, name, change)
        assert faults(forged)["measurement"] == fault


async def test_a_certificate_out_of_date_is_named_even_when_all_documents_agree(
    tmp_path: Path,
) -> None:
    ended = CERTIFICATE.model_copy(update={"valid_to": CERTIFICATE.valid_from + timedelta(days=99)})
    folder = await bundle(tmp_path, certificate=ended)
    assert faults(folder) == {"certificate": "it was not in date at capture"}


async def test_what_a_second_reader_read_is_signed_and_shown(tmp_path: Path) -> None:
    other = second_opinion("12ب34568")
    folder = await bundle(tmp_path, second=other)
    found = {each.subject: each.said.en for each in report(folder).findings}
    assert found["plate"] == ("12ب34567, read with confidence 0.960; a second reader read 12ب34568")
    for name in ("manifest.json", "read.json"):
        forged = Path(shutil.copytree(folder, tmp_path / name))
        edit(forged, name, set_top(second_opinion=None))
        assert faults(forged)["plate"].startswith("second opinion is")


def test_a_bundle_of_before_there_was_a_second_reader_holds(folder: Path) -> None:
    for name in ("read.json", "manifest.json"):
        edit(folder, name, lambda document: document.pop("second_opinion"))
    assert not faults(folder)


def test_the_published_table_is_held_against_the_rows(folder: Path) -> None:
    other = replace(LAW, sha256="0" * 64)
    assert faults(folder, other)["published law"].startswith("SHA-256 of the table is")
    dearer = tuple(replace(each, vehicle_class="car", amount_rial=1) for each in LAW.tariffs)
    forged = replace(LAW, tariffs=(*LAW.tariffs, *dearer))
    found = faults(folder, forged)
    assert found == {"published law": "the published table prices this case with other rows"}
