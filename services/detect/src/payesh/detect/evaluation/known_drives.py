"""A calibration beside drives of known speed: the only check that sees the height of what is
followed, and a tape that is wrong throughout."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from payesh.detect.domain.known_drives import MeasuredDrive, shown_length_scale_u95
from payesh.detect.domain.speed import SpeedEstimate

_DEFAULT_U95_KMH = 0.5


class UnsuitableDrives(ValueError):
    """The file of drives cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class KnownDrive:
    """A drive whose speed a reference measured, and which track shows it."""

    track_id: str
    known_kmh: float
    known_u95_kmh: float


def read_drives(path: Path) -> list[KnownDrive]:
    """CSV with `track_id,known_kmh` and, where it is known, `known_u95_kmh` (0.5 otherwise).

    Raises UnsuitableDrives, OSError.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        drives = [
            KnownDrive(
                row["track_id"],
                float(row["known_kmh"]),
                float(row.get("known_u95_kmh") or _DEFAULT_U95_KMH),
            )
            for row in rows
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise UnsuitableDrives(f"{path} needs the columns track_id,known_kmh: {error}") from error
    if not drives or not all(each.known_kmh > 0 for each in drives):
        raise UnsuitableDrives(f"{path} needs drives with a speed above 0")
    return drives


def compared(
    drives: Sequence[KnownDrive], speeds: Mapping[int | str, SpeedEstimate]
) -> dict[str, Any]:
    """Each drive's error and E_n number (ISO 13528: beyond ±1 the two intervals disagree), the
    median ratio, and the uncertainty of lengths that the drives show.

    Raises UnsuitableDrives when no drive has a speed.
    """
    by_name = {str(track_id): speed for track_id, speed in speeds.items()}
    rows: list[dict[str, Any]] = []
    found: list[MeasuredDrive] = []
    for drive in drives:
        speed = by_name.get(drive.track_id)
        if speed is None:
            rows.append({"track_id": drive.track_id, "measured_kmh": None})
            continue
        measured = MeasuredDrive(
            drive.known_kmh, drive.known_u95_kmh, speed.speed_kmh, speed.speed_u95_kmh
        )
        found.append(measured)
        rows.append(
            {
                "track_id": drive.track_id,
                "known_kmh": drive.known_kmh,
                "measured_kmh": round(speed.speed_kmh, 2),
                "u95_kmh": round(speed.speed_u95_kmh, 2),
                "error_kmh": round(measured.error_kmh, 2),
                "e_n": round(measured.e_n, 2),
            }
        )
    if not found:
        raise UnsuitableDrives("no drive has a track with a speed")
    shown = shown_length_scale_u95(found)
    return {
        "drives": rows,
        "median_ratio": round(float(np.median([each.ratio for each in found])), 4),
        "shown_length_scale_u95": None if shown is None else round(shown, 5),
        "agrees": all(abs(row["e_n"]) <= 1 for row in rows if row["measured_kmh"] is not None),
    }
