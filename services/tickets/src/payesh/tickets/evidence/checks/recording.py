"""Are chain, clip, shots and plate what the violation and its read name, byte for byte?"""

from hashlib import sha256

from payesh.contracts.vocabulary import ReadOutcome
from payesh.tickets.errors import EvidenceBroken
from payesh.tickets.evidence.chain_check import check_links
from payesh.tickets.evidence.checks.finding import Fault, require_same
from payesh.tickets.evidence.checks.folder import BundleFolder
from payesh.tickets.evidence.cutting import unbroken_run
from payesh.tickets.evidence.manifest import name_in_bundle


def check_chain(folder: BundleFolder) -> str:
    chain, violation = folder.manifest.chain, folder.violation
    require_same("revision_sha256", chain.revision_sha256, violation.revision.sha256)
    if chain.links != violation.segments:
        raise Fault("its links are not the violation's segments")
    try:
        check_links(chain.links, chain.revision_sha256)
    except EvidenceBroken as error:
        raise Fault(error.reason) from error
    last = chain.links[-1]
    return f"{len(chain.links)} links recomputed; the last is {last.link_sha256}"


def check_clip(folder: BundleFolder) -> str:
    manifest = folder.manifest
    clip, links = manifest.clip, manifest.chain.links
    body = folder.body(name_in_bundle(manifest.citation_id, clip.object))
    if clip.segments_left_out >= len(links):
        raise Fault("it leaves out every segment")
    run = links[clip.segments_left_out :]
    if len(unbroken_run(run)) != len(run):
        raise Fault("its segments do not follow one another")
    init = run[-1].init
    parts = [("media", link.sequence, link.media) for link in run]
    expected = parts if init is None else [("init", None, init), *parts]
    if [(part.part, part.sequence, part.source) for part in clip.parts] != expected:
        raise Fault("its parts are not the init and the media of the chain's last links")
    offset = 0
    for part in clip.parts:
        require_same("start of a part", part.offset_bytes, offset)
        offset += part.size_bytes
        digest = sha256(body[part.offset_bytes : offset]).hexdigest()
        name = part.part if part.sequence is None else f"{part.part} {part.sequence}"
        require_same(f"SHA-256 of {name}", digest, part.source.sha256)
    require_same("size of all parts", offset, len(body))
    return f"{len(clip.parts)} parts, byte for byte those of the chain, nothing between them"


def check_shots(folder: BundleFolder) -> str:
    shots = folder.manifest.shots
    if tuple(shot.taken for shot in shots) != folder.violation.shots:
        raise Fault("they are not the violation's shots")
    for number, shot in enumerate(shots):
        require_same(f"SHA-256 of shot {number}", shot.object.sha256, shot.taken.crop.sha256)
    return f"{len(shots)} pictures, the ones the violation names"


def check_plate(folder: BundleFolder) -> str:
    read = folder.read
    if read.outcome != ReadOutcome.READ or read.plate is None:
        raise Fault("the read has no plate")
    require_same("plate", folder.manifest.plate, read.plate)
    return f"{read.plate.text}, read with confidence {read.confidence:.3f}"
