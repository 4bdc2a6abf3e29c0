"""Parts of every vehicle: shadow, plate, wheels, windscreen, lamps, mirrors."""

from __future__ import annotations

import cv2
import numpy as np

from payesh.local.street.panels import Panel
from payesh.local.street.plate_art import draw_plate
from payesh.local.street.traffic import PLATE_BEFORE_BUMPER_M, Vehicle
from payesh.local.street.vehicles.canvas import (
    GLASS,
    SUN_FRONT,
    Bgr,
    Canvas,
    Image,
    outline_mask,
)
from payesh.local.street.vehicles.shapes import quad


def shadow(vehicle: Vehicle) -> Panel:
    """Soft shade on the asphalt, under the vehicle and to its left."""
    body = vehicle.body
    margin = 0.35
    reach = 0.22 * body.height_m  # the sun stands high on the right
    width, length = body.width_m + reach + 2 * margin, body.length_m + 2 * margin
    rows, columns = int(length * 40), int(width * 40)
    opacity = np.zeros((rows, columns), np.uint8)
    edge = int(margin * 40)
    opacity[edge : rows - edge, edge : columns - edge] = 185
    opacity = np.asarray(cv2.GaussianBlur(opacity, (0, 0), margin * 40 * 0.42), np.uint8)
    left, right = -body.width_m / 2 - reach - margin, body.width_m / 2 + margin
    far, near = body.length_m + margin, -margin + 0.1
    corners = quad((left, far, 0), (right, far, 0), (right, near, 0), (left, near, 0))
    return Panel(corners, np.full((rows, columns, 3), 22, np.uint8), opacity)


def plate_panel(vehicle: Vehicle) -> Panel:
    middle_z = vehicle.body.plate_height_m
    picture = np.ascontiguousarray(draw_plate(vehicle.plate, height_px=96)[..., ::-1])
    picture = (picture * 0.94).astype(np.uint8)
    half_w, half_h, y = 0.26, 0.055, -PLATE_BEFORE_BUMPER_M
    return Panel(
        quad(
            (-half_w, y, middle_z + half_h),
            (half_w, y, middle_z + half_h),
            (half_w, y, middle_z - half_h),
            (-half_w, y, middle_z - half_h),
        ),
        picture,
    )


def draw_wheel(canvas: Canvas, x: float, radius: float) -> None:
    canvas.disc(x, radius, radius + 0.06, radius + 0.06, (26, 26, 26))
    canvas.disc(x, radius, radius, radius, (36, 36, 36))
    canvas.disc(x, radius, radius * 0.62, radius * 0.62, (150, 150, 150))
    for angle in np.arange(0, 2 * np.pi, 2 * np.pi / 5):
        tip = (x + 0.55 * radius * float(np.cos(angle)), radius * (1 + 0.55 * float(np.sin(angle))))
        canvas.line([(x, radius), tip], 0.05, (90, 90, 90))


def windscreen(width: float, height: float, pillar: Bgr, light: float, inset: float) -> Image:
    canvas = Canvas(width, height, pillar, light)
    w, h = width, height
    glass = [(0.03, 0.02), (w - 0.03, 0.02), (w - 0.03 - inset, h - 0.03), (0.03 + inset, h - 0.03)]
    canvas.polygon(glass, GLASS)
    canvas.polygon([(0.06, 0.02), (w - 0.06, 0.02), (w - 0.08, 0.16), (0.08, 0.16)], (96, 92, 88))
    for x, shirt in ((w * 0.73, (120, 96, 84)), (w * 0.28, (58, 56, 60))):
        canvas.disc(x, h * 0.34, 0.20, h * 0.30, shirt)
        canvas.disc(x, h * 0.68, 0.085, h * 0.13, (98, 122, 150) if x > w / 2 else (62, 60, 60))
    wheel = [
        (w * 0.73 + 0.17 * float(np.cos(a)), 0.12 + 0.16 * float(np.sin(a)))
        for a in np.linspace(0, np.pi, 24)
    ]
    canvas.line(wheel, 0.025, (28, 28, 28))
    canvas.box(w / 2 - 0.11, h - 0.14, w / 2 + 0.11, h - 0.08, (30, 30, 30))
    sky = np.zeros_like(canvas.image)
    rows, columns = canvas.shape
    cv2.fillPoly(
        sky,
        [np.array([(0, 0), (columns * 0.62, 0), (columns * 0.30, rows), (0, rows)], np.int32)],
        (214, 190, 168),
    )
    glow = cv2.GaussianBlur(sky, (0, 0), 14)
    inside = cv2.cvtColor(canvas.image.copy(), cv2.COLOR_BGR2GRAY) < 400
    canvas.image = np.where(
        inside[..., None], canvas.image * 0.92 + glow * 0.22, canvas.image
    ).astype(np.float32)
    canvas.line([glass[0], glass[1]], 0.03, (24, 24, 24))
    canvas.line([(w * 0.25, 0.03), (w * 0.52, 0.08)], 0.015, (20, 20, 20))
    canvas.line([(w * 0.55, 0.03), (w * 0.82, 0.08)], 0.015, (20, 20, 20))
    canvas.line([glass[3], glass[0]], 0.07, pillar)
    canvas.line([glass[1], glass[2]], 0.07, pillar)
    return canvas.picture()


def draw_lamp(canvas: Canvas, x: float, z: float, width: float, height: float) -> None:
    canvas.disc(x, z, width + 0.02, height + 0.02, (50, 50, 50))
    canvas.disc(x, z, width, height, (196, 196, 192))
    canvas.disc(x, z, width * 0.5, height * 0.75, (238, 238, 236))
    canvas.disc(x + width * 0.15, z + height * 0.2, width * 0.18, height * 0.25, (255, 255, 255))


def mirror(paint: Bgr, x: float, y: float, z: float) -> Panel:
    canvas = Canvas(0.2, 0.14, paint, SUN_FRONT)
    canvas.gradient(1.05, 0.7)
    outline = [(0.0, 0.03), (0.03, 0.0), (0.18, 0.0), (0.2, 0.04), (0.19, 0.12), (0.02, 0.13)]
    return Panel(
        quad(
            (x - 0.1, y, z + 0.07),
            (x + 0.1, y, z + 0.07),
            (x + 0.1, y, z - 0.07),
            (x - 0.1, y, z - 0.07),
        ),
        canvas.picture(),
        outline_mask(0.2, 0.14, outline),
    )
