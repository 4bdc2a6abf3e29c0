"""Every check of one bundle, in order. What rests on something broken is not checked: each fault is
named once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path

from payesh.verify import decisions, time_stamps, wording
from payesh.verify.bundle import (
    ENTRY,
    FORMAT,
    MANIFEST,
    STATEMENT,
    Bundle,
    Document,
    entry_of,
    name_in_bundle,
    objects_of,
)
from payesh.verify.checks.average_speed import RULE, check_entry_ids, check_stretch
from payesh.verify.checks.capture import check_certificate, check_clock
from payesh.verify.checks.identity import check_ids, check_revision
from payesh.verify.checks.law import check_law
from payesh.verify.checks.measurement import check_measurement, excess_kmh
from payesh.verify.checks.recording import check_clip, check_custody, check_plate, check_shots
from payesh.verify.documents import json_object
from payesh.verify.findings import Fault, Finding, Said, Verdict, checked, require_same, safe
from payesh.verify.members import ARCHIVE, NAME, read_members
from payesh.verify.statements import MANIFEST_TYP, Statement, Trust, opened
from payesh.verify.time_stamps import Stamp, check_stamp

Check = Callable[[Bundle], Said]

_VIOLATION, _READ, _REVISION, _LAW = "violation.json", "read.json", "revision.json", "law.json"
CHECKS: dict[str, tuple[Check, tuple[str, ...]]] = {
    "ids": (check_ids, (_VIOLATION, _READ)),
    "revision": (check_revision, (_VIOLATION, _REVISION)),
    "custody": (check_custody, (_VIOLATION,)),
    "clip": (check_clip, ("clip",)),
    "shots": (check_shots, (_VIOLATION,)),
    "plate": (check_plate, (_READ,)),
    "clock": (check_clock, (_VIOLATION, _REVISION)),
    "certificate": (check_certificate, (_VIOLATION, _REVISION)),
    "measurement": (check_measurement, (_VIOLATION, _REVISION, _LAW)),
    "law": (lambda bundle: check_law(bundle, excess_kmh(bundle.violation)), (_VIOLATION, _LAW)),
}
"""Subject of each check over a bundle's content, with the files that it reads, in order."""
_ENTRY_READ, _ENTRY_REVISION = ENTRY + _READ, ENTRY + _REVISION


def _of_entry(check: Check) -> Check:
    return lambda bundle: check(entry_of(bundle))


ENTRY_CHECKS: dict[str, tuple[Check, tuple[str, ...]]] = {
    "entry": (check_entry_ids, (_VIOLATION, _READ, _ENTRY_READ)),
    "entry revision": (
        _of_entry(partial(check_revision, same=("camera_id",))),
        (_VIOLATION, _ENTRY_REVISION),
    ),
    "entry custody": (_of_entry(check_custody), (_VIOLATION,)),
    "entry clip": (_of_entry(check_clip), ("entry clip",)),
    "entry shots": (_of_entry(check_shots), (_VIOLATION,)),
    "entry plate": (_of_entry(check_plate), (_ENTRY_READ,)),
    "entry clock": (_of_entry(check_clock), (_VIOLATION, _ENTRY_REVISION)),
    "entry certificate": (_of_entry(check_certificate), (_VIOLATION, _ENTRY_REVISION)),
    "stretch": (check_stretch, (_VIOLATION, _REVISION, _ENTRY_REVISION)),
}
"""Further ones of an average speed: what the other camera saw, and the stretch between them."""


@dataclass(slots=True)
class Report:
    """What was found; `not_proved` is what no check of these files can show."""

    citation_id: str | None = None
    findings: list[Finding] = field(default_factory=list)
    not_proved: Sequence[Said] = ()

    @property
    def holds(self) -> bool:
        """Whether no check is broken."""
        return bool(self.findings) and not self.broken

    @property
    def broken(self) -> list[Finding]:
        return [each for each in self.findings if each.verdict is Verdict.BROKEN]


def verify(path: Path, trust: Trust, more: Mapping[str, Check] | None = None) -> Report:
    """Every check over the archive or folder at `path`; `more` are further checks by subject, run
    where the whole bundle holds. Raises OSError where there is nothing to read."""
    report = Report()
    found = report.findings
    try:
        members = read_members(path)
    except Fault as fault:
        found.append(Finding(ARCHIVE, Verdict.BROKEN, fault.said))
        return report
    found += members.faults
    blamed = {each.subject for each in members.faults}
    bodies = members.bodies
    signed: list[Statement] = []
    if STATEMENT not in blamed:
        found.append(checked(STATEMENT, partial(_open, bodies, trust, signed)))
    read: list[Document] = []
    if signed and MANIFEST not in blamed:
        found.append(checked(MANIFEST, partial(_read, bodies, signed[0], read)))
    manifest = read[0] if read else {}
    if not manifest:
        found += [_not_checked(subject) for subject in ("files", "decision", *CHECKS)]
        return report
    report.citation_id = safe(str(manifest["citation_id"]))
    whole = _check_files(manifest, bodies, blamed, found)
    row = _check_decisions(manifest, signed[0], bodies, trust, found)
    bundle = Bundle(manifest, str(signed[0].claims["manifest_sha256"]), whole)
    _check_content(bundle, found)
    for subject, check in (more or {}).items():
        is_whole = not report.broken
        found.append(
            checked(subject, partial(check, bundle)) if is_whole else _not_checked(subject)
        )
    if report.holds:
        report.not_proved = wording.not_proved(
            bundle, row.decisions.standing, signed[0].key_id, trust, row.stamp
        )
    return report


def _open(bodies: Mapping[str, bytes], trust: Trust, signed: list[Statement]) -> Said:
    if STATEMENT not in bodies:
        raise Fault(
            "it is missing: nothing shows who made the bundle",
            "نیست: هیچ چیز نشان نمی‌دهد مدرک را چه کسی ساخته است",
        )
    statement = opened(bodies[STATEMENT], MANIFEST_TYP, trust)
    require_same("sha256 form", len(statement.claims["manifest_sha256"]), 64)
    signed.append(statement)
    issuer = statement.claims["iss"]
    return Said(
        f"signed for {issuer} by key {statement.key_id}, which the root certified for that time",
        f"امضای {issuer} با کلید {statement.key_id} که ریشه برای آن زمان گواهی کرده است",
    )


def _read(bodies: Mapping[str, bytes], signed: Statement, read: list[Document]) -> Said:
    if MANIFEST not in bodies:
        raise Fault(*_MISSING)
    digest = sha256(bodies[MANIFEST]).hexdigest()
    if digest != signed.claims["manifest_sha256"]:
        raise Fault("it is not the one that was signed", "همان نیست که امضا شده است")
    manifest = json_object(bodies[MANIFEST])
    require_same("format", manifest["format"], FORMAT)
    require_same("citation_id", manifest["citation_id"], signed.claims["citation_id"])
    names = [name_in_bundle(manifest, each) for each in objects_of(manifest)]
    if len(set(names)) != len(names) or not all(NAME.fullmatch(name) for name in names):
        raise Fault("its names are not those of a bundle", "نام‌های آن از پرونده‌های مدرک نیست")
    read.append(manifest)
    return Said(f"the one that was signed, SHA-256 {digest}", f"همان که امضا شده، SHA-256 {digest}")


def _check_files(
    manifest: Document, bodies: Mapping[str, bytes], blamed: set[str], found: list[Finding]
) -> dict[str, bytes]:
    """Every file has its size and hash, and there is no other; the bodies of whole files."""
    whole: dict[str, bytes] = {}
    named = {name_in_bundle(manifest, each): each for each in objects_of(manifest)}
    for name, reference in named.items():
        if name not in bodies:
            if name not in blamed:
                found.append(_missing(name))
            continue
        if name in blamed:
            continue
        finding = checked(name, partial(_same_file, bodies[name], reference))
        found.append(finding)
        if finding.verdict is Verdict.HOLDS:
            whole[name] = bodies[name]
    known = {MANIFEST, STATEMENT, *named}
    found += [
        Finding(name, Verdict.BROKEN, Said("no statement names it", "در هیچ گزاره‌ای نام ندارد"))
        for name in sorted(bodies)
        if name not in known
        and not decisions.NAME.fullmatch(name)
        and not _is_stamp_of_decision(name, bodies)
    ]
    return whole


def _is_stamp_of_decision(name: str, bodies: Mapping[str, bytes]) -> bool:
    match = time_stamps.NAME.fullmatch(name)
    return match is not None and decisions.file_name(int(match[1])) in bodies


def _same_file(body: bytes, reference: Document) -> Said:
    require_same("size", len(body), reference["size_bytes"])
    require_same("SHA-256", sha256(body).hexdigest(), reference["sha256"])
    digest = reference["sha256"]
    return Said(f"{len(body)} bytes, SHA-256 {digest}", f"{len(body)} بایت، SHA-256 {digest}")


@dataclass(frozen=True, slots=True)
class _Decided:
    """The decisions that hold; `stamp` is the time-stamp of the last one, if it has one by an
    authority that is trusted."""

    decisions: decisions.Decisions
    stamp: Stamp | None


def _check_decisions(
    manifest: Document,
    signed: Statement,
    bodies: Mapping[str, bytes],
    trust: Trust,
    found: list[Finding],
) -> _Decided:
    row = decisions.Decisions(manifest, str(signed.claims["manifest_sha256"]), signed)
    stamps: dict[str, Stamp] = {}
    numbers = decisions.sequences(bodies)
    if not numbers:
        undecided = Said("none is in the bundle", "تصمیمی در این مدرک نیست")
        found.append(Finding("decision", Verdict.HOLDS, undecided))
    for place in range(1, max(numbers, default=0) + 1):
        name = decisions.file_name(place)
        if name not in bodies:
            found.append(_missing(name))
            break
        finding = checked(name, partial(row.add, bodies[name], trust))
        found.append(finding)
        if finding.verdict is not Verdict.HOLDS:
            later = [number for number in numbers if number > place]
            rest = [decisions.file_name(number) for number in later]
            rest += [time_stamps.file_name(number) for number in (place, *later)]
            found += [_not_checked(name) for name in rest if name in bodies]
            break
        stamp = time_stamps.file_name(place)
        if stamp in bodies:
            found.append(check_stamp(stamp, bodies[stamp], row.last, trust, stamps))
    return _Decided(row, stamps.get(row.last.sha256))


def _check_content(bundle: Bundle, found: list[Finding]) -> None:
    listed = {name_in_bundle(bundle.manifest, each) for each in objects_of(bundle.manifest)}
    unlisted: set[str] = set()
    entry = bundle.manifest.get("entry")
    checks = CHECKS if entry is None and not _has_entry(bundle) else CHECKS | ENTRY_CHECKS
    clips = {"clip": bundle.clip_name}
    if entry is not None:
        clips["entry clip"] = bundle.name_of(entry["clip"]["object"])
    for subject, (check, needs) in checks.items():
        names = [clips.get(name, name) for name in needs]
        for name in names:
            # The service signed a bundle without it: once a fault, then what rests on it is open.
            if name not in listed and name not in unlisted:
                unlisted.add(name)
                said = Said("the manifest does not name it", "در فهرست مدرک نیامده است")
                found.append(Finding(name, Verdict.BROKEN, said))
        if all(name in bundle.bodies for name in names):
            found.append(checked(subject, partial(check, bundle)))
        else:
            found.append(_not_checked(subject))


def _has_entry(bundle: Bundle) -> bool:
    """Whether the violation names a second camera, or has to: an average speed does."""
    try:
        violation = bundle.violation
        return violation["rule"] == RULE or violation.get("entry_passage") is not None
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return False  # the checks of the violation tell


def uncarried(bundle: Bundle) -> list[str]:
    """Subjects in which the content of whole files does not carry the citation; a check whose
    files are not among the bundle's bodies is passed over. For who is about to sign it."""
    found: list[Finding] = []
    _check_content(bundle, found)
    checks = CHECKS | ENTRY_CHECKS
    broken = (each.subject for each in found if each.verdict is Verdict.BROKEN)
    return [subject for subject in broken if subject in checks]


_MISSING = ("it is missing", "نیست")


def _missing(name: str) -> Finding:
    return Finding(name, Verdict.BROKEN, Said(*_MISSING))


def _not_checked(subject: str) -> Finding:
    said = Said("it rests on what is broken", "به چیزی وابسته است که درست نیست")
    return Finding(subject, Verdict.NOT_CHECKED, said)
