"""`payesh-detect evaluate-rules FOLDER`: violations found in films whose offences are known."""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from tqdm import tqdm

from payesh.detect.adapters.models import ModelFolder
from payesh.detect.domain.rules.finding import Quantity
from payesh.detect.evaluation.contact_sheet import write_sheet
from payesh.detect.evaluation.observed_film import observed
from payesh.detect.evaluation.rule_figures import (
    Fault,
    FilmFigures,
    FoundViolation,
    RuleFigures,
    compared,
)
from payesh.detect.evaluation.rule_films import RuleFilm, UnsuitableFilm, films_in
from payesh.detect.frames import Bytes
from payesh.detect.vision.observations import ObservedPassage, ObservedViolation
from payesh.kit.errors import MessageFault

_EVERYTHING = "all"
_MOST_TILES = 48
_COLOURS = {"false": (60, 60, 255), "twice": (60, 160, 255), "missed": (80, 220, 80)}


@dataclass(frozen=True, slots=True)
class _Watched:
    """A film with what the observer found in it."""

    film: RuleFilm
    passages: int
    violations: tuple[FoundViolation, ...]


def evaluate_rules(arguments: Sequence[str]) -> None:
    """Measure the rules on films. Exits with 2 for unsuitable arguments."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        films = films_in(given.folder)
        watched = _watch_all(films, given.models_folder, given.workers)
        if given.out is not None:
            _write(given.out, watched)
        report, faults = _reported(watched)
        if given.sheet is not None:
            tiles = [_tile(film, fault) for film, fault in faults[:_MOST_TILES]]
            write_sheet(given.sheet, tiles)
    except (UnsuitableFilm, MessageFault, OSError) as error:
        parser.error(str(error))
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
    _tell(report)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="payesh-detect evaluate-rules",
        description="Watch each film of a folder with the observer as it runs in production, and "
        "compare the violations with what the vehicles really broke. A film is a folder with "
        "camera.json, one video, and rules.json. Prints JSON: precision and recall by rule, film "
        "and variant, and every fault with its vehicle and moment.",
    )
    parser.add_argument("folder", type=Path, help="films, each in a folder of its own")
    parser.add_argument(
        "--out", type=Path, metavar="JSONL", help="write the violations; needs no rules.json"
    )
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="write a picture of each fault")
    parser.add_argument("--models-folder", type=Path, help="where models are looked for by name")
    parser.add_argument("--workers", type=int, default=1, help="films watched at a time")
    return parser


def _watch_all(
    films: Sequence[RuleFilm], models_folder: Path | None, workers: int
) -> list[_Watched]:
    watch = partial(_watch, models_folder)
    progress = partial(tqdm, total=len(films), unit="film", disable=not sys.stderr.isatty())
    if workers <= 1 or len(films) == 1:
        return list(progress(map(watch, films)))
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return list(progress(pool.map(watch, films)))


def _watch(models_folder: Path | None, film: RuleFilm) -> _Watched:
    """Raises OSError, MessageFault."""
    passages, violations = 0, []
    for each in observed(film, ModelFolder(models_folder)):
        if isinstance(each, ObservedPassage):
            passages += 1
        elif isinstance(each, ObservedViolation):
            violations.append(found_in(film, each))
    return _Watched(film, passages, tuple(violations))


def found_in(film: RuleFilm, violation: ObservedViolation) -> FoundViolation:
    """A violation as it is compared with the film's truth."""
    boxes = violation.track.boxes if violation.track is not None else ()
    measurement = violation.measurement
    bound = measurement if isinstance(measurement, Quantity) else measurement.margin
    return FoundViolation(
        rule=violation.rule,
        at_s=(violation.captured_at - film.first_frame_at).total_seconds(),
        vehicle_class=violation.vehicle_class,
        lower_bound=bound.lower_bound,
        times_s=np.array([(b.frame_at - film.first_frame_at).total_seconds() for b in boxes]),
        boxes=np.array(
            [
                (b.box.x_px, b.box.y_px, b.box.x_px + b.box.width_px, b.box.y_px + b.box.height_px)
                for b in boxes
            ]
        ).reshape(-1, 4),
    )


def _write(path: Path, watched: Sequence[_Watched]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for each in watched:
            for found in each.violations:
                row = {
                    "film": each.film.name,
                    "rule": found.rule,
                    "at_s": round(found.at_s, 3),
                    "vehicle_class": found.vehicle_class,
                    "lower_bound": round(found.lower_bound, 3),
                    "boxes": [
                        [round(time_s, 3), *(round(side, 1) for side in box)]
                        for time_s, box in zip(
                            found.times_s.tolist(), found.boxes.tolist(), strict=True
                        )
                    ],
                }
                file.write(json.dumps(row) + "\n")


def _reported(watched: Sequence[_Watched]) -> tuple[dict[str, Any], list[tuple[RuleFilm, Fault]]]:
    everything: dict[str, RuleFigures] = {}
    variants: dict[str, dict[str, RuleFigures]] = {}
    films: dict[str, Any] = {}
    faults: list[tuple[RuleFilm, Fault]] = []
    for each in watched:
        figures = compared(each.film, each.violations) if each.film.vehicles else FilmFigures()
        for rule, row in figures.by_rule.items():
            for table in (everything, variants.setdefault(each.film.variant, {})):
                table.setdefault(rule, RuleFigures()).add(row)
        faults += [(each.film, fault) for fault in figures.faults]
        films[each.film.name] = {
            "variant": each.film.variant,
            "vehicles": len(each.film.vehicles),
            "passages": each.passages,
            "violations": len(each.violations),
            "rules": _summaries(figures.by_rule),
            "faults": [fault.described() for fault in figures.faults],
        }
    report = {
        _EVERYTHING: _summaries(everything),
        "variants": {name: _summaries(rows) for name, rows in variants.items()},
        "films": films,
    }
    return report, faults


def _summaries(rows: dict[str, RuleFigures]) -> dict[str, Any]:
    return {rule: rows[rule].summary() for rule in sorted(rows)}


def _tile(film: RuleFilm, fault: Fault) -> tuple[Bytes, str]:
    """The picture of a fault, with its vehicle's box. Raises OSError."""
    picture = _picture_at(film.video, fault.at_s)
    if fault.box is not None:
        left, top, right, bottom = (round(side) for side in fault.box)
        cv2.rectangle(picture, (left, top), (right, bottom), _COLOURS[fault.kind], 3)
    role = fault.vehicle.role if fault.vehicle is not None else "no vehicle"
    return picture, f"{film.variant} {fault.at_s:.1f}s {fault.kind} {fault.rule}: {role}"[:64]


def _picture_at(video: Path, time_s: float) -> Bytes:
    """(h, w, 3) BGR. Raises OSError."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        container.seek(max(0, round((time_s - 0.1) * av.time_base)))
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= time_s - 0.05:
                return np.ascontiguousarray(frame.to_ndarray(format="bgr24"))
    raise OSError(f"{video} has no frame at {time_s:.2f} s")


def _tell(report: dict[str, Any]) -> None:
    """A table for people, on the terminal's other stream."""
    for rule, row in report[_EVERYTHING].items():
        recall = "-" if row["recall"] is None else f"{row['recall']:.3f}"
        sys.stderr.write(
            f"{rule:20} offences {row['offences']:4}  found {row['found']:4}  recall {recall:>5}  "
            f"false {row['false']:3}  twice {row['twice']:3}\n"
        )
