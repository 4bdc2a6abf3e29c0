"""Marks that do not fit the picture or each other are refused, each fault by its field."""

import doctest
import json
from typing import Any

import pytest

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.schemas import CONTRACTS
from payesh.ingest.domain import picture_geometry
from payesh.ingest.errors import BadMarks
from payesh.ingest.handlers.marks import require_sound_marks

EXAMPLE = json.loads(
    (CONTRACTS / "documents/camera-revision.v1.example.json").read_text(encoding="utf-8")
)


def revision(path: str = "", value: Any = None) -> CameraRevision:
    """The published example, one of its fields changed: `lines/0/kind`."""
    document = json.loads(json.dumps(EXAMPLE))
    *ways, last = path.split("/") if path else [""]
    place = document
    for way in ways:
        place = place[int(way) if way.isdecimal() else way]
    if last:
        place[int(last) if last.isdecimal() else last] = value
    return CameraRevision.model_validate_json(json.dumps(document))


def faults(checked: CameraRevision) -> dict[str, str]:
    with pytest.raises(BadMarks) as caught:
        require_sound_marks(checked)
    return {each["field"]: each["fault"] for each in caught.value.extra["errors"]}


def test_the_published_example_and_a_revision_without_marks_are_sound() -> None:
    require_sound_marks(revision())
    bare = {name: EXAMPLE[name] for name in EXAMPLE if not isinstance(EXAMPLE[name], list)}
    require_sound_marks(CameraRevision.model_validate_json(json.dumps(bare)))


@pytest.mark.parametrize(
    ("path", "value", "field", "fault"),
    [
        ("lines/1/name", "stop north", "lines/1/name", "the name is used twice"),
        ("lines/0/to_px", [400, 700], "lines/0/to_px", "the same point as from_px"),
        ("lines/0/to_px", [900, 2000], "lines/0/to_px", "outside the picture"),
        ("lines/0/to_px", [-1, 7], "lines/0/to_px", "outside the picture"),
        ("lines/2/kind", "wall", "lines/2/kind", "not one of stop, gate, centre, measurement"),
        ("regions/0/polygon_px/2", [9000, 7], "regions/0/polygon_px/2", "outside the picture"),
        ("regions/0/polygon_px", [[0, 0], [1, 1], [2, 2]], "regions/0/polygon_px",
         "encloses no area"),
        ("regions/0/polygon_px", [[0, 0], [1, 1], [0, 0]], "regions/0/polygon_px",
         "encloses no area"),
        ("regions/0/schedule", "holidays", "regions/0/schedule", "no schedule has this name"),
        ("regions/0/vehicle_classes", ["tank"], "regions/0/vehicle_classes/0",
         "not one of car, van, bus, truck, motorcycle, bicycle, unknown"),
        ("lanes/0/to_px", [1020, 1000], "lanes/0/to_px", "the same point as from_px"),
        ("movements/0/entry", "stop north", "movements/0/entry",
         "no line of kind gate has this name"),
        ("movements/0/exit", "exit east", "movements/0/exit",
         "no line of kind gate has this name"),
        ("signal_heads/0/stop_line", "entry north", "signal_heads/0/stop_line",
         "no line of kind stop has this name"),
        ("signal_heads/0/lamps/0/width_px", 5000, "signal_heads/0/lamps/0/width_px",
         "outside the picture"),
        ("signal_heads/0/lamps/0/state", "blue", "signal_heads/0/lamps/0/state",
         "not one of red, amber, green, off, not_seen"),
        ("limits/0/lanes", ["bus lane", "lane 9"], "limits/0/lanes/1", "no lane has this name"),
        ("schedules/0/time_zone", "Asia/Atlantis", "schedules/0/time_zone",
         "not a time zone of the IANA database"),
        ("schedules/0/time_zone", "../../etc/passwd", "schedules/0/time_zone",
         "not a time zone of the IANA database"),
        ("width_px", None, "width_px", "marks need the size of the picture"),
        ("stretches/0/exit_line", "exit west", "stretches/0/exit_line",
         "no line of kind measurement has this name"),
        ("stretches/0/entry_line/kind", "gate", "stretches/0/entry_line/kind",
         "not a line of kind measurement"),
        ("stretches/0/entry_line/to_px", [520.0, 640.0], "stretches/0/entry_line/to_px",
         "the same point as from_px"),
        ("stretches/0/entry_camera_id", "smn-imam-01", "stretches/0/entry_camera_id",
         "the camera itself: a stretch begins at another one"),
        ("stretches/0/valid_to", "2026-03-21T00:00:00.000000Z", "stretches/0/valid_to",
         "not after valid_from"),
        ("detection/kind", "motion", "incidents/queue_m",
         "nothing that stands is seen by a detector of kind motion"),
        ("incidents/pedestrian_s", 5.0, "incidents/pedestrian_s",
         "no region of kind carriageway is marked"),
        ("stretches/0/way_u95_m", 1076.2, "stretches/0/way_u95_m", "as long as the way itself"),
    ],
)  # fmt: skip
def test_a_mark_that_does_not_fit_is_named(path: str, value: Any, field: str, fault: str) -> None:
    assert faults(revision(path, value))[field] == fault


def test_a_limit_may_hold_in_a_lane_of_the_measured_zone() -> None:
    zone = {
        "entry_y_m": 1.0,
        "exit_y_m": 9.0,
        "lanes": [{"name": "left", "from_x_m": 0.0, "to_x_m": 3.0}],
    }
    document = {**EXAMPLE, "zone": zone, "limits": [{"speed_limit_kmh": 50, "lanes": ["left"]}]}
    require_sound_marks(CameraRevision.model_validate_json(json.dumps(document)))


def test_every_fault_is_reported_at_once() -> None:
    document = {**EXAMPLE, "lines": [], "schedules": []}
    assert set(faults(CameraRevision.model_validate_json(json.dumps(document)))) == {
        "movements/0/entry", "movements/0/exit", "signal_heads/0/stop_line",
        "regions/0/schedule", "limits/0/schedule", "stretches/0/exit_line",
    }  # fmt: skip


def test_the_examples_of_the_geometry_hold() -> None:
    outcome = doctest.testmod(picture_geometry)
    assert (outcome.failed, outcome.attempted) == (0, 2)
