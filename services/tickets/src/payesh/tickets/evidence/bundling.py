"""Building the evidence bundle of one citation: fetch, verify, cut without re-encoding, lock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from payesh.contracts.values import ObjectReference
from payesh.kit.objects import ObjectStore
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.evidence.camera_evidence import Seen, Stored, gather, keep_all, together
from payesh.tickets.evidence.joined_case import JoinedCase
from payesh.tickets.evidence.known_objects import KnownObjects
from payesh.tickets.evidence.manifest import Manifest, ManifestEntry, ManifestModels
from payesh.tickets.evidence.plate_place import plate_at
from payesh.tickets.evidence.record import EntryRecord, EvidenceRecord
from payesh.tickets.evidence.statement import Signer, of_manifest
from payesh.tickets.evidence.stretch_check import check_stretch
from payesh.verify.bundle import MANIFEST, STATEMENT

EVIDENCE = "evidence"
REVISION, READ = "revision.json", "read.json"
ENTRY = "entry/"
"""Folder of what the camera saw where a stretch begins."""


Examine = Callable[[bytes, Mapping[str, bytes]], None]
"""Looks at a manifest and its documents by name, before the manifest is signed; raises what it
refuses them with."""


@dataclass(frozen=True, slots=True)
class BundleRules:
    """How evidence is kept, each camera's clip up to `maximum_clip_bytes`; `software_version` goes
    into the manifest."""

    retention: timedelta
    maximum_clip_bytes: int
    software_version: str


async def build_bundle(
    case: JoinedCase,
    store: ObjectStore,
    rules: BundleRules,
    signer: Signer | None = None,
    *,
    known: KnownObjects | None = None,
    examine: Examine | None = None,
) -> EvidenceRecord | Rejection:
    """Store the bundle under COMPLIANCE lock; where it lies, or why there can be none.

    Without a `signer` the manifest is not signed. `known` are objects that other bundles were made
    of; `examine` is called before anything is signed. Raises ObjectMissing, ObjectTampered,
    EvidenceBroken (the evidence does not hold) and DependencyFault (try again, nothing is lost).
    Running it twice stores new versions only.
    """
    violation, entry = case.violation, case.violation.entry_passage
    both: list[Seen] = [violation] if entry is None else [violation, entry]
    known = known or KnownObjects(store)
    gathered = await together(
        [gather(each, store, known, maximum_clip_bytes=rules.maximum_clip_bytes) for each in both]
    )
    if not all(each.is_clock_bounded for each in gathered):
        return Rejection.CLOCK_UNVERIFIED
    check_stretch(violation, gathered)
    retain_until = datetime.now(UTC) + rules.retention

    async def keep(name: str, body: bytes, media_type: str) -> ObjectReference:
        key = f"{case.citation_id}/{name}"
        return await store.put(
            EVIDENCE, key, body, media_type=media_type, retain_until=retain_until
        )

    documents = {
        REVISION: gathered[0].revision_body,
        "violation.json": violation.to_json(),
        READ: case.read.to_json(),
    }
    if case.law_basis is not None:
        documents["law.json"] = case.law_basis.encode()
    keeping = [keep_all(gathered[0], documents, keep)]
    of_entry = {}
    if case.entry_read is not None:
        of_entry = {REVISION: gathered[1].revision_body, READ: case.entry_read.to_json()}
        keeping.append(keep_all(gathered[1], of_entry, keep, folder=ENTRY, shots=ENTRY))
    stored, *entries = await together(keeping)
    begun = entries[0] if entries else None
    manifest = _manifest(case, rules, stored, begun, retain_until)
    body = manifest.to_json()
    if examine is not None:
        examine(body, documents | {ENTRY + name: each for name, each in of_entry.items()})
    last = [keep(MANIFEST, body, "application/json")]
    if signer is not None:
        signed = signer.sign(of_manifest(case.citation_id, violation.violation_id, body))
        last.append(keep(STATEMENT, signed.encode(), "application/jose"))
    manifest_kept, *statements = await together(last)
    revision = stored.gathered.revision
    return EvidenceRecord(
        manifest=manifest_kept,
        statement=statements[0] if statements else None,
        clip=stored.clip,
        shots=stored.shots,
        others=stored.documents,
        viewing_copy=None,
        codec=stored.gathered.clip.codec,
        duration_ms=stored.gathered.clip.duration_ms,
        place_name=revision.name,
        latitude=revision.location.latitude,
        longitude=revision.location.longitude,
        revision=revision.revision,
        links_checked=len(violation.segments),
        retained_until=retain_until,
        entry=None if begun is None else _entry_record(case, begun),
        second_opinion=case.read.second_opinion,
    )


def _manifest(
    case: JoinedCase,
    rules: BundleRules,
    stored: Stored,
    begun: Stored | None,
    retain_until: datetime,
) -> Manifest:
    violation, read = case.violation, case.read
    return Manifest(
        format="payesh-evidence-manifest-v1",
        citation_id=case.citation_id,
        violation_id=violation.violation_id,
        passage_id=violation.passage_id,
        software_version=rules.software_version,
        built_at=datetime.now(UTC),
        retained_until=retain_until,
        captured_at=violation.captured_at,
        clock_source=violation.clock_source,
        clock_u95_ms=violation.clock_u95_ms,
        measurement=violation.measurement,
        certificate=violation.certificate,
        law=case.law,
        revision=violation.revision,
        plate=read.plate,
        chain=stored.manifest_chain,
        clip=stored.manifest_clip,
        shots=stored.manifest_shots,
        documents=stored.documents,
        models=ManifestModels(detect=violation.provenance, plates=read.provenance),
        track=violation.track,
        plate_at=plate_at(violation.shots, read),
        entry=None if begun is None else _manifest_entry(case, begun),
        second_opinion=read.second_opinion,
    )


def _manifest_entry(case: JoinedCase, begun: Stored) -> ManifestEntry:
    entry, read = case.violation.entry_passage, case.entry_read
    assert entry is not None and read is not None  # noqa: S101 - `begun` was stored of them
    return ManifestEntry(
        passage_id=entry.passage_id,
        captured_at=entry.captured_at,
        clock_source=entry.clock_source,
        clock_u95_ms=entry.clock_u95_ms,
        certificate=entry.certificate,
        revision=entry.revision,
        plate=read.plate,
        chain=begun.manifest_chain,
        clip=begun.manifest_clip,
        shots=begun.manifest_shots,
        documents=begun.documents,
        plate_at=plate_at(entry.shots, read),
        second_opinion=read.second_opinion,
    )


def _entry_record(case: JoinedCase, begun: Stored) -> EntryRecord:
    entry, driven, read = case.violation.entry_passage, case.violation.driven, case.entry_read
    assert entry is not None and read is not None and driven is not None  # noqa: S101 - as above
    revision = begun.gathered.revision
    return EntryRecord(
        clip=begun.clip,
        shots=begun.shots,
        others=begun.documents,
        codec=begun.gathered.clip.codec,
        duration_ms=begun.gathered.clip.duration_ms,
        place_name=revision.name,
        camera_id=entry.camera_id,
        revision=revision.revision,
        links_checked=len(entry.segments),
        clock_source=entry.clock_source,
        clock_u95_ms=entry.clock_u95_ms,
        read_confidence=read.confidence,
        driven=driven,
        second_opinion=read.second_opinion,
    )
