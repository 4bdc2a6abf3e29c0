"""Masked copies of the evidence, made once and behind: an owner never sees the original."""

import asyncio
from datetime import timedelta

import structlog

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.values import ObjectReference
from payesh.tickets.adapters import citations, owner_copies
from payesh.tickets.adapters.owner_copies import Copies, MaskedPicture
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.evidence.bundling import EVIDENCE
from payesh.tickets.evidence.manifest import Manifest, name_in_bundle
from payesh.tickets.evidence.masked_clip import masked_clip
from payesh.tickets.evidence.masking import Picture, pictures_for_owner
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.tickets.handlers.noticing import owners_pictures

log = structlog.get_logger(__name__)

_LEASE = timedelta(minutes=2)
_MOST_CLIP = 512 * 1024 * 1024


async def make_copies(dependencies: Dependencies) -> None:
    """Make the copies that are wanted, one after another: each takes a core for seconds."""
    while True:
        async with dependencies.database.transaction() as session:
            citation_id = await owner_copies.take(session, lease=_LEASE)
            if citation_id is None:
                return
            citation = await citations.find(session, citation_id)
        if citation is None or citation.evidence is None:
            continue
        copies = await _copies(dependencies, citation, citation.evidence)
        async with dependencies.database.transaction() as session:
            await owner_copies.keep(session, citation_id, copies)


async def _copies(
    dependencies: Dependencies, citation: StoredCitation, evidence: EvidenceRecord
) -> Copies:
    folder = f"{citation.citation_id}/owner"
    pictures = [
        *await owners_pictures(dependencies, citation.citation_id, evidence),
        *await _entry_picture(dependencies, citation, evidence),
    ]
    kept = []
    for number, picture in enumerate(pictures):
        key = f"{folder}/{number}.jpg"
        stored = await _put(dependencies, citation, key, picture.body, "image/jpeg")
        kept.append(MaskedPicture(picture.shows, stored))
    return Copies(tuple(kept), await _clip(dependencies, citation, evidence, f"{folder}/clip.mp4"))


async def _entry_picture(
    dependencies: Dependencies, citation: StoredCitation, evidence: EvidenceRecord
) -> tuple[Picture, ...]:
    """Of an average speed: the vehicle where the stretch begins."""
    if evidence.entry is None or not evidence.entry.shots:
        return ()
    seen = await _document(dependencies, citation, evidence.others, "violation.json")
    read = await _document(dependencies, citation, evidence.entry.others, "entry/read.json")
    passage = None if seen is None else ViolationDetected.from_json(seen).entry_passage
    if passage is None or read is None or not passage.shots:
        return ()
    shot, at = passage.shots[0], PlateRead.from_json(read).shot
    named = at is not None and at.crop.sha256 == shot.crop.sha256
    plate = at.plate_box if named and at is not None else None
    body = await dependencies.store.get(evidence.entry.shots[0])
    made = await asyncio.to_thread(pictures_for_owner, body, shot, plate)
    return tuple(Picture(f"entry_{each.shows}", each.body) for each in made)


async def _clip(
    dependencies: Dependencies, citation: StoredCitation, evidence: EvidenceRecord, key: str
) -> ObjectReference | None:
    """None where it cannot be masked: then no clip is shown."""
    manifest = Manifest.model_validate_json(await dependencies.store.get(evidence.manifest))
    if manifest.track is None or not evidence.clip.media_type.startswith("video/"):
        return None
    links = manifest.chain.links[manifest.clip.segments_left_out :]
    try:
        body = await dependencies.store.get(evidence.clip, limit_bytes=_MOST_CLIP)
        made = await asyncio.to_thread(masked_clip, body, links, manifest.track.boxes)
    except ValueError as error:
        log.warning("clip not masked", citation=str(citation.citation_id), reason=str(error))
        return None
    return await _put(dependencies, citation, key, made, "video/mp4")


async def _put(
    dependencies: Dependencies,
    citation: StoredCitation,
    key: str,
    body: bytes,
    media_type: str,
) -> ObjectReference:
    return await dependencies.store.put(EVIDENCE, key, body, media_type=media_type)


async def _document(
    dependencies: Dependencies,
    citation: StoredCitation,
    others: tuple[ObjectReference, ...],
    name: str,
) -> bytes | None:
    for reference in others:
        if name_in_bundle(citation.citation_id, reference) == name:
            return await dependencies.store.get(reference)
    return None
