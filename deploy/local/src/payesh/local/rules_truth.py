"""Truth of the rules for a rendered film: what each vehicle broke, and where it is in each moment.

This is what `payesh-detect evaluate-rules` reads beside a film and its camera: `rules.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VIDEO_NAME, RULES_NAME, CAMERA_NAME = "film.mp4", "rules.json", "camera.json"
BOXES_EVERY_S = 0.2

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that a vehicle broke, between two moments in seconds since the first frame. Of a
    `marginal` one, neither a finding nor none is a fault."""

    rule: str
    from_s: float
    to_s: float
    marginal: bool = False


@dataclass(frozen=True, slots=True)
class TrueVehicle:
    """A vehicle: why it is in the film, what it broke, and its boxes (left, top, right, bottom in
    pixels) by seconds since the first frame. `plate` is its plate's text, where it is known."""

    vehicle_id: str
    vehicle_class: str
    role: str
    broke: tuple[BrokenRule, ...]
    boxes: tuple[tuple[float, Box], ...]
    plate: str | None = None


def write_rules(
    path: Path, *, film: str, variant: str, first_frame_at: str, rules: Iterable[str],
    vehicles: Iterable[TrueVehicle],
) -> None:  # fmt: skip
    """Write a film's truth. `rules` are those that the film shows; `first_frame_at` is in UTC."""
    document: dict[str, Any] = {
        "film": film,
        "variant": variant,
        "first_frame_at": first_frame_at,
        "rules": sorted(rules),
        "vehicles": [
            {
                "vehicle_id": vehicle.vehicle_id,
                "vehicle_class": vehicle.vehicle_class,
                "role": vehicle.role,
                "plate": vehicle.plate,
                "broke": [
                    {
                        "rule": each.rule,
                        "from_s": round(each.from_s, 2),
                        "to_s": round(each.to_s, 2),
                        "marginal": each.marginal,
                    }
                    for each in vehicle.broke
                ],
                "boxes": [
                    [round(time_s, 2), *(round(side, 1) for side in box)]
                    for time_s, box in vehicle.boxes
                ],
            }
            for vehicle in vehicles
        ],
    }
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), "utf-8")
