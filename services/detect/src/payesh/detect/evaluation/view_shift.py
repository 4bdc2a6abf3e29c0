"""Whether a camera still looks where it did when it was calibrated, from two stills."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from payesh.detect.domain.geometry import Floats, GroundPlane
from payesh.detect.frames import Bytes

FEWEST_MATCHES = 40
"""Fewer features that moved alike say nothing: night, fog, a wall in front of the lens."""
_FEATURES = 6_000
_RATIO = 0.8
_AGREE_PX = 2.0
_MOVED_PX = 1.5
"""A median shift of the marks below this lies within the scatter of features and of wind."""


@dataclass(frozen=True, slots=True)
class ViewShift:
    """How what is fixed in the picture moved between two stills."""

    matches: int
    marks_px: float
    """Median shift of the marks, in pixels."""
    length_change: float
    """By how much the way between the outer marks is now read too long, as a share."""

    @property
    def moved(self) -> bool:
        return self.marks_px > _MOVED_PX


def view_shift(before: Bytes, now: Bytes, plane: GroundPlane, marks_px: Floats) -> ViewShift | None:
    """Follow features (ORB, Rublee et al., ICCV 2011) from the calibration's still to a new one of
    the same size, both (h, w, 3), and move the marks (n, 2) with them.

    None when too few features moved alike (RANSAC): the view cannot be compared.
    """
    orb = cv2.ORB.create(nfeatures=_FEATURES)
    known, described = orb.detectAndCompute(cv2.cvtColor(before, cv2.COLOR_BGR2GRAY), None)
    seen, seen_described = orb.detectAndCompute(cv2.cvtColor(now, cv2.COLOR_BGR2GRAY), None)
    if described is None or seen_described is None or len(seen) < 2:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(described, seen_described, k=2)
    clear = [best for best, second in pairs if best.distance < _RATIO * second.distance]
    if len(clear) < FEWEST_MATCHES:
        return None
    source = np.array([known[match.queryIdx].pt for match in clear], np.float32)
    target = np.array([seen[match.trainIdx].pt for match in clear], np.float32)
    turned, agreeing = cv2.findHomography(source, target, cv2.RANSAC, _AGREE_PX)
    matches = 0 if agreeing is None else int(agreeing.sum())
    if turned is None or matches < FEWEST_MATCHES or not _plausible(turned):
        return None
    marks = np.asarray(marks_px, np.float64).reshape(-1, 1, 2)
    moved = np.asarray(cv2.perspectiveTransform(marks, turned), np.float64).reshape(-1, 2)
    shift = np.linalg.norm(moved - marks.reshape(-1, 2), axis=1)
    was, is_read = plane.ground(marks.reshape(-1, 2))[:, 1], plane.ground(moved)[:, 1]
    far, near = int(was.argmax()), int(was.argmin())
    change = (is_read[far] - is_read[near]) / (was[far] - was[near]) - 1
    return ViewShift(matches, float(np.median(shift)), float(change))


def _plausible(turned: Any) -> bool:
    """A camera that was knocked keeps its lens: nothing is mirrored or sheared away."""
    size = float(np.linalg.det(turned[:2, :2]))
    return bool(abs(np.log(max(size, 1e-9))) < 1.5)
