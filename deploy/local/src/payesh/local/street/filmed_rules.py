"""The street's film as one that rules are measured on: its camera, and who exceeded the limit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import format_utc
from payesh.local.rules_truth import (
    BOXES_EVERY_S,
    CAMERA_NAME,
    RULES_NAME,
    Box,
    BrokenRule,
    TrueVehicle,
    write_rules,
)
from payesh.local.street.traffic import BODIES, KMH_PER_MS, SpeedBand, VehicleClass
from payesh.local.street.truth import Truth, VehicleTruth
from payesh.local.street_camera import street_revision

_FILMED_AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


def write_filmed_rules(folder: Path, truth: Truth) -> None:
    """Write `camera.json` and `rules.json` beside the street's film."""
    stated = {
        "camera_id": f"street-{truth.seed}",
        "revision": 1,
        "created_at": format_utc(_FILMED_AT),
        **street_revision(truth, _FILMED_AT),
    }
    revision = CameraRevision.model_validate_json(json.dumps(stated))
    (folder / CAMERA_NAME).write_text(revision.model_dump_json(indent=1), "utf-8")
    write_rules(
        folder / RULES_NAME,
        film=folder.name,
        variant="street",
        first_frame_at=format_utc(_FILMED_AT),
        rules=["speeding"],
        vehicles=[_vehicle(each, truth) for each in truth.vehicles],
    )


def _vehicle(vehicle: VehicleTruth, truth: Truth) -> TrueVehicle:
    broke: tuple[BrokenRule, ...] = ()
    if vehicle.offence is not None:
        slight = vehicle.band == SpeedBand.MARGINAL
        broke = (BrokenRule(vehicle.offence, vehicle.entry_s, vehicle.exit_s, slight),)
    role = f"{vehicle.band}, {vehicle.speed_kmh:.1f} km/h"
    boxes = _boxes(vehicle, truth)
    return TrueVehicle(vehicle.vehicle_id, vehicle.vehicle_class, role, broke, boxes, vehicle.plate)


def _boxes(vehicle: VehicleTruth, truth: Truth) -> tuple[tuple[float, Box], ...]:
    body = BODIES[VehicleClass(vehicle.vehicle_class)]
    camera, road = truth.camera, truth.road
    x_m, half = road.lane_centre_m(vehicle.lane), body.width_m / 2
    speed_ms = vehicle.speed_kmh / KMH_PER_MS
    boxes = []
    for time_s in np.arange(
        vehicle.first_frame / truth.fps, vehicle.last_frame / truth.fps, BOXES_EVERY_S
    ):
        front_m = road.exit_line_m - speed_ms * (float(time_s) - vehicle.exit_s)
        corners = [
            (x_m + dx, max(front_m + dy, 4.0), z)
            for dx in (-half, half)
            for dy in (0.0, body.length_m)
            for z in (0.0, body.height_m)
        ]
        pixels = np.clip(
            camera.project(np.array(corners)), 0.0, (camera.width_px, camera.height_px)
        )
        (left, top), (right, bottom) = pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()
        if right - left > 2.0 and bottom - top > 2.0:
            boxes.append((float(time_s), (left, top, right, bottom)))
    return tuple(boxes)
