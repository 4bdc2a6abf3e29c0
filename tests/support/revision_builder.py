"""Builds camera revisions; each argument has a lawful default."""

from datetime import UTC, datetime
from typing import Any

from payesh.contracts.camera_revision import (
    CameraRevision,
    Detection,
    Lamp,
    Location,
    MarkedLine,
    SignalHead,
    SourceKind,
)
from payesh.contracts.values import PlaceClass, RoadClass
from payesh.contracts.vocabulary import DetectorKind, LampState, LineKind

STOP_LINE = MarkedLine(
    name="stop-1", kind=LineKind.STOP, from_px=(40.0, 300.0), to_px=(600.0, 300.0)
)
SIGNAL_HEAD = SignalHead(
    name="head-1",
    stop_line=STOP_LINE.name,
    lamps=(Lamp(state=LampState.RED, x_px=600.0, y_px=20.0, width_px=12.0, height_px=12.0),),
    grace_ms=500,
)


def revision(**changes: Any) -> CameraRevision:
    """A camera on a boulevard of Semnan, limit 60 km/h, with a stop line under a signal."""
    lawful: dict[str, Any] = {
        "camera_id": "camera-1",
        "revision": 1,
        "created_at": datetime(2026, 11, 1, tzinfo=UTC),
        "name": "سمنان، بلوار امام رضا",
        "county": "semnan",
        "road_class": RoadClass.MAIN_ARTERIAL,
        "place_class": PlaceClass.A,
        "location": Location(latitude=35.577, longitude=53.395),
        "source_kind": SourceKind.RTSP,
        "width_px": 640,
        "height_px": 360,
        "speed_limit_kmh": 60.0,
        "detection": Detection(kind=DetectorKind.MOTION),
        "calibration": None,
        "zone": None,
        "certificate": None,
        "lines": (STOP_LINE,),
        "signal_heads": (SIGNAL_HEAD,),
    }
    return CameraRevision(**{**lawful, **changes})
