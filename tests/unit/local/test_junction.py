"""The junction's films show each offence and what looks like it; their truth is what happened."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.domain.rules.registry import armed
from payesh.detect.domain.signals import has_colour
from payesh.detect.evaluation.rule_films import RuleFilm, films_in
from payesh.detect.frames import Frame
from payesh.detect.vision.lamps import look_at
from payesh.detect.vision.scenes import scene_of
from payesh.ingest.handlers.marks import require_sound_marks
from payesh.local.junction import ways
from payesh.local.junction.actors import Actor, Fleet
from payesh.local.junction.camera_document import camera_document
from payesh.local.junction.drawing import JunctionDrawing, Place
from payesh.local.junction.layout import CAMERA, LAMP_STATES, SHARP_CAMERA, STOP_LINE_M
from payesh.local.junction.motion import Drive
from payesh.local.junction.offences import offences_of
from payesh.local.junction.production import RULES, true_vehicles
from payesh.local.junction.script import Script, write_script
from payesh.local.junction.signal import CYCLE_S, RED_FROM_S, lamp_at
from payesh.local.junction_camera import junction_revision
from payesh.local.street.filmed_rules import write_filmed_rules
from payesh.local.street.geometry import PinholeCamera, Road
from payesh.local.street.traffic import TrafficPlan, generate_traffic
from payesh.local.street.truth import ground_truth

TEMPTING = {
    "on amber": "red_light",
    "grace": "red_light",
    "turns right at red": "red_light",
    "stops": "stop_line",
    "reverses": "wrong_way",
    "leaves the branch": "no_entry",
    "overtakes over the bus lane's edge": "special_lane",
    "bus in the bus lane": "special_lane",
    "parks across the bus lane": "special_lane",
    "turns right": "forbidden_turn",
    "limit speed": "speeding",
}
"""Lawful manoeuvres, and the rule that each looks like breaking."""


@pytest.fixture(scope="module", params=[1, 2])
def script(request: pytest.FixtureRequest) -> Script:
    return write_script(request.param)


def broken(actor: Actor, script: Script) -> list[str]:
    return [each.rule for each in offences_of(actor, script.duration_s)]


def test_every_rule_is_broken_and_every_temptation_resisted(script: Script) -> None:
    found = Counter(rule for actor in script.actors for rule in broken(actor, script))
    assert set(found) == set(RULES)
    assert all(count >= 3 for rule, count in found.items() if rule != "forbidden_stopping")
    roles = {actor.role for actor in script.actors}
    assert set(TEMPTING) <= roles
    for actor in script.actors:
        if actor.role in TEMPTING:
            assert broken(actor, script) == [], actor.role


def test_equal_seeds_make_equal_films_and_the_first_cycle_is_lawful(script: Script) -> None:
    again = write_script(script.seed)
    assert [actor.vehicle for actor in again.actors] == [actor.vehicle for actor in script.actors]
    for mine, other in zip(script.actors, again.actors, strict=True):
        assert np.array_equal(
            mine.placed(mine.begins_s + 5.0)[0], other.placed(other.begins_s + 5.0)[0]
        )
    vehicles = true_vehicles(script)
    begins = [each.from_s for v in vehicles for each in v.broke]
    assert min(begins) > CYCLE_S
    assert len({vehicle.vehicle_id for vehicle in vehicles}) == len(vehicles)


@pytest.mark.parametrize(
    ("after_red_s", "rules"), [(-0.2, []), (0.4, []), (0.7, ["red_light"]), (9.0, ["red_light"])]
)
def test_a_red_light_is_run_once_its_grace_is_over(after_red_s: float, rules: list[str]) -> None:
    way = ways.AHEAD["1"]
    drive = Drive(CYCLE_S + RED_FROM_S + after_red_s, way.reaching(y=STOP_LINE_M), 10.0)
    vehicle = Fleet(np.random.default_rng(3)).make()
    actor = Actor(vehicle, way, drive, "drawn here", 0.0, 100.0)
    assert [each.rule for each in offences_of(actor, 100.0)] == rules


def test_a_vehicle_brakes_stands_and_goes_on_without_a_jump() -> None:
    drive = Drive(0.0, 0.0, 10.0).stop_at(40.0)
    stands_at_s = drive.ends_at_s
    drive.stand_until(stands_at_s + 5.0).go(8.0)
    times = np.arange(0.0, 40.0, 0.01)
    way, speeds = drive.at(times)
    assert np.abs(np.diff(way)).max() < 0.11
    assert np.abs(np.gradient(way, times) - speeds).max() < 0.2
    assert way[times < stands_at_s].max() <= 40.0 + 1e-6
    assert drive.at(stands_at_s + 2.0)[0] == pytest.approx(40.0)


def test_the_camera_arms_what_its_truth_knows() -> None:
    revision = CameraRevision.model_validate_json(json.dumps(camera_document("junction")))
    assert {kind.name for kind in armed(scene_of(revision))} == set(RULES)


def test_ingest_registers_it_as_a_live_camera() -> None:
    now = datetime.now(UTC)
    stated = CameraRevision.model_validate_json(json.dumps(camera_document("junction")))
    film = RuleFilm("junction", "day", Path("film.mp4"), stated, now, RULES, ())
    body = junction_revision(film, now)
    registered = {"camera_id": "junction", "revision": 1, "created_at": "2026-05-04T08:00:00Z"}
    revision = CameraRevision.model_validate_json(json.dumps({**body, **registered}))
    require_sound_marks(revision)
    assert revision.source_kind == "rtsp"
    assert {kind.name for kind in armed(scene_of(revision))} == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_the_sharp_camera_shows_the_plate_of_an_offender_of_each_rule(rule: str) -> None:
    """At 50 px and more a plate of a drawn vehicle is read; at 20 to 40 px it is not."""
    script = write_script(1, cycles=8)
    widest = 0.0
    for actor in script.actors:
        if rule in broken(actor, script):
            times = np.arange(max(actor.begins_s, 0.0), min(actor.ends_s, script.duration_s), 0.2)
            fronts, headings, _ = actor.placed(times)
            boxes = [
                Place(actor, *each).box_px(SHARP_CAMERA)
                for each in zip(fronts, headings, strict=True)
            ]
            nearest = [front[1] for front, box in zip(fronts, boxes, strict=True) if whole(box)]
            widest = max(widest, 0.52 * SHARP_CAMERA.focal_px / min(nearest))
    assert widest > 50.0


def whole(box: tuple[float, float, float, float] | None) -> bool:
    """Whether no border of the sharp camera's picture cuts it."""
    if box is None:
        return False
    (left, top, right, bottom), camera = box, SHARP_CAMERA
    return left > 2 and top > 2 and right < camera.width_px - 2 and bottom < camera.height_px - 2


def test_the_sharp_camera_marks_the_same_places() -> None:
    plain, sharp = camera_document("junction"), camera_document("junction", SHARP_CAMERA)
    assert sharp["width_px"] == 2 * plain["width_px"]
    pairs = zip(plain["lines"], sharp["lines"], strict=True)
    assert all(np.allclose(2 * np.array(a["from_px"]), b["from_px"]) for a, b in pairs)
    revision = CameraRevision.model_validate_json(json.dumps(sharp))
    require_sound_marks(revision)
    assert {kind.name for kind in armed(scene_of(revision))} == set(RULES)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["day", "night"])
def test_lamps_are_drawn_where_the_camera_has_them_marked(variant: str) -> None:
    scene = scene_of(CameraRevision.model_validate_json(json.dumps(camera_document("junction"))))
    drawing = JunctionDrawing(1, variant, 1)
    for number in (20, 160, 200):
        planes = drawing.draw_yuv(number)
        height, width = CAMERA.height_px, CAMERA.width_px
        chroma = planes[height:].reshape(2, height // 2, width // 2)
        frame = Frame(np.ascontiguousarray(planes[:height]), chroma[0], chroma[1], 0.0)
        lit = lamp_at(number / 10)
        for head in scene.signal_heads.values():
            looks = {lamp.state: look_at(frame, lamp.box) for lamp in head.lamps}
            assert has_colour(lit, looks[lit])
            dark = [looks[state].saturation for state in LAMP_STATES if state != lit]
            assert looks[lit].saturation > 2.0 * max(dark)


def test_the_streets_film_is_one_that_rules_are_measured_on(tmp_path: Path) -> None:
    camera, road = PinholeCamera(), Road()
    vehicles = generate_traffic(1, TrafficPlan(), road)
    truth = ground_truth(1, vehicles, camera, road, fps=25, frames=4000)
    write_filmed_rules(tmp_path, truth)
    (tmp_path / "street.mp4").touch()
    [film] = films_in(tmp_path)
    assert "speeding" in {kind.name for kind in armed(scene_of(film.revision))}
    broken = {each.vehicle_id: each.offences for each in film.vehicles if each.offences}
    assert set(broken) == {v.vehicle_id for v in truth.vehicles if v.offence is not None}
    for vehicle in film.vehicles:
        passed = next(v for v in truth.vehicles if v.vehicle_id == vehicle.vehicle_id)
        assert vehicle.times_s[0] <= passed.entry_s < passed.exit_s <= vehicle.times_s[-1] + 0.2
