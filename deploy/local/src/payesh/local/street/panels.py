"""Textured panels in space: what vehicles are built of, and how one is drawn."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.street.geometry import Floats, PinholeCamera

Image = NDArray[np.uint8]

_SUBPIXEL_BITS = 4
_NEAREST_M = 1.5  # what comes closer has left the image below; behind the lens maths breaks
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


def split_along_road(panel: Panel, longest_m: float = 2.5) -> list[Panel]:
    """Cut a panel whose picture's columns run along y into pieces, so that each is either
    before the camera or may be left out. The panel must be a rectangle."""
    first, second = panel.corners_m[0], panel.corners_m[1]
    count = int(np.ceil(abs(float(second[1] - first[1])) / longest_m))
    if count <= 1:
        return [panel]
    columns = panel.picture.shape[1]
    cuts = [round(i * columns / count) for i in range(count + 1)]
    pieces = []
    top = panel.corners_m[1] - panel.corners_m[0]
    bottom = panel.corners_m[2] - panel.corners_m[3]
    for a, b in itertools.pairwise(cuts):
        corners = np.array(
            [
                panel.corners_m[0] + top * a / columns,
                panel.corners_m[0] + top * b / columns,
                panel.corners_m[3] + bottom * b / columns,
                panel.corners_m[3] + bottom * a / columns,
            ]
        )
        opacity = None if panel.opacity is None else np.ascontiguousarray(panel.opacity[:, a:b])
        pieces.append(Panel(corners, np.ascontiguousarray(panel.picture[:, a:b]), opacity))
    return pieces


def _halve(image: Image) -> Image:
    height, width = image.shape[:2]
    size = (max(1, width // 2), max(1, height // 2))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def draw_panel(frame: Image, panel: Panel, camera: PinholeCamera, foot_m: Floats) -> None:
    """Draw `panel` of the vehicle whose reference point is `foot_m` (3,) into `frame`, in place."""
    corners_m = panel.corners_m + foot_m
    if camera.depth_m(corners_m).min() < _NEAREST_M:
        return
    quad = camera.project(corners_m)
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
    """Twice the area of the polygon (N, 2); positive when clockwise on the screen."""
    x, y = quad[:, 0], quad[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
