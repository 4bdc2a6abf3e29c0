"""Saloons and hatchbacks, and the taxi's sign."""

from __future__ import annotations

import numpy as np

from payesh.local.street.panels import Panel
from payesh.local.street.traffic import Vehicle
from payesh.local.street.vehicles.canvas import (
    GLASS,
    PAINT,
    SUN_FRONT,
    SUN_RIGHT,
    SUN_TOP,
    Bgr,
    Canvas,
    Image,
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
from payesh.local.street.vehicles.rear import car_rear
from payesh.local.street.vehicles.shapes import quad, sides, strips


def _car_front(vehicle: Vehicle, rng: np.random.Generator) -> Image:
    paint = PAINT[vehicle.colour]
    w, h = vehicle.body.width_m, 0.60
    dark: Bgr = (30, 30, 31)
    c = Canvas(w, h, paint, SUN_FRONT)
    c.gradient(1.06, 0.82)
    c.box(0, 0, w, 0.05, dark)
    c.polygon([(0.25, 0.06), (w - 0.25, 0.06), (w - 0.34, 0.17), (0.34, 0.17)], dark)
    for x in (0.20, w - 0.20):
        c.disc(x, 0.14, 0.07, 0.05, dark)
        c.disc(x, 0.14, 0.045, 0.035, (200, 200, 196))
    c.line([(0.02, 0.20), (w - 0.02, 0.20)], 0.012, dim(paint, 0.6))
    c.line([(0.02, 0.365), (w - 0.02, 0.365)], 0.014, dim(paint, 0.5))
    grille = [(0.44, 0.39), (w - 0.44, 0.39), (w - 0.40, 0.53), (0.40, 0.53)]
    c.polygon(grille, dark)
    style = int(rng.integers(3))
    if style == 0:
        for z in (0.42, 0.46, 0.50):
            c.line([(0.43, z), (w - 0.43, z)], 0.012, (128, 128, 128))
    elif style == 1:
        for x in np.arange(0.48, w - 0.46, 0.06):
            c.line([(float(x), 0.40), (float(x), 0.52)], 0.012, (104, 104, 104))
    c.line([*grille, grille[0]], 0.014, (176, 176, 174))
    c.disc(w / 2, 0.46, 0.05, 0.05, (190, 190, 188))
    lamp = (0.17, 0.065) if style != 2 else (0.14, 0.085)
    for x in (0.22, w - 0.22):
        draw_lamp(c, x, 0.455, *lamp)
        c.disc(x + (0.16 if x > w / 2 else -0.16), 0.45, 0.035, 0.05, (70, 150, 236))
    c.box(w / 2 - 0.30, 0.205, w / 2 + 0.30, 0.345, dim(paint, 0.55))
    return c.picture()


def car_panels(
    vehicle: Vehicle, rng: np.random.Generator, *, all_round: bool = False
) -> list[Panel]:
    """The car as it is seen from the front; with `all_round` its rear too."""
    paint = PAINT[vehicle.colour]
    body = vehicle.body
    w, length, height = body.width_m, body.length_m, body.height_m
    half = w / 2
    belt, hood_z, ride = 0.92, 0.78, 0.16
    cowl_y, roof_y = 1.12, 1.92
    roof_end = length - (0.95 if rng.random() < 0.6 else 0.35)

    lower = Canvas(length, belt, paint, SUN_RIGHT)
    lower.gradient(1.04, 0.78)
    lower.box(0, 0, length, 0.26, (40, 40, 40))
    for x in (1.75, 2.75, 3.55):
        lower.line([(x, 0.26), (x + 0.03, belt)], 0.012, dim(paint, 0.5))
    for x in (2.45, 3.4):
        lower.box(x, 0.74, x + 0.16, 0.77, dim(paint, 0.6))
    draw_wheel(lower, 0.82, 0.30)
    draw_wheel(lower, length - 0.80, 0.30)
    lower_mask = outline_mask(
        length,
        belt,
        [
            (0.30, ride),
            (0.48, ride),
            (0.52, 0.0),
            (1.12, 0.0),
            (1.16, ride),
            (length - 1.14, ride),
            (length - 1.1, 0.0),
            (length - 0.5, 0.0),
            (length - 0.46, ride),
            (length - 0.03, 0.3),
            (length - 0.02, belt),
            (cowl_y, belt),
            (0.30, hood_z - 0.06),
        ],
    )
    glass_h = height - belt
    upper = Canvas(length, glass_h, GLASS, SUN_RIGHT)
    upper.gradient(1.6, 0.9)
    upper.line([(0, glass_h - 0.02), (length, glass_h - 0.02)], 0.07, paint)
    upper.line([(2.75, 0), (2.72, glass_h)], 0.09, paint)
    upper.line([(cowl_y, 0), (roof_y, glass_h)], 0.10, paint)
    upper.line([(roof_end, glass_h), (roof_end + 0.4, 0)], 0.22, paint)
    upper_mask = outline_mask(
        length,
        glass_h,
        [(cowl_y, 0), (roof_y, glass_h), (roof_end, glass_h), (min(length, roof_end + 0.55), 0)],
    )
    roof_half = half - 0.22
    panels = sides(upper.picture(), upper_mask, half - 0.03, (0.0, length, belt, height), roof_half)
    panels += sides(lower.picture(), lower_mask, half, (0.0, length, 0.0, belt))

    roof = Canvas(2 * roof_half, roof_end - roof_y, paint, SUN_TOP)
    roof.gradient(0.93, 1.02)
    panels.append(
        Panel(
            quad(
                (-roof_half, roof_end, height - 0.03),
                (roof_half, roof_end, height - 0.03),
                (roof_half, roof_y, height),
                (-roof_half, roof_y, height),
            ),
            roof.picture(),
        )
    )
    if vehicle.plate[2] == "ت":
        panels.append(_taxi_sign(height, roof_y + 0.35))
    screen = windscreen(2 * (half - 0.05), 0.86, paint, SUN_TOP * 0.97, 0.0)
    panels.append(
        Panel(
            quad(
                (-roof_half, roof_y, height),
                (roof_half, roof_y, height),
                (half - 0.04, cowl_y, belt),
                (-half + 0.04, cowl_y, belt),
            ),
            screen,
        )
    )

    hood = Canvas(w, 1.1, paint, SUN_TOP)
    hood.gradient(0.90, 1.05)
    for x in (0.36, w - 0.36):
        hood.line([(x + (0.1 if x < half else -0.1), 0), (x, 1.1)], 0.02, dim(paint, 0.86))
    hood.line([(0.1, 1.08), (w - 0.1, 1.08)], 0.03, (30, 30, 30))
    xs = (-half + 0.005, -half + 0.22, half - 0.22, half - 0.005)
    swept = (0.30, 0.02, 0.02, 0.30)
    panels += strips(
        hood.picture(),
        xs,
        swept,
        (cowl_y,) * 4,
        (hood_z - 0.04, hood_z, hood_z, hood_z - 0.04),
        (belt,) * 4,
    )
    front = _car_front(vehicle, rng)
    bottom = tuple(y + 0.02 for y in swept)
    panels += strips(
        front,
        xs,
        bottom,
        swept,
        (body.front_clearance_m,) * 4,
        (hood_z - 0.04, hood_z, hood_z, hood_z - 0.04),
    )
    for side in (-1, 1):
        panels.append(mirror(paint, side * (half + 0.09), cowl_y + 0.28, belt + 0.07))
    panels.append(plate_panel(vehicle))
    if all_round:
        panels += car_rear(vehicle, (roof_half, roof_end, belt))
    return panels


def _taxi_sign(z: float, y: float) -> Panel:
    canvas = Canvas(0.5, 0.16, (60, 210, 250), SUN_FRONT)
    canvas.box(0.06, 0.04, 0.44, 0.12, (30, 30, 30))
    return Panel(
        quad((-0.22, y, z + 0.15), (0.22, y, z + 0.15), (0.25, y, z), (-0.25, y, z)),
        canvas.picture(),
    )
