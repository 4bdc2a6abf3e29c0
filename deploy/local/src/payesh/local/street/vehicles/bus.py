"""City buses."""

from __future__ import annotations

import numpy as np

from payesh.local.street.panels import Panel
from payesh.local.street.plate_art import draw_semnan
from payesh.local.street.traffic import Vehicle
from payesh.local.street.vehicles.canvas import (
    GLASS,
    PAINT,
    PX_PER_M,
    SUN_FRONT,
    SUN_RIGHT,
    SUN_TOP,
    Bgr,
    Canvas,
    Image,
    dim,
)
from payesh.local.street.vehicles.details import (
    draw_lamp,
    draw_wheel,
    mirror,
    plate_panel,
    windscreen,
)
from payesh.local.street.vehicles.shapes import block, face, quad


def bus_panels(vehicle: Vehicle) -> list[Panel]:
    paint, body = PAINT[vehicle.colour], vehicle.body
    w, half, height, length = body.width_m, body.width_m / 2, body.height_m, body.length_m
    band: Bgr = (60, 150, 90) if vehicle.colour == "white" else (220, 222, 222)
    side = Canvas(length, height - 0.1, paint, SUN_RIGHT)
    side.gradient(1.03, 0.85)
    side.box(0, 0.75, length, 0.95, band)
    side.box(0.3, 1.25, length - 0.3, 2.45, GLASS)
    for x in np.arange(1.5, length, 1.45):
        side.line([(float(x), 1.25), (float(x), 2.45)], 0.06, (28, 28, 28))
    draw_wheel(side, 2.4, 0.46)
    draw_wheel(side, length - 3.0, 0.46)
    panels = block(w, 0.0, length, 0.1, height, paint, side)
    for y in (2.5, 7.0):  # roof hatches
        hatch = Canvas(0.9, 0.9, dim(paint, 0.8), SUN_TOP)
        panels.append(
            Panel(
                quad(
                    (-0.45, y + 0.9, height + 0.03),
                    (0.45, y + 0.9, height + 0.03),
                    (0.45, y, height + 0.03),
                    (-0.45, y, height + 0.03),
                ),
                hatch.picture(),
            )
        )
    low = body.front_clearance_m
    c = Canvas(w, height - low, paint, SUN_FRONT)
    c.gradient(1.04, 0.86)
    c.box(0, 0, w, 0.3, (60, 60, 60))
    c.box(0.3, 2.42, w - 0.3, 2.70, (24, 24, 24))
    c.box(0.1, 0.62, w - 0.1, 0.76, band)
    for x in (0.3, w - 0.3):
        draw_lamp(c, x, 0.46, 0.17, 0.10)
    c.disc(w / 2, 0.95, 0.1, 0.1, (190, 190, 190))
    picture = c.picture()
    _write_destination(picture, height - low - 2.56)
    screen = windscreen(w - 0.16, 1.25, (30, 30, 30), SUN_FRONT, 0.0)
    top = round((height - low - 2.38) * PX_PER_M)
    left = (picture.shape[1] - screen.shape[1]) // 2
    picture[top : top + screen.shape[0], left : left + screen.shape[1]] = screen
    panels.append(face(picture, half, 0.0, low, height))
    for sign in (-1, 1):
        panels.append(mirror((30, 30, 30), sign * (half + 0.14), -0.05, 2.1))
    panels.append(plate_panel(vehicle))
    return panels


def _write_destination(picture: Image, middle_below_top_m: float) -> None:
    """Draw the destination in amber lamps on the dark field above the windscreen."""
    word = draw_semnan(round(0.22 * PX_PER_M)).astype(np.float32)[..., None] / 255
    rows, columns = word.shape[:2]
    top = round(middle_below_top_m * PX_PER_M) - rows // 2
    left = (picture.shape[1] - columns) // 2
    field = picture[top : top + rows, left : left + columns]
    field[:] = (field * (1 - word) + np.array((40, 160, 250)) * word).astype(np.uint8)
