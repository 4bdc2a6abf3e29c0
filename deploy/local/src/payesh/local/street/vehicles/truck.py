"""Box trucks."""

from __future__ import annotations

import numpy as np

from payesh.local.street.panels import Panel
from payesh.local.street.traffic import Vehicle
from payesh.local.street.vehicles.canvas import (
    GLASS,
    PAINT,
    SUN_FRONT,
    SUN_RIGHT,
    Bgr,
    Canvas,
)
from payesh.local.street.vehicles.details import (
    draw_lamp,
    draw_wheel,
    mirror,
    plate_panel,
    windscreen,
)
from payesh.local.street.vehicles.shapes import block, face, quad


def truck_panels(vehicle: Vehicle) -> list[Panel]:
    paint, body = PAINT[vehicle.colour], vehicle.body
    w, half, height, length = body.width_m, body.width_m / 2, body.height_m, body.length_m
    cargo: Bgr = (206, 210, 208)
    side = Canvas(length - 1.9, height - 0.1, cargo, SUN_RIGHT)
    side.gradient(1.02, 0.86)
    side.box(0, 0, length, 0.85, (44, 44, 44))
    draw_wheel(side, length - 3.4, 0.42)
    for x in np.arange(0.4, length - 2, 0.5):
        side.line([(float(x), 0.9), (float(x), 2.85)], 0.015, (150, 152, 150))
    panels = block(w, 1.9, length, 0.1, height, cargo, side)
    front = Canvas(w, height - 0.6, cargo, SUN_FRONT)
    front.gradient(1.04, 0.7)
    panels.append(face(front.picture(), half, 1.9, 0.6, height))
    cab_w, cab_h = w - 0.2, 2.2
    cab = Canvas(1.75, cab_h - 0.1, paint, SUN_RIGHT)
    cab.gradient(1.04, 0.8)
    cab.polygon([(0.25, 1.15), (0.35, 1.9), (1.3, 1.9), (1.3, 1.15)], GLASS)
    draw_wheel(cab, 0.85, 0.40)
    panels += block(cab_w, 0.0, 1.75, 0.1, cab_h, paint, cab)
    panels.append(
        Panel(
            quad(
                (-cab_w / 2, 0.22, cab_h),
                (cab_w / 2, 0.22, cab_h),
                (cab_w / 2, 0.02, 1.22),
                (-cab_w / 2, 0.02, 1.22),
            ),
            windscreen(cab_w, 1.0, paint, SUN_FRONT, 0.02),
        )
    )
    c = Canvas(cab_w, 1.0, paint, SUN_FRONT)
    c.gradient(1.03, 0.8)
    c.box(0, 0, cab_w, 0.34, (52, 52, 52))
    c.box(0.35, 0.52, cab_w - 0.35, 0.74, (40, 40, 40))
    for z in (0.57, 0.63, 0.69):
        c.line([(0.37, z), (cab_w - 0.37, z)], 0.015, (150, 150, 150))
    c.line([(0.4, 0.86), (cab_w - 0.4, 0.86)], 0.05, (210, 210, 210))
    for x in (0.22, cab_w - 0.22):
        draw_lamp(c, x, 0.42, 0.13, 0.09)
        c.box(x - 0.1, 0.56, x + 0.1, 0.64, (60, 140, 230))
    panels.append(face(c.picture(), cab_w / 2, 0.0, body.front_clearance_m, 1.24))
    for sign in (-1, 1):
        panels.append(mirror((36, 36, 36), sign * (cab_w / 2 + 0.16), 0.12, 1.75))
    panels.append(plate_panel(vehicle))
    return panels
