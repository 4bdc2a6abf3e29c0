"""Single frames: the keyframe of a fragment as a small grey picture."""

import io
from typing import Any

import av
import av.error
import numpy as np

from payesh.ingest.domain.picture_health import Luma

WIDTH_PX = 320
HEIGHT_PX = 180


def first_luma(init: bytes, media: bytes) -> Luma | None:
    """The first frame of init + media, float32 (180, 320); None when it cannot be decoded."""
    try:
        container: Any = av.open(io.BytesIO(init + media), format="mp4")
        with container:
            video: Any = container.streams.video[0]
            video.codec_context.thread_count = 1
            for frame in container.decode(video):
                small = frame.reformat(
                    width=WIDTH_PX, height=HEIGHT_PX, format="gray", interpolation="AREA"
                )
                return np.asarray(small.to_ndarray(), dtype=np.float32)
    except av.error.FFmpegError:
        return None
    return None
