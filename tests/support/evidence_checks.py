"""Invariants of recorded evidence, which hold whatever process was killed."""

import hashlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import av
from minio import Minio

from payesh.contracts import (
    CitationDrafted,
    CitationRejected,
    GapRecorded,
    PassageObserved,
    PlateRead,
    SegmentStored,
    ViolationDetected,
)
from payesh.contracts.chain import link_sha256
from payesh.contracts.values import ObjectReference, SegmentLink
from payesh.local.bus_tap import BusTap

# Frames of 25 a second: what lies between two streams is at most two frames wide unless lost.
SEAM = timedelta(milliseconds=120)


def streams(segments: Sequence[SegmentStored]) -> dict[UUID, list[SegmentStored]]:
    """Segments of each stream in order."""
    found: dict[UUID, list[SegmentStored]] = defaultdict(list)
    for segment in sorted(segments, key=lambda each: each.sequence):
        found[segment.stream_id].append(segment)
    return found


def check_chains(segments: Sequence[SegmentStored]) -> None:
    """Each stream is gapless from 0, and each link recomputes and names the one before."""
    for stream_id, own in streams(segments).items():
        assert [s.sequence for s in own] == list(range(len(own))), f"{stream_id} has holes"
        for before, segment in zip([None, *own], own, strict=False):
            if before is not None:
                assert segment.previous_link_sha256 == before.link_sha256
                assert segment.init == before.init, "one init a stream"
            recomputed = link_sha256(
                previous_link_sha256=segment.previous_link_sha256,
                stream_id=segment.stream_id,
                sequence=segment.sequence,
                captured_at=segment.captured_at,
                duration_ms=segment.duration_ms,
                init_sha256=segment.init.sha256,
                media_sha256=segment.media.sha256,
                revision_sha256=segment.revision.sha256,
                fencing_token=segment.fencing_token,
            )
            assert recomputed == segment.link_sha256


def check_objects(segments: Sequence[SegmentStored], store: Minio) -> None:
    """Every fragment is in the store with the size and hash of its event."""
    for segment in segments:
        for reference in (segment.init, segment.media):
            fetch(reference, store)


def fetch(reference: ObjectReference, store: Minio) -> bytes:
    """The object, which must have the size and hash of the reference."""
    response = store.get_object(
        reference.bucket, reference.key, version_id=reference.version_id or None
    )
    try:
        content = bytes(response.read())
    finally:
        response.close()
        response.release_conn()
    assert len(content) == reference.size_bytes
    assert hashlib.sha256(content).hexdigest() == reference.sha256
    return content


def check_bundle(draft: CitationDrafted, store: Minio) -> None:
    """A draft's evidence holds by itself: from its manifest every hash and every link recomputes,
    and the clip is nothing but the chained fragments."""
    manifest = json.loads(fetch(draft.manifest, store))
    assert manifest["violation_id"] == str(draft.violation_id)
    chain = manifest["chain"]
    links = [SegmentLink.model_validate_json(json.dumps(link)) for link in chain["links"]]
    assert links, "a draft rests on at least one segment"
    for before, link in zip([None, *links], links, strict=False):
        assert link.init is not None
        if before is not None:
            assert link.previous_link_sha256 == before.link_sha256
        assert link.link_sha256 == link_sha256(
            previous_link_sha256=link.previous_link_sha256,
            stream_id=link.stream_id,
            sequence=link.sequence,
            captured_at=link.captured_at,
            duration_ms=link.duration_ms,
            init_sha256=link.init.sha256,
            media_sha256=link.media.sha256,
            revision_sha256=chain["revision_sha256"],
            fencing_token=link.fencing_token,
        )
    clip, reached = fetch(draft.clip, store), 0
    for part in manifest["clip"]["parts"]:
        assert part["offset_bytes"] == reached
        reached += part["size_bytes"]
        content = clip[part["offset_bytes"] : reached]
        assert hashlib.sha256(content).hexdigest() == part["sha256"]
    assert reached == len(clip)
    chained = [link.init.sha256 for link in links[-1:] if link.init]
    chained += [link.media.sha256 for link in links]
    assert [part["sha256"] for part in manifest["clip"]["parts"]] == chained
    kept = [manifest["clip"]["object"], *manifest["documents"]]
    kept += [shot["object"] for shot in manifest["shots"]]
    for document in kept:
        fetch(ObjectReference.model_validate(document), store)
    with av.open(io.BytesIO(clip), "r") as container:
        frames = len([packet for packet in container.demux(video=0) if packet.size])
    assert frames > 0, "the clip plays"


def unexplained(
    segments: Sequence[SegmentStored], gaps: Sequence[GapRecorded]
) -> list[tuple[datetime, datetime]]:
    """Spans between the first and the last stored frame that lie in no segment and no gap."""
    spans = [
        (s.captured_at, s.captured_at + timedelta(milliseconds=s.duration_ms)) for s in segments
    ]
    spans += [(gap.started_at, gap.ended_at) for gap in gaps]
    spans.sort()
    holes = []
    reached = spans[0][1]
    for start, end in spans[1:]:
        if start - reached > SEAM:
            holes.append((reached, start))
        reached = max(reached, end)
    return holes


def lost(segments: Sequence[SegmentStored]) -> timedelta:
    """Time between the first and the last stored frame that no segment holds."""
    spans = sorted(
        (s.captured_at, s.captured_at + timedelta(milliseconds=s.duration_ms)) for s in segments
    )
    total, reached = timedelta(0), spans[0][1]
    for start, end in spans[1:]:
        if start - reached > SEAM:
            total += start - reached
        reached = max(reached, end)
    return total


def check_one_of_each(tap: BusTap) -> None:
    """One read for each passage and one citation for each violation, despite repeated delivery."""
    passages = {p.passage_id for p in tap.events(PassageObserved)}
    reads = Counter(read.passage_id for read in tap.events(PlateRead))
    assert set(reads) == passages
    assert set(reads.values()) <= {1}
    violations = {v.violation_id for v in tap.events(ViolationDetected)}
    citations = Counter(c.violation_id for c in tap.events(CitationDrafted))
    citations.update(c.violation_id for c in tap.events(CitationRejected) if c.officer is None)
    assert set(citations) == violations
    assert set(citations.values()) <= {1}
