"""Files that an owner objects with: what they are is seen from their bytes, not from their name."""

import io
from dataclasses import dataclass

from PIL import Image

MOST = 5
MOST_BYTES = 5 * 1024 * 1024
_MOST_PIXELS = 60_000_000
_IMAGES = {"JPEG": "image/jpeg", "PNG": "image/png"}
_TAIL = 2048


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file with the type that its bytes have."""

    media_type: str
    body: bytes


class AttachmentRefused(ValueError):
    """Not a file of a kind or size that is taken; `reason` is `size` or `kind`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"this attachment is not taken: {reason}")
        self.reason = reason


def checked_attachment(body: bytes) -> Attachment:
    """JPEG, PNG or PDF, at most 5 MiB. Raises AttachmentRefused. Blocks."""
    if not 0 < len(body) <= MOST_BYTES:
        raise AttachmentRefused("size")
    if body.startswith(b"%PDF-") and b"%%EOF" in body[-_TAIL:]:
        return Attachment("application/pdf", body)
    try:
        with Image.open(io.BytesIO(body), formats=list(_IMAGES)) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise AttachmentRefused("size")
            kind = opened.format or ""
            opened.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, AttachmentRefused):
            raise
        raise AttachmentRefused("kind") from error
    return Attachment(_IMAGES[kind], body)
