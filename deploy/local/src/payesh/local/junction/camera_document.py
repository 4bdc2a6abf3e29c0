"""The camera's revision that arms every rule at the junction."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import format_utc
from payesh.detect.vision.picture_size import scaled
from payesh.local.junction import layout
from payesh.local.junction.layout import (
    AWAY_1,
    AWAY_2,
    BUS_LANE,
    CAMERA,
    LANE_M,
    TOWARDS_1,
    TOWARDS_2,
    Point,
    Rectangle,
    pixel,
)
from payesh.local.junction.signal import GRACE_S
from payesh.local.street.geometry import PinholeCamera

FILMED_AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
"""The moment of each film's first frame."""


def camera_document(camera_id: str, camera: PinholeCamera = CAMERA) -> dict[str, Any]:
    """The revision as JSON-ready values, in the published schema; marks are in pixels of a camera
    that has `CAMERA`'s view."""
    stated = {
        "camera_id": camera_id,
        "revision": 1,
        "created_at": format_utc(FILMED_AT),
        "name": "تقاطع آزمون پایش",
        "county": "semnan",
        "road_class": "minor_arterial",
        "place_class": "A",
        "location": {"latitude": 35.577, "longitude": 53.395},
        "source_kind": "recordings",
        "width_px": CAMERA.width_px,
        "height_px": CAMERA.height_px,
        "speed_limit_kmh": layout.SPEED_LIMIT_KMH,
        "detection": {"kind": "onnx", "model": None},
        "calibration": _calibration(),
        "zone": _zone(),
        "certificate": {
            "number": "TEST-JUNCTION-1",
            "issued_by": "تقاطع آزمون پایش (گواهی آزمایشی)",
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_to": "2027-01-01T00:00:00Z",
        },
        "lines": [_stop_line(), *_gates()],
        "regions": _regions(),
        "lanes": _lanes(),
        "movements": [
            {"entry": entry, "exit": leave, "allowed": allowed}
            for entry, leave, allowed in layout.MOVEMENTS
        ],
        "signal_heads": [_head(head) for head in layout.HEADS],
    }
    revision = scaled(
        CameraRevision.model_validate_json(json.dumps(stated)),
        (CAMERA.width_px, CAMERA.height_px),
        (camera.width_px, camera.height_px),
    )
    document: dict[str, Any] = revision.model_dump(mode="json")
    return document


def _px(x_m: float, y_m: float) -> list[float]:
    u, v = pixel(x_m, y_m)
    return [round(u, 2), round(v, 2)]


def _polygon(points: tuple[Point, ...]) -> list[list[float]]:
    """Of an area without notches, as much as the picture shows: a mark lies in the picture."""
    right, bottom = CAMERA.width_px, CAMERA.height_px
    picture = np.array([(0, 0), (right, 0), (right, bottom), (0, bottom)], np.float32)
    area = np.array([pixel(*point) for point in points], np.float32)
    _, cut = cv2.intersectConvexConvex(area, picture)
    return [[round(float(u), 2), round(float(v), 2)] for u, v in cut[:, 0]]


def _calibration() -> dict[str, Any]:
    marks = [(x, y) for y in (14.0, 30.0, 55.0) for x in (-7.0, 0.0, 7.0)]
    return {
        "control_points": [{"image_px": _px(x, y), "ground_m": [x, y]} for x, y in marks],
        "ground_u95_m": 0.03,
        "length_scale_u95": 0.004,
        "camera_height_m": CAMERA.height_m,
    }


def _zone() -> dict[str, Any]:
    lanes = (("away-1", AWAY_1), ("away-2", AWAY_2), ("towards-1", TOWARDS_1),
             ("towards-2", TOWARDS_2), ("bus", BUS_LANE))  # fmt: skip
    half = LANE_M / 2
    return {
        "entry_y_m": layout.ZONE_ENTRY_M,
        "exit_y_m": layout.ZONE_EXIT_M,
        "lanes": [
            {"name": name, "from_x_m": middle - half, "to_x_m": middle + half}
            for name, middle in lanes
        ],
    }


def _stop_line() -> dict[str, Any]:
    """From right to left in the picture: traffic that drives away crosses it from left to right."""
    y = layout.STOP_LINE_M
    return {"name": "stop", "kind": "stop", "from_px": _px(layout.HALF_ROAD_M - 0.2, y),
            "to_px": _px(0.1, y)}  # fmt: skip


def _gates() -> list[dict[str, Any]]:
    return [
        {"name": gate.name, "kind": "gate", "from_px": _px(*gate.from_m), "to_px": _px(*gate.to_m)}
        for gate in layout.GATES
    ]


def _region(name: str, kind: str, points: tuple[Point, ...], **scope: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind, "polygon_px": _polygon(points), **scope}


def _regions() -> list[dict[str, Any]]:
    return [
        _region("bays", "no_stopping", layout.corners(layout.NO_STOPPING_M)),
        _region("kerbside", "parking", layout.corners(layout.KERBSIDE_PARKING_M)),
        _region("branch", "no_entry", layout.corners(layout.NO_ENTRY_M)),
        _region("turn", "turn_on_red", layout.TURN_ON_RED_M),
    ]


def _lane(name: str, area: Rectangle, **scope: Any) -> dict[str, Any]:
    """Its direction is that of its middle line, as far as the picture shows it."""
    left, near, right, far = area
    middle = [_px((left + right) / 2, y) for y in np.linspace(far, near, 50)]
    seen = [(u, v) for u, v in middle if 0 <= u <= CAMERA.width_px and 0 <= v <= CAMERA.height_px]
    return {"name": name, "polygon_px": _polygon(layout.corners(area)), "from_px": seen[0],
            "to_px": seen[-1], **scope}  # fmt: skip


def _lanes() -> list[dict[str, Any]]:
    """Those towards the camera, before the junction's crosswalk."""
    half, (_, near, _, far) = LANE_M / 2, layout.BUS_LANE_M
    return [
        _lane("towards-1", (TOWARDS_1 - half, near, TOWARDS_1 + half, far)),
        _lane("towards-2", (TOWARDS_2 - half, near, TOWARDS_2 + half, far)),
        _lane("bus", layout.BUS_LANE_M, vehicle_classes=["bus"]),
    ]


def _head(head: layout.Head) -> dict[str, Any]:
    radius = CAMERA.focal_px * layout.LAMP_RADIUS_M / head.foot_m[1]
    lamps = []
    for state in layout.LAMP_STATES:
        u, v = pixel(*layout.lamp_centre_m(head, state))
        left, top, side = round(u - radius, 1), round(v - radius, 1), round(2 * radius, 1)
        lamps.append(
            {"state": state, "x_px": left, "y_px": top, "width_px": side, "height_px": side}
        )
    return {
        "name": head.name,
        "stop_line": "stop",
        "lamps": lamps,
        "grace_ms": round(1000 * GRACE_S),
    }
