"""Panels put together: sides, strips, roofs and boxes."""

from __future__ import annotations

import numpy as np

from payesh.local.street.geometry import Floats
from payesh.local.street.panels import Panel
from payesh.local.street.vehicles.canvas import (
    SUN_LEFT,
    SUN_RIGHT,
    SUN_TOP,
    Bgr,
    Canvas,
    Image,
    dim,
)


def quad(
    a: tuple[float, float, float],
    b: tuple[float, float, float],
    c: tuple[float, float, float],
    d: tuple[float, float, float],
) -> Floats:
    return np.array((a, b, c, d), float)


def sides(
    lower: Image,
    opacity: Image | None,
    x: float,
    box: tuple[float, float, float, float],
    top_x: float | None = None,
) -> list[Panel]:
    """The right and the left side from one picture, whose left edge is the vehicle's front."""
    near, far, low, high = box
    inner = x if top_x is None else top_x
    right = quad((inner, near, high), (inner, far, high), (x, far, low), (x, near, low))
    left = quad((-inner, far, high), (-inner, near, high), (-x, near, low), (-x, far, low))
    shade = (lower.astype(np.float32) * (SUN_LEFT / SUN_RIGHT)).astype(np.uint8)
    flipped = None if opacity is None else np.ascontiguousarray(opacity[:, ::-1])
    return [
        Panel(right, lower, opacity),
        Panel(left, np.ascontiguousarray(shade[:, ::-1]), flipped),
    ]


def strips(
    picture: Image,
    xs: tuple[float, ...],
    near: tuple[float, ...],
    far: tuple[float, ...],
    low: tuple[float, ...],
    high: tuple[float, ...],
) -> list[Panel]:
    """Cut one picture, seen from the front, into upright strips between the given sections."""
    panels = []
    columns = picture.shape[1]
    span = xs[-1] - xs[0]
    for i in range(len(xs) - 1):
        a = round((xs[i] - xs[0]) / span * columns)
        b = round((xs[i + 1] - xs[0]) / span * columns)
        corners = quad(
            (xs[i], far[i], high[i]),
            (xs[i + 1], far[i + 1], high[i + 1]),
            (xs[i + 1], near[i + 1], low[i + 1]),
            (xs[i], near[i], low[i]),
        )
        panels.append(Panel(corners, np.ascontiguousarray(picture[:, a:b])))
    return panels


def block(
    width: float,
    near: float,
    far: float,
    low: float,
    high: float,
    paint: Bgr,
    side: Canvas | None = None,
) -> list[Panel]:
    """Sides and roof of a box."""
    half = width / 2
    canvas = side
    if canvas is None:
        canvas = Canvas(far - near, high - low, paint, SUN_RIGHT)
        canvas.gradient(1.03, 0.85)
    roof = Canvas(width, min(far - near, 3.0), paint, SUN_TOP)
    roof.gradient(0.95, 1.02)
    roof.line([(0.05, 0), (0.05, 3)], 0.03, dim(paint, 0.8))
    roof.line([(width - 0.05, 0), (width - 0.05, 3)], 0.03, dim(paint, 0.8))
    panels = sides(canvas.picture(), None, half, (near, far, low, high))
    corners = quad((-half, far, high), (half, far, high), (half, near, high), (-half, near, high))
    panels.append(Panel(corners, roof.picture()))
    return panels


def roof_panel(half: float, near: float, far: float, high: float, paint: Bgr) -> Panel:
    """A plain lid, for roofs narrower than the body."""
    roof = Canvas(2 * half, 2.0, paint, SUN_TOP)
    roof.gradient(0.93, 1.02)
    corners = quad((-half, far, high), (half, far, high), (half, near, high), (-half, near, high))
    return Panel(corners, roof.picture())


def face(picture: Image, half: float, y: float, low: float, high: float) -> Panel:
    """An upright panel across the vehicle, seen from the front."""
    return Panel(quad((-half, y, high), (half, y, high), (half, y, low), (-half, y, low)), picture)
