"""A still decoded once at the door, so that what is kept can be decoded."""

from typing import Any

import av
import av.error

from payesh.contracts.stills import JPEG, NotAStill, StillHeader, bare_jpeg, mended_still

DAMAGED = "damaged: a part of the picture cannot be decoded"


def checked_still(data: bytes, header: StillHeader) -> tuple[bytes, str | None]:
    """The still to be kept, and a warning when a part of it cannot be decoded.

    A missing end marker is added. Raises NotAStill for a picture that is cut, or of which nothing
    decodes.
    """
    mended = mended_still(data)
    if header.media_type != JPEG:
        if not _decodes("png", mended, strict=False):
            raise NotAStill("the PNG cannot be decoded")
        return mended, None
    bare = bare_jpeg(mended)
    if _decodes("mjpeg", bare, strict=True):
        return mended, None
    if mended != data:  # damage up to the end of a picture without its end: it was cut
        raise NotAStill("the JPEG is cut: a part of the picture is missing")
    if not _decodes("mjpeg", bare, strict=False):
        raise NotAStill("the JPEG cannot be decoded")
    return mended, DAMAGED


def _decodes(codec: str, picture: bytes, *, strict: bool) -> bool:
    context: Any = av.CodecContext.create(codec, "r")
    context.thread_count = 1
    if strict:
        context.options = {"err_detect": "explode"}
    try:
        return bool([*context.decode(av.Packet(picture)), *context.decode(None)])
    except av.error.FFmpegError:
        return False
