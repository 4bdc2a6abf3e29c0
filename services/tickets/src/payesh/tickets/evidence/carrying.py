"""Whether a bundle's content carries its citation, before a person is shown it."""

import asyncio

from payesh.kit.objects import ObjectStore
from payesh.tickets.errors import EvidenceBroken
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.verify.bundle import Bundle
from payesh.verify.documents import json_object
from payesh.verify.report import uncarried


async def require_carrying(record: EvidenceRecord, store: ObjectStore) -> None:
    """Hold the stored manifest and documents to what `payesh-verify` holds them to: what it would
    refuse in court is drafted for nobody. The clip was cut and hashed as the bundle was built, and
    is not fetched again.

    Raises EvidenceBroken with the subjects that do not hold and nothing of their content,
    ObjectMissing, ObjectTampered, DependencyFault.
    """
    manifest = await store.get(record.manifest)
    references = (*record.others, *(record.entry.others if record.entry is not None else ()))
    documents = await asyncio.gather(*(store.get(each) for each in references))
    names = (each.key.partition("/")[2] for each in references)
    bodies = dict(zip(names, documents, strict=True))
    found = uncarried(Bundle(json_object(manifest), record.manifest.sha256, bodies))
    if found:
        raise EvidenceBroken(f"it does not carry the citation: {', '.join(found)}", retry=False)
