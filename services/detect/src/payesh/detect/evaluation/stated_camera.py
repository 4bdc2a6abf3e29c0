"""The camera of a film: a revision in whole or in part, or none stated at all."""

import json
from pathlib import Path
from typing import Any

import av
from pydantic import ValidationError

from payesh.contracts.camera_revision import CameraRevision

_UNSTATED: dict[str, Any] = {
    "camera_id": "film",
    "revision": 1,
    "created_at": "2026-01-01T00:00:00Z",
    "name": "film",
    "county": "unknown",
    "road_class": "main_arterial",
    "place_class": "A",
    "location": {"latitude": 0.0, "longitude": 0.0},
    "source_kind": "recordings",
    "speed_limit_kmh": None,
    "detection": {"kind": "onnx"},
    "calibration": None,
    "zone": None,
    "certificate": None,
}


class UnsuitableCamera(ValueError):
    """The file is no camera's revision."""


def camera_of(film: Path, camera: Path | None) -> CameraRevision:
    """The revision in the file `camera`; what it leaves out, or everything without a file, is an
    uncalibrated camera of the film's size whose vehicles are found by the packaged network.

    Raises UnsuitableCamera, OSError.
    """
    with av.open(str(film)) as container:
        if not container.streams.video:
            raise OSError(f"{film} has no video")
        stream = container.streams.video[0]
        size = {"width_px": stream.width, "height_px": stream.height}
    stated: dict[str, Any] = {}
    if camera is not None:
        try:
            stated = json.loads(camera.read_text("utf-8"))
        except ValueError as error:
            raise UnsuitableCamera(f"{camera}: not JSON: {error}") from error
        if not isinstance(stated, dict):
            raise UnsuitableCamera(f"{camera}: not a JSON object")
    try:
        return CameraRevision.model_validate_json(json.dumps(_UNSTATED | size | stated))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UnsuitableCamera(f"{camera}: {field}: {first['msg']}") from error
