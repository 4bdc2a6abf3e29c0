"""A decoded frame: what decoders give, detectors look at and pictures are cut from."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
LARGEST_PIXELS = 40_000_000
"""Of a frame or a still: a larger one is refused before it is unpacked."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Planes of YUV 4:2:0: `luma` (h, w), `chroma_u` and `chroma_v` (h/2, w/2), uint8.

    `time_s` is presentation time on the stream's own timeline. Most of the work needs luma only:
    converting every 1080p frame to BGR would cost as much as decoding it. `full_range`: black is 0
    and white 255, not 16 and 235.
    """

    luma: Bytes
    chroma_u: Bytes
    chroma_v: Bytes
    time_s: float
    full_range: bool = False

    @property
    def width_px(self) -> int:
        return int(self.luma.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.luma.shape[0])

    def turned(self, clockwise_deg: int) -> "Frame":
        """The frame turned by a multiple of 90 degrees."""
        turns = -(clockwise_deg // 90) % 4
        if not turns:
            return self
        luma, chroma_u, chroma_v = (
            np.ascontiguousarray(np.rot90(plane, turns))
            for plane in (self.luma, self.chroma_u, self.chroma_v)
        )
        return Frame(luma, chroma_u, chroma_v, self.time_s, self.full_range)

    def bgr(self) -> Bytes:
        """The whole frame, (h, w, 3) in BGR order."""
        return self.cut(0, 0, self.width_px, self.height_px).bgr()

    def cut(self, left: int, top: int, right: int, bottom: int) -> "PlanarCrop":
        """A copy of the pixels inside, edges moved out to the even pixel that chroma needs."""
        left, top = max(left, 0) & ~1, max(top, 0) & ~1
        right = min(right + (right & 1), self.width_px & ~1)
        bottom = min(bottom + (bottom & 1), self.height_px & ~1)
        rows, columns = slice(top, bottom), slice(left, right)
        half_rows = slice(top // 2, bottom // 2)
        half_columns = slice(left // 2, right // 2)
        return PlanarCrop(
            left,
            top,
            self.luma[rows, columns].copy(),
            self.chroma_u[half_rows, half_columns].copy(),
            self.chroma_v[half_rows, half_columns].copy(),
            self.full_range,
        )


@dataclass(frozen=True, slots=True)
class PlanarCrop:
    """A piece of a frame that outlives it; its corner was at `left_px`, `top_px`."""

    left_px: int
    top_px: int
    luma: Bytes
    chroma_u: Bytes
    chroma_v: Bytes
    full_range: bool = False

    def bgr(self) -> Bytes:
        """(h, w, 3) in BGR order, ITU-R BT.601, which FFmpeg assumes where a stream declares no
        other."""
        height, width = self.luma.shape
        if self.full_range:  # OpenCV's I420 is of limited range; its YCrCb is a JPEG's
            chroma = [
                cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
                for plane in (self.chroma_v, self.chroma_u)
            ]
            whole = cv2.merge([self.luma, *chroma])
            return np.asarray(cv2.cvtColor(whole, cv2.COLOR_YCrCb2BGR), dtype=np.uint8)
        planar = np.concatenate(
            [self.luma.ravel(), self.chroma_u.ravel(), self.chroma_v.ravel()]
        ).reshape(height * 3 // 2, width)
        return np.asarray(cv2.cvtColor(planar, cv2.COLOR_YUV2BGR_I420), dtype=np.uint8)

    def jpeg(self, quality: int = 92) -> bytes:
        return encode_jpeg(self.bgr(), quality)


def encode_jpeg(bgr: Bytes, quality: int = 92) -> bytes:
    """Deterministic: equal pixels give equal bytes, so a redelivered crop keeps its hash."""
    ok, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError(f"no JPEG from an image of shape {bgr.shape}")
    return bytes(encoded.tobytes())


def sharpness(luma: Bytes) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000) at no more than 240 columns,
    so that a nearer and a farther crop can be compared. Grey levels squared."""
    height, width = luma.shape
    if width < 8 or height < 8:
        return 0.0
    image: Any = luma
    if width > 240:
        image = cv2.resize(
            luma, (240, max(8, round(height * 240 / width))), interpolation=cv2.INTER_AREA
        )
    return float(cv2.Laplacian(image, cv2.CV_32F).var())
