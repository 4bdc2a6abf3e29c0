"""Verifying an exported evidence folder offline: no network, no database, no settings.

What it proves, and what it cannot without a signature, is in docs/evidence.md.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import ClockSource, MeasuredQuantity, ObjectReference, format_utc
from payesh.contracts.vocabulary import ReadOutcome
from payesh.tickets.adapters.law_basis import LawBasis, basis_of, jalali_text
from payesh.tickets.domain.clip import last_run
from payesh.tickets.domain.law import SPEEDING, LawTable, Price
from payesh.tickets.errors import EvidenceBroken
from payesh.tickets.evidence.chain_check import check_links
from payesh.tickets.evidence.manifest import Manifest, name_in_bundle
from payesh.tickets.handlers.joining import citation_id_of
from payesh.tickets.jalali import jalali_day

_MANIFEST, _CITATION = "manifest.json", "citation.json"
# Names come from the manifest, which may be forged: none may lead out of the folder.
_NAME = re.compile(r"([a-z]+/)?[a-z0-9]+\.[a-z0-9]+")
_TURNING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_ROUNDED_KMH = 0.002
"""Value, bound and uncertainty are each rounded to three decimals."""

_CLOCK_STEP = timedelta(seconds=0.5)
"""Frames are timed by the stream's own timeline; `detect` lets it leave the segments' clock so far
before it begins anew."""

_Document = TypeVar("_Document", bound=BaseModel)


class Verdict(StrEnum):
    HOLDS = "holds"
    BROKEN = "BROKEN"
    NOT_COVERED = "not covered"


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, its verdict, and the figures or the fault."""

    subject: str
    verdict: Verdict
    says: str

    def line(self) -> str:
        """One line, whatever a forged bundle says: its text can neither end it nor turn it."""
        return _TURNING.sub("?", f"{self.verdict:<11}  {self.subject:<14}  {self.says}")


class _Fault(ValueError):
    """A check does not hold; the text says why."""


def verify_folder(folder: Path, law: LawTable | None = None) -> list[Finding]:
    """Every check over one exported bundle, in order. With `law`, the published table, the rows
    in `law.json` must also be the ones it prices this case with."""
    try:
        body = (folder / _MANIFEST).read_bytes()
        manifest = Manifest.model_validate_json(body)
    except OSError:
        return [Finding(_MANIFEST, Verdict.BROKEN, "it is missing")]
    except ValidationError as error:
        return [Finding(_MANIFEST, Verdict.BROKEN, f"malformed: {_first(error)}")]
    digest = sha256(body).hexdigest()
    bundle = _Bundle(folder, manifest, digest, law)
    findings = [Finding(_MANIFEST, Verdict.HOLDS, f"read; its own SHA-256 is {digest}")]
    findings += [bundle.keep(reference) for reference in manifest.objects]
    findings += [_looked(subject, partial(look, bundle)) for subject, look in _CHECKS]
    if (folder / _CITATION).is_file():
        findings.append(_looked(_CITATION, partial(_citation, bundle)))
    known = {_MANIFEST, _CITATION, *bundle.names}
    findings += [
        Finding(name, Verdict.NOT_COVERED, "the manifest does not name it")
        for name in sorted(_files(folder))
        if name not in known
    ]
    return findings


def holds(findings: list[Finding]) -> bool:
    return all(finding.verdict is not Verdict.BROKEN for finding in findings)


class _Bundle:
    """The folder's files as far as the manifest names them, read once."""

    def __init__(
        self, folder: Path, manifest: Manifest, manifest_sha256: str, law: LawTable | None
    ) -> None:
        self.manifest = manifest
        self.manifest_sha256 = manifest_sha256
        self.law = law
        self.names: set[str] = set()
        self.path = folder
        self._bodies: dict[str, bytes] = {}

    def keep(self, reference: ObjectReference) -> Finding:
        """Read an object; its size and SHA-256 must be the manifest's."""
        _, _, name = reference.key.partition("/")
        return _looked(name or reference.key, partial(self._read, reference))

    def body(self, name: str) -> bytes:
        if name not in self.names:
            raise _Fault(f"the manifest does not name {name}")
        if name not in self._bodies:
            raise _Fault(f"{name} is missing")
        return self._bodies[name]

    def document(self, name: str, model: type[_Document]) -> _Document:
        try:
            return model.model_validate_json(self.body(name))
        except ValidationError as error:
            raise _Fault(f"{name} is malformed: {_first(error)}") from error

    @property
    def violation(self) -> ViolationDetected:
        return self.document("violation.json", ViolationDetected)

    @property
    def read(self) -> PlateRead:
        return self.document("read.json", PlateRead)

    @property
    def revision(self) -> CameraRevision:
        return self.document("revision.json", CameraRevision)

    @property
    def basis(self) -> LawBasis:
        return self.document("law.json", LawBasis)

    def _read(self, reference: ObjectReference) -> str:
        name = name_in_bundle(self.manifest.citation_id, reference)
        if not _NAME.fullmatch(name):
            raise _Fault("not a name of a bundle's file")
        if name in self.names:
            raise _Fault("the manifest names it twice")
        self.names.add(name)
        try:
            body = self._bodies[name] = (self.path / name).read_bytes()
        except OSError as error:
            raise _Fault("it is missing") from error
        _same("size", len(body), reference.size_bytes)
        _same("SHA-256", sha256(body).hexdigest(), reference.sha256)
        return f"{len(body)} bytes, SHA-256 {reference.sha256}"


def _ids(bundle: _Bundle) -> str:
    manifest, violation, read = bundle.manifest, bundle.violation, bundle.read
    _same("violation_id", violation.violation_id, manifest.violation_id)
    _same("passage_id", violation.passage_id, manifest.passage_id)
    _same("the read's passage_id", read.passage_id, manifest.passage_id)
    _same("the read's camera_id", read.camera_id, violation.camera_id)
    _same("citation_id", manifest.citation_id, citation_id_of(violation.violation_id))
    _same("models of detect", violation.provenance, manifest.models.detect)
    _same("models of plates", read.provenance, manifest.models.plates)
    return f"citation {manifest.citation_id} of violation {manifest.violation_id}"


def _revision(bundle: _Bundle) -> str:
    manifest, violation, revision = bundle.manifest, bundle.violation, bundle.revision
    _same("revision", manifest.revision, violation.revision)
    _same("SHA-256", sha256(bundle.body("revision.json")).hexdigest(), violation.revision.sha256)
    _same("number", revision.revision, violation.revision.revision)
    for field in ("camera_id", "county", "road_class", "place_class"):
        _same(field, getattr(revision, field), getattr(violation, field))
    return f"{revision.camera_id}, revision {revision.revision}, the one the violation names"


def _chain(bundle: _Bundle) -> str:
    chain, violation = bundle.manifest.chain, bundle.violation
    _same("revision_sha256", chain.revision_sha256, violation.revision.sha256)
    if chain.links != violation.segments:
        raise _Fault("its links are not the violation's segments")
    try:
        check_links(chain.links, chain.revision_sha256)
    except EvidenceBroken as error:
        raise _Fault(error.reason) from error
    last = chain.links[-1]
    return f"{len(chain.links)} links recomputed; the last is {last.link_sha256}"


def _clip(bundle: _Bundle) -> str:
    manifest = bundle.manifest
    clip, links = manifest.clip, manifest.chain.links
    body = bundle.body(name_in_bundle(manifest.citation_id, clip.object))
    if clip.segments_left_out >= len(links):
        raise _Fault("it leaves out every segment")
    run = links[clip.segments_left_out :]
    unbroken = last_run(
        run,
        stream_and_init=lambda link: (link.stream_id, link.init and link.init.sha256),
        sequence=lambda link: link.sequence,
    )
    if len(unbroken) != len(run):
        raise _Fault("its segments do not follow one another")
    init = run[-1].init
    parts = [("media", link.sequence, link.media) for link in run]
    expected = parts if init is None else [("init", None, init), *parts]
    if [(part.part, part.sequence, part.source) for part in clip.parts] != expected:
        raise _Fault("its parts are not the init and the media of the chain's last links")
    offset = 0
    for part in clip.parts:
        _same("start of a part", part.offset_bytes, offset)
        offset += part.size_bytes
        digest = sha256(body[part.offset_bytes : offset]).hexdigest()
        name = part.part if part.sequence is None else f"{part.part} {part.sequence}"
        _same(f"SHA-256 of {name}", digest, part.source.sha256)
    _same("size of all parts", offset, len(body))
    return f"{len(clip.parts)} parts, byte for byte those of the chain, nothing between them"


def _shots(bundle: _Bundle) -> str:
    shots = bundle.manifest.shots
    if tuple(shot.taken for shot in shots) != bundle.violation.shots:
        raise _Fault("they are not the violation's shots")
    for number, shot in enumerate(shots):
        _same(f"SHA-256 of shot {number}", shot.object.sha256, shot.taken.crop.sha256)
    return f"{len(shots)} pictures, the ones the violation names"


def _plate(bundle: _Bundle) -> str:
    read = bundle.read
    if read.outcome != ReadOutcome.READ or read.plate is None:
        raise _Fault("the read has no plate")
    _same("plate", bundle.manifest.plate, read.plate)
    return f"{read.plate.text}, read with confidence {read.confidence:.3f}"


def _clock(bundle: _Bundle) -> str:
    manifest, violation, revision = bundle.manifest, bundle.violation, bundle.revision
    _same("captured_at", manifest.captured_at, violation.captured_at)
    _same("clock_source", manifest.clock_source, violation.clock_source)
    _same("clock_u95_ms", manifest.clock_u95_ms, violation.clock_u95_ms)
    if violation.clock_source is ClockSource.UNVERIFIED:
        raise _Fault("it was not verified")
    if violation.clock_u95_ms > revision.maximum_clock_u95_ms:
        raise _Fault(
            f"± {violation.clock_u95_ms} ms is above the revision's {revision.maximum_clock_u95_ms}"
        )
    within = _CLOCK_STEP + timedelta(milliseconds=violation.clock_u95_ms)
    links = violation.segments
    first = min(link.captured_at for link in links)
    last = max(link.captured_at + timedelta(milliseconds=link.duration_ms) for link in links)
    if not first - within <= violation.captured_at <= last + within:
        raise _Fault("the moment lies outside of the segments")
    moment = format_utc(violation.captured_at)
    return f"{moment} by {violation.clock_source}, ± {violation.clock_u95_ms} ms"


def _certificate(bundle: _Bundle) -> str:
    violation = bundle.violation
    certificate = violation.certificate
    if certificate is None:
        raise _Fault("there is none")
    _same("the manifest's", bundle.manifest.certificate, certificate)
    _same("the revision's", bundle.revision.certificate, certificate)
    if not certificate.valid_from <= violation.captured_at <= certificate.valid_to:
        raise _Fault("it was not in date at capture")
    return f"{certificate.number} by {certificate.issued_by}, in date at capture"


def _measurement(bundle: _Bundle) -> str:
    violation = bundle.violation
    measured = violation.measurement
    _same("measurement", bundle.manifest.measurement, measured)
    if not isinstance(measured, MeasuredQuantity):
        if violation.rule == SPEEDING or not measured.margin.lower_bound > 0:
            raise _Fault("it supports no violation of this rule")
        return f"{measured.margin.quantity}: {measured.margin.lower_bound} beyond the rule"
    if abs(measured.value - measured.u95 - measured.lower_bound) > _ROUNDED_KMH:
        raise _Fault(f"{measured.value} - {measured.u95} is not {measured.lower_bound}")
    if violation.rule != SPEEDING:
        return f"{measured.quantity} {measured.value} ± {measured.u95}"
    _same("limit", measured.limit, bundle.revision.speed_limit_kmh)
    tolerance = bundle.basis.as_table().tolerance_kmh(jalali_day(violation.captured_at))
    if not measured.lower_bound - measured.limit > tolerance:
        raise _Fault(
            f"{measured.lower_bound} km/h is not above {measured.limit} + {tolerance} km/h"
        )
    return (
        f"{measured.value} - {measured.u95} = {measured.lower_bound} km/h, "
        f"above {measured.limit} + {tolerance}"
    )


def _law(bundle: _Bundle) -> str:
    manifest, basis = bundle.manifest, bundle.basis
    day = jalali_day(bundle.violation.captured_at)
    _same("table", basis.table, manifest.law.table)
    _same("table_sha256", basis.table_sha256, manifest.law.table_sha256)
    _same("day", basis.captured_on, jalali_text(day))
    if basis.tolerance is not None and basis.as_table().tolerance(day) is None:
        raise _Fault("its tolerance was not in force at capture")
    price = _price(basis.as_table(), bundle.violation)
    if price is None:
        raise _Fault("its rows do not fit this case")
    _same("offence_code", price.offence.code, manifest.law.offence_code)
    _same("decree", price.decree, manifest.law.decree)
    _same("amount_rial", price.amount_rial, manifest.law.amount_rial)
    amount = "no amount" if price.amount_rial is None else f"{price.amount_rial} rial"
    if bundle.law is None:
        return f"{amount} for {price.offence.code}, by a row of {basis.table}"
    _same("SHA-256 of the table", bundle.law.sha256, basis.table_sha256)
    published = _price(bundle.law, bundle.violation)
    if published is None or basis_of(bundle.law, published, day) != basis:
        raise _Fault("the published table prices this case with other rows")
    return f"{amount} for {price.offence.code}, as the published {basis.table} says"


def _price(table: LawTable, violation: ViolationDetected) -> Price | None:
    measured = violation.measurement
    excess_kmh = 0.0
    if violation.rule == SPEEDING and isinstance(measured, MeasuredQuantity):
        excess_kmh = measured.lower_bound - measured.limit
    return table.price(
        violation.rule,
        excess_kmh,
        day=jalali_day(violation.captured_at),
        place_class=violation.place_class,
        vehicle_class=violation.vehicle.vehicle_class,
    )


def _citation(bundle: _Bundle) -> str:
    """The service's own word, beside the bundle: it must speak of this manifest."""
    manifest = bundle.manifest
    try:
        said = json.loads((bundle.path / _CITATION).read_bytes())
        evidence = said["evidence"]
        _same("citation_id", said["citation_id"], str(manifest.citation_id))
        _same("manifest_sha256", evidence["manifest_sha256"], bundle.manifest_sha256)
        _same("clip_sha256", evidence["clip_sha256"], manifest.clip.object.sha256)
        _same("plate", said["plate"]["text"], manifest.plate and manifest.plate.text)
        _same("law", said["law"], manifest.law.model_dump(mode="json"))
        _same("measurement", said["measurement"], manifest.measurement.model_dump(mode="json"))
    except (KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _Fault("malformed") from error
    return f"it names this manifest; its state is {said.get('state')}"


_CHECKS: tuple[tuple[str, Callable[[_Bundle], str]], ...] = (
    ("ids", _ids),
    ("revision", _revision),
    ("chain", _chain),
    ("clip", _clip),
    ("shots", _shots),
    ("plate", _plate),
    ("clock", _clock),
    ("certificate", _certificate),
    ("measurement", _measurement),
    ("law", _law),
)


def _looked(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, Verdict.HOLDS, look())
    except (ValueError, OverflowError) as fault:  # the latter from a moment at the end of time
        return Finding(subject, Verdict.BROKEN, str(fault))


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise _Fault(f"{what} is {found}, not {expected}")


def _first(error: ValidationError) -> str:
    detail = error.errors()[0]
    place = ".".join(str(part) for part in detail["loc"])
    return f"{place}: {detail['msg']}" if place else detail["msg"]


def _files(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
