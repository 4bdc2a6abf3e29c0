"""A film watched by the command: what is written is what the observer publishes."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from payesh.contracts import EVENTS, DetectorHealthChanged, IncidentObserved
from payesh.contracts.schemas import CONTRACTS
from payesh.contracts.values import Box as PixelBox
from payesh.contracts.vocabulary import IncidentEnd
from payesh.detect.evaluation.annotated_film import annotate
from payesh.detect.evaluation.film_notices import notices_of
from payesh.detect.main import cli
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.conftest import CARS
from tests.unit.detect.segment_cutter import STARTED_AT

_EXAMPLES = CONTRACTS / "examples"
_INCIDENT = (_EXAMPLES / "detect.incident.observed.v1/valid-1.json").read_text("utf-8")
_CONDITION = (_EXAMPLES / "detect.detector.health-changed.v1/valid-1.json").read_text("utf-8")


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    path = tmp_path / "camera.json"
    path.write_text(box_revision().model_dump_json())
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_what_is_written_is_what_would_be_published(
    box_video: Path, camera: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, shots = tmp_path / "events.jsonl", tmp_path / "shots"
    annotated = tmp_path / "drawn.mp4"
    arguments = ["--camera", str(camera), "--out", str(out), "--shots", str(shots)]
    cli(["watch", str(box_video), *arguments, "--annotated", str(annotated)])
    summary = json.loads(capsys.readouterr().out)
    assert summary["passages"] == summary["counted"] == summary["speeds"] == len(CARS)
    assert summary["frames"] == summary["frames_looked_at"] == 350
    found = lines(out)
    for line in lines(out):
        EVENTS[line.pop("topic")].check_json(json.dumps(line))
    passages = [each for each in found if each["topic"] == "detect.passage.observed.v1"]
    for car, passage in zip(
        sorted(CARS, key=lambda each: each.exits_at_s),
        sorted(passages, key=lambda each: str(each["captured_at"])),
        strict=True,
    ):
        speed = passage["speed"]
        assert abs(speed["speed_kmh"] - car.speed_kmh) <= speed["speed_u95_kmh"]
        assert all((shots / shot["crop"]["key"]).is_file() for shot in passage["shots"])
    with av.open(str(box_video)) as plain, av.open(str(annotated)) as drawn:
        pairs = list(zip(plain.decode(video=0), drawn.decode(video=0), strict=True))
        assert [round(a.time or 0, 3) for a, _ in pairs] == [
            round(b.time or 0, 3) for _, b in pairs
        ]
        marked = [(_green(a), _green(b)) for a, b in pairs[::25]]
    assert not any(plain for plain, _ in marked)
    assert max(drawn for _, drawn in marked) > 100


def _green(frame: av.VideoFrame) -> int:
    """Pixels in the colour of a passage's box."""
    blue, green, red = np.moveaxis(frame.to_ndarray(format="bgr24").astype(int), 2, 0)
    return int(np.count_nonzero((green > 180) & (blue < 130) & (red < 130)))


def test_incidents_are_drawn_from_when_they_are_raised_until_they_have_ended(
    box_video: Path, tmp_path: Path
) -> None:
    out, began_at = tmp_path / "drawn.mp4", STARTED_AT + timedelta(seconds=1)
    raised = IncidentObserved.model_validate_json(_INCIDENT).model_copy(
        update={
            "began_at": began_at,
            "captured_at": STARTED_AT + timedelta(seconds=3),
            "ended_at": None,
            "ended_by": None,
            "box": PixelBox(x_px=500.0, y_px=200.0, width_px=60.0, height_px=40.0),
        }
    )
    ended = raised.model_copy(
        update={
            "captured_at": STARTED_AT + timedelta(seconds=6),
            "ended_at": STARTED_AT + timedelta(seconds=5),
            "ended_by": IncidentEnd.CLEARED,
        }
    )
    lasts, over = notices_of([raised, ended], STARTED_AT)
    assert (lasts.from_s, lasts.to_s, over.from_s) == (3.0, 6.0, 6.0)
    assert f"{raised.incident} lane {raised.lane} since 1.0 s" in lasts.text
    assert over.text.endswith("ended: cleared")
    assert notices_of([raised], STARTED_AT)[0].shows_at(1e6), "it lasts"
    frames = annotate(box_video, out, box_revision(), {}, [raised, ended], STARTED_AT)
    assert sum(1 for _ in frames) == 350
    with av.open(str(out)) as drawn:
        shown = {
            round(frame.time or 0.0, 2): frame.to_ndarray(format="bgr24")[203:237, 492:498]
            for frame in drawn.decode(video=0)
        }
    assert {time_s for time_s in (2.96, 3.04, 5.96) if _is_orange(shown[time_s])} == {3.04, 5.96}
    assert not _is_orange(shown[6.04])


def test_self_checks_are_drawn_from_when_they_are_raised_until_they_are_cleared() -> None:
    changed = DetectorHealthChanged.model_validate_json(_CONDITION)
    raised = changed.model_copy(update={"raised": True, "changed_at": STARTED_AT})
    cleared = raised.model_copy(
        update={"raised": False, "changed_at": STARTED_AT + timedelta(seconds=9)}
    )
    lasts, over = notices_of([raised, cleared], STARTED_AT)
    assert (lasts.from_s, lasts.to_s, lasts.box) == (0.0, 9.0, None)
    assert lasts.text == f"detector: {changed.condition}"
    assert over.text == f"detector: {changed.condition} ended: cleared"


def _is_orange(picture: Any) -> bool:
    blue, _, red = np.moveaxis(picture.astype(int), 2, 0)
    return bool(np.mean(red - blue) > 60)


def test_without_a_camera_vehicles_are_counted_and_nothing_is_measured(
    box_video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    motion = tmp_path / "motion.json"
    motion.write_text('{"detection": {"kind": "motion"}}')
    out = tmp_path / "events.jsonl"
    cli(["watch", str(box_video), "--camera", str(motion), "--out", str(out)])
    summary = json.loads(capsys.readouterr().out)
    assert summary["speeds"] == 0 and summary["counted"] == len(CARS)
    assert all(each.get("speed") is None for each in lines(out))


def test_what_cannot_be_watched_is_refused_with_the_reason(
    box_video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junk, camera = tmp_path / "junk.mp4", tmp_path / "camera.json"
    junk.write_bytes(b"no film" * 100)
    out = ["--out", str(tmp_path / "events.jsonl")]
    camera.write_text('{"county": 7}')
    unknown = tmp_path / "unknown.json"
    unknown.write_text('{"detection": {"kind": "onnx", "model": "nowhere"}}')
    for arguments, said in (
        ([str(junk)], "junk.mp4"),
        ([str(tmp_path / "none.mp4")], "none.mp4"),
        ([str(box_video), "--camera", str(camera)], "county"),
        ([str(box_video), "--camera", str(unknown)], "nowhere"),
    ):
        with pytest.raises(SystemExit) as stopped:
            cli(["watch", *arguments, *out])
        assert stopped.value.code == 2
        assert said in capsys.readouterr().err


def test_the_cost_of_watching_is_measured_beside_decoding(
    box_video: Path, camera: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--camera", str(camera), "--cameras", "1", "2", "--segments", "2"]
    cli(["bench", str(box_video), *arguments])
    report = json.loads(capsys.readouterr().out)
    assert report["decode_only"] > 0
    assert report["network"]["frame_stride"] == 3
    for way in ("motion", "network"):
        for cameras in ("1", "2"):
            assert report[way][cameras]["ratio_to_decode"] > 1
            assert report[way][cameras]["memory_mib_a_camera"] >= 0
