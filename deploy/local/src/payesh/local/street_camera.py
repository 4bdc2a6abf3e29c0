"""The synthetic camera as the services see it: an RTSP source with a surveyed revision."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from payesh.contracts.values import format_utc
from payesh.local.engines.ports import LOOPBACK, free_port, require_listener
from payesh.local.engines.process import Engine
from payesh.local.engines.secret_file import SecretFile, write_private
from payesh.local.street.truth import Truth
from payesh.local.verdict import TrueVehicle

_CERTIFICATE_LIFE = timedelta(days=365)


class CameraProcess(Engine):
    """An RTSP server that plays one file as a live camera, with Digest authentication.

    The film starts when the first client plays it, so that a run's truth is known in UTC.
    """

    name = "camera"
    ready_timeout_s = 20.0

    def __init__(
        self,
        data_dir: Path,
        film: Path,
        *,
        path: str = "street",
        loop: bool = False,
        arguments: Sequence[str] = (),
    ) -> None:
        self.film = film
        self.path = path
        self.loop = loop
        self._arguments = tuple(arguments)
        super().__init__(data_dir)
        self.state_file = self.data_dir / "camera.json"
        self.user = "payesh"
        self._secrets = SecretFile(self.data_dir / "secrets.json")

    def _draw_ports(self) -> None:
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"rtsp://{LOOPBACK}:{self.port}/{self.path}"

    @property
    def source(self) -> dict[str, str]:
        """What `ingest` needs to connect."""
        return {"url": self.url, "username": self.user, "password": self._secrets.get("password")}

    async def _prepare(self) -> None:
        write_private(self.data_dir / "password", self._secrets.get("password"))

    def _command(self) -> Sequence[str]:
        return [
            sys.executable, "-m", "payesh.local.camera",
            "--file", str(self.film.resolve()),
            "--port", str(self.port),
            "--path", self.path,
            "--user", self.user,
            "--password-file", str(self.data_dir / "password"),
            "--state-file", str(self.state_file),
            "--start", "first-play",
            "--at-end", "hold",
            *(["--loop"] if self.loop else []),
            *self._arguments,
        ]  # fmt: skip

    async def _answers(self) -> bool:
        await require_listener(self.port)
        return True

    def started_at(self) -> datetime | None:
        """The moment of the film's first frame (aware UTC), once a client has played it."""
        if not self.state_file.is_file():
            return None
        state = json.loads(self.state_file.read_text("utf-8"))
        text = state.get("started_at")
        return datetime.fromisoformat(text).astimezone(UTC) if text else None


def street_revision(truth: Truth, now: datetime, **changes: Any) -> dict[str, Any]:
    """The body of a camera's revision, as a surveyor would write it for this street."""
    revision: dict[str, Any] = {
        "name": "خیابان آزمون پایش",
        "county": truth.county,
        "road_class": truth.road_class,
        "place_class": truth.place_class,
        "location": {"latitude": 35.577, "longitude": 53.395},
        "source_kind": "rtsp",
        "width_px": truth.camera.width_px,
        "height_px": truth.camera.height_px,
        "speed_limit_kmh": truth.speed_limit_kmh,
        "detection": {"kind": "motion", "model": None},
        "calibration": {
            "control_points": [
                {"image_px": [point.u_px, point.v_px], "ground_m": [point.x_m, point.y_m]}
                for point in truth.control_points
            ],
            "ground_u95_m": 0.02,
            "length_scale_u95": 0.003,
            "camera_height_m": truth.camera.height_m,
        },
        "zone": {
            "entry_y_m": truth.road.entry_line_m,
            "exit_y_m": truth.road.exit_line_m,
            "lanes": [
                {
                    "name": str(lane),
                    "from_x_m": truth.road.lane_centre_m(lane) - truth.road.lane_width_m / 2,
                    "to_x_m": truth.road.lane_centre_m(lane) + truth.road.lane_width_m / 2,
                }
                for lane in range(1, truth.road.lanes + 1)
            ],
        },
        "certificate": {
            "number": "TEST-STREET-1",
            "issued_by": "خیابان آزمون پایش (گواهی آزمایشی)",
            "valid_from": format_utc(now - timedelta(days=1)),
            "valid_to": format_utc(now + _CERTIFICATE_LIFE),
        },
    }
    return {**revision, **changes}


def true_vehicles(truth: Truth, started_at: datetime) -> list[TrueVehicle]:
    """The street's truth in UTC."""
    return [
        TrueVehicle(
            vehicle_id=vehicle.vehicle_id,
            lane=str(vehicle.lane),
            plate=vehicle.plate,
            speed_kmh=vehicle.speed_kmh,
            exits_at=started_at + timedelta(seconds=vehicle.exit_s),
        )
        for vehicle in truth.vehicles
    ]
