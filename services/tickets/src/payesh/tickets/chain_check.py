"""Recomputing the hash chain of the segments that a violation names."""

from collections.abc import Sequence
from itertools import pairwise

from payesh.contracts.chain import link_sha256
from payesh.contracts.values import SegmentLink
from payesh.tickets.errors import EvidenceBroken

_LARGEST_TOKEN = 50_000


def check_links(links: Sequence[SegmentLink], revision_sha256: str) -> int:
    """Recompute every link and that each names the one before; the stream's fencing token.

    A `SegmentLink` does not carry the token that its hash covers, so the token is found by
    trial: a matching SHA-256 proves it as well as a stated one would. Tokens count take-overs
    of a camera, so they are small; one stream has one token.
    Raises EvidenceBroken. CPU-bound when the link is false: run it in a thread.
    """
    token: int | None = None
    for link in links:
        if token is None or _link(link, revision_sha256, token) != link.link_sha256:
            token = _find_token(link, revision_sha256)
    for earlier, later in pairwise(links):
        follows = earlier.stream_id == later.stream_id and earlier.sequence + 1 == later.sequence
        if follows and later.previous_link_sha256 != earlier.link_sha256:
            raise EvidenceBroken(
                f"segment {later.sequence} does not follow the one before it", retry=False
            )
    if token is None:
        raise EvidenceBroken("the violation names no segment", retry=False)
    return token


def _find_token(link: SegmentLink, revision_sha256: str) -> int:
    for token in range(_LARGEST_TOKEN):
        if _link(link, revision_sha256, token) == link.link_sha256:
            return token
    raise EvidenceBroken(f"link of segment {link.sequence} does not hold", retry=False)


def _link(link: SegmentLink, revision_sha256: str, token: int) -> str:
    return link_sha256(
        previous_link_sha256=link.previous_link_sha256,
        stream_id=link.stream_id,
        sequence=link.sequence,
        captured_at=link.captured_at,
        duration_ms=link.duration_ms,
        init_sha256=link.init.sha256 if link.init else None,
        media_sha256=link.media.sha256,
        revision_sha256=revision_sha256,
        fencing_token=token,
    )
