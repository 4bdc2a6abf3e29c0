"""Recomputing the hash chain of the segments that a violation names."""

from collections.abc import Sequence
from itertools import pairwise

from payesh.contracts.chain import link_sha256
from payesh.contracts.values import SegmentLink
from payesh.tickets.errors import EvidenceBroken


def check_links(links: Sequence[SegmentLink], revision_sha256: str) -> None:
    """Recompute every link's hash and check that each names the one before: a hole is a fault.

    Raises EvidenceBroken.
    """
    if not links:
        raise EvidenceBroken("the violation names no segment", retry=False)
    for link in links:
        recomputed = link_sha256(
            previous_link_sha256=link.previous_link_sha256,
            stream_id=link.stream_id,
            sequence=link.sequence,
            captured_at=link.captured_at,
            duration_ms=link.duration_ms,
            init_sha256=link.init.sha256 if link.init else None,
            media_sha256=link.media.sha256,
            revision_sha256=revision_sha256,
            fencing_token=link.fencing_token,
        )
        if recomputed != link.link_sha256:
            raise EvidenceBroken(f"link of segment {link.sequence} does not hold", retry=False)
    for earlier, later in pairwise(links):
        # Also from one stream to the next: its first link names the last that was known before.
        if later.previous_link_sha256 != earlier.link_sha256:
            raise EvidenceBroken(
                f"segment {later.sequence} does not follow the one before it", retry=False
            )
