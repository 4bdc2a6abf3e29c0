"""An unpriced draft's bundle with the law that prices it now: everything else stays as it lies."""

from datetime import UTC, datetime

from payesh.contracts import ViolationDetected
from payesh.contracts.tickets import LawReference
from payesh.contracts.values import ObjectReference
from payesh.kit.objects import ObjectStore
from payesh.tickets.evidence.bundling import EVIDENCE, BundleRules
from payesh.tickets.evidence.law_basis import LawBasis
from payesh.tickets.evidence.manifest import Manifest, name_in_bundle
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.tickets.evidence.statement import Signer, of_manifest
from payesh.verify.bundle import MANIFEST, STATEMENT

LAW, VIOLATION = "law.json", "violation.json"


async def kept_violation(manifest: Manifest, store: ObjectStore) -> ViolationDetected:
    """The violation as it was received. Raises ObjectMissing, ObjectTampered, DependencyFault,
    ValueError for a bundle without one."""
    reference = _document(manifest, VIOLATION)
    if reference is None:
        raise ValueError(f"the bundle has no {VIOLATION}")
    return ViolationDetected.from_json(await store.get(reference))


async def kept_manifest(record: EvidenceRecord, store: ObjectStore) -> Manifest:
    """Raises ObjectMissing, ObjectTampered, DependencyFault, ValueError for one of another form."""
    return Manifest.model_validate_json(await store.get(record.manifest))


async def repriced(
    record: EvidenceRecord,
    manifest: Manifest,
    law: LawReference,
    basis: LawBasis,
    *,
    store: ObjectStore,
    rules: BundleRules,
    signer: Signer | None,
) -> EvidenceRecord:
    """Store the law's rows and a manifest over them, signed, as new versions under the bundle's
    lock; the ones before stay beside them. Raises DependencyFault."""
    retain_until = record.retained_until or datetime.now(UTC) + rules.retention

    async def keep(name: str, body: bytes, media_type: str) -> ObjectReference:
        key = f"{manifest.citation_id}/{name}"
        return await store.put(
            EVIDENCE, key, body, media_type=media_type, retain_until=retain_until
        )

    kept = await keep(LAW, basis.to_json().encode(), "application/json")
    before = _document(manifest, LAW)
    others = tuple(each for each in manifest.documents if each != before)
    changed = manifest.model_copy(
        update={
            "law": law,
            "documents": (*others, kept),
            "built_at": datetime.now(UTC),
            "software_version": rules.software_version,
        }
    )
    body = changed.to_json()
    statement = None
    if signer is not None:
        signed = signer.sign(of_manifest(manifest.citation_id, manifest.violation_id, body))
        statement = await keep(STATEMENT, signed.encode(), "application/jose")
    return record.model_copy(
        update={
            "manifest": await keep(MANIFEST, body, "application/json"),
            "statement": statement,
            "others": changed.documents,
        }
    )


def _document(manifest: Manifest, name: str) -> ObjectReference | None:
    return next(
        (each for each in manifest.documents if name_in_bundle(manifest.citation_id, each) == name),
        None,
    )
