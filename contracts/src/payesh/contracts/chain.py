"""The hash chain of a stream: the one definition that producer, consumers and a court share."""

import hashlib
from datetime import datetime
from uuid import UUID

from payesh.contracts.values import format_utc


def link_sha256(
    *,
    previous_link_sha256: str | None,
    stream_id: UUID,
    sequence: int,
    captured_at: datetime,
    duration_ms: int,
    init_sha256: str | None,
    media_sha256: str,
    revision_sha256: str,
    fencing_token: int,
) -> str:
    """SHA-256 (FIPS 180-4), hex, over one line of text a field, each ended by a newline.

    A missing value is an empty line, so that no two different links share a text.
    """
    lines = (
        "payesh-link-v1",
        previous_link_sha256 or "",
        str(stream_id),
        str(sequence),
        format_utc(captured_at),
        str(duration_ms),
        init_sha256 or "",
        media_sha256,
        revision_sha256,
        str(fencing_token),
    )
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
