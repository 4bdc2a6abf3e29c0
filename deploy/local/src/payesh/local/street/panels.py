"""Textured panels in space, of which vehicles are built."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.street.geometry import Floats, PinholeCamera

Image = NDArray[np.uint8]

_SUBPIXEL_BITS = 4
_NEAREST_M = 4.0  # what is nearer has left the image below; behind the lens maths breaks
_SEAM_PX = 0.6  # panels grow by this, so that no road shows through between two of them


@dataclass(frozen=True, slots=True)
class Panel:
    """A flat quadrilateral with a picture on it.

    corners_m: (4, 3) in the vehicle's frame (x right and y away as the camera sees it, z up,
    origin at the foot of the front bumper's middle), clockwise from the picture's top left.
    picture: (h, w, 3) BGR. opacity: (h, w) 0 … 255, or None where the whole panel is solid.
    """

    corners_m: Floats
    picture: Image
    opacity: Image | None = None
    two_sided: bool = False
    _levels: list[tuple[Image, Image | None]] = field(default_factory=list, repr=False)

    def level(self, shrink: float) -> tuple[Image, Image | None]:
        """Picture and opacity, halved until one texel is about one pixel (a mipmap)."""
        if not self._levels:
            self._levels.append((self.picture, self.opacity))
        wanted = max(0, int(np.log2(max(shrink, 1.0)) + 0.35))
        while len(self._levels) <= wanted and min(self._levels[-1][0].shape[:2]) >= 8:
            picture, opacity = self._levels[-1]
            self._levels.append((_halve(picture), None if opacity is None else _halve(opacity)))
        return self._levels[min(wanted, len(self._levels) - 1)]


def _part_ahead(panel: Panel, foot_m: Floats) -> Panel | None:
    """The part of the panel further ahead than _NEAREST_M; None where there is none.

    Only the roofs, sides and shadows of long vehicles are cut; their edges run along y.
    """
    y = panel.corners_m[:, 1] + foot_m[1]
    if y.min() >= _NEAREST_M:
        return panel
    if y.max() <= _NEAREST_M:
        return None
    by_column = abs(y[1] - y[0]) > abs(y[3] - y[0])
    first, last = (y[0], y[1]) if by_column else (y[0], y[3])
    share = float((_NEAREST_M - first) / (last - first))
    size = panel.picture.shape[1 if by_column else 0]
    cut = min(max(round(share * size), 1), size - 1)
    kept = slice(cut, size) if last > first else slice(0, cut)
    begin, end = kept.start / size, kept.stop / size
    a, b, c, d = panel.corners_m
    if by_column:
        corners = (a + (b - a) * begin, a + (b - a) * end, d + (c - d) * end, d + (c - d) * begin)
        window = (slice(None), kept)
    else:
        corners = (a + (d - a) * begin, b + (c - b) * begin, b + (c - b) * end, a + (d - a) * end)
        window = (kept, slice(None))
    opacity = None if panel.opacity is None else np.ascontiguousarray(panel.opacity[window])
    return Panel(np.array(corners), np.ascontiguousarray(panel.picture[window]), opacity)


def _halve(image: Image) -> Image:
    height, width = image.shape[:2]
    size = (max(1, width // 2), max(1, height // 2))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def draw_panel(frame: Image, panel: Panel, camera: PinholeCamera, foot_m: Floats) -> None:
    """Draw `panel` of the vehicle whose reference point is `foot_m` (3,) into `frame`, in place."""
    ahead = _part_ahead(panel, foot_m)
    if ahead is None:
        return
    panel = ahead
    quad = camera.project(panel.corners_m + foot_m)
    if not panel.two_sided and _signed_area(quad) <= 0:
        return
    height, width = frame.shape[:2]
    left, top = (int(v) for v in np.maximum(np.floor(quad.min(axis=0)) - 1, 0))
    right, bottom = (int(v) for v in np.minimum(np.ceil(quad.max(axis=0)) + 2, (width, height)))
    if right - left < 2 or bottom - top < 2:
        return
    edges_px = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    rows, columns = panel.picture.shape[:2]
    shrink = min(
        columns / max(edges_px[0], edges_px[2], 0.5), rows / max(edges_px[1], edges_px[3], 0.5)
    )
    picture, opacity = panel.level(shrink)
    rows, columns = picture.shape[:2]
    source = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32) - 0.5
    target = (quad - (left, top)).astype(np.float32) - np.float32(0.5)
    homography = cv2.getPerspectiveTransform(source, target)
    size = (right - left, bottom - top)
    warped = cv2.warpPerspective(
        picture, homography, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    mask = np.zeros((size[1], size[0]), np.uint8)
    centre = target.mean(axis=0)
    outward = target - centre
    grown = target + outward / np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1) * (
        _SEAM_PX if opacity is None else 0.0
    )
    points = np.round(grown * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillConvexPoly(mask, points, 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    if opacity is not None:
        seen = cv2.warpPerspective(
            opacity, homography, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        mask = np.asarray(cv2.multiply(mask, seen, scale=1 / 255), np.uint8)
    region = frame[top:bottom, left:right]
    weight = mask.astype(np.float32) * np.float32(1 / 255)
    frame[top:bottom, left:right] = cv2.blendLinear(warped, region, weight, 1 - weight)


def _signed_area(quad: Floats) -> float:
    """Twice the area of the quadrilateral (4, 2); positive when clockwise on the screen."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.tolist()
    return float((cx - ax) * (dy - by) - (dx - bx) * (cy - ay))
