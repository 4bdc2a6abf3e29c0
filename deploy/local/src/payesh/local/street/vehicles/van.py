"""Vans."""

from __future__ import annotations

from payesh.local.street.panels import Panel
from payesh.local.street.traffic import Vehicle
from payesh.local.street.vehicles.canvas import (
    GLASS,
    PAINT,
    SUN_FRONT,
    SUN_RIGHT,
    SUN_TOP,
    Canvas,
    dim,
    outline_mask,
)
from payesh.local.street.vehicles.details import (
    draw_lamp,
    draw_wheel,
    mirror,
    plate_panel,
    windscreen,
)
from payesh.local.street.vehicles.shapes import quad, roof_panel, sides, strips


def van_panels(vehicle: Vehicle) -> list[Panel]:
    paint, body = PAINT[vehicle.colour], vehicle.body
    w, half, height, length = body.width_m, body.width_m / 2, body.height_m, body.length_m
    side = Canvas(length, height, paint, SUN_RIGHT)
    side.gradient(1.03, 0.8)
    side.polygon([(0.85, 1.15), (1.35, 1.75), (2.1, 1.75), (2.1, 1.15)], GLASS)
    side.box(2.25, 1.15, length - 0.3, 1.75, GLASS)
    side.line([(2.15, 0.1), (2.15, 1.7)], 0.02, dim(paint, 0.5))
    draw_wheel(side, 0.8, 0.30)
    draw_wheel(side, length - 0.9, 0.30)
    outline = [
        (0.25, 0.2),
        (0.42, 0.2),
        (0.46, 0.0),
        (1.14, 0.0),
        (1.18, 0.2),
        (length - 1.28, 0.2),
        (length - 1.24, 0.0),
        (length - 0.56, 0.0),
        (length - 0.52, 0.2),
        (length, 0.25),
        (length, height),
        (1.25, height),
        (0.5, 1.12),
        (0.25, 0.9),
    ]
    mask = outline_mask(length, height, outline)
    panels = sides(side.picture(), mask, half, (0.0, length, 0.0, height), half - 0.06)
    panels.append(roof_panel(half - 0.08, 1.25, length, height, paint))
    screen = windscreen(w - 0.06, 1.0, paint, SUN_FRONT * 1.05, 0.05)
    panels.append(
        Panel(
            quad(
                (-half + 0.1, 1.25, height),
                (half - 0.1, 1.25, height),
                (half, 0.5, 1.12),
                (-half, 0.5, 1.12),
            ),
            screen,
        )
    )
    hood = Canvas(w, 0.6, paint, SUN_TOP)
    xs = (-half, -half + 0.25, half - 0.25, half)
    swept = (0.25, 0.02, 0.02, 0.25)
    panels += strips(hood.picture(), xs, swept, (0.5,) * 4, (0.9, 0.94, 0.94, 0.9), (1.12,) * 4)
    c = Canvas(w, 0.76, paint, SUN_FRONT)
    c.gradient(1.05, 0.82)
    c.box(0, 0, w, 0.2, (48, 48, 48))
    c.polygon([(0.5, 0.48), (w - 0.5, 0.48), (w - 0.45, 0.64), (0.45, 0.64)], (34, 34, 34))
    for z in (0.53, 0.59):
        c.line([(0.48, z), (w - 0.48, z)], 0.014, (140, 140, 140))
    for x in (0.24, w - 0.24):
        draw_lamp(c, x, 0.57, 0.17, 0.085)
    panels += strips(
        c.picture(), xs, swept, swept, (body.front_clearance_m,) * 4, (0.9, 0.94, 0.94, 0.9)
    )
    for sign in (-1, 1):
        panels.append(mirror((40, 40, 40), sign * (half + 0.12), 0.75, 1.25))
    panels.append(plate_panel(vehicle))
    return panels
