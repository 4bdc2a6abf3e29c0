"""`payesh-plates evaluate-stretches FOLDER …`: average speeds between two cameras' films."""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from payesh.contracts import PassageObserved, PlateRead
from payesh.contracts.values import Provenance
from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.adapters.stretch_crossings import StoredCrossing
from payesh.plates.domain.best_read import best_read
from payesh.plates.domain.stretch_verdict import SeenAt, Surroundings, Verdict, judge
from payesh.plates.evaluation.arguments import CITATION_CONFIDENCE, print_json, shown, write_lines
from payesh.plates.handlers.read_event import plate_read
from payesh.plates.handlers.reading import read_shots
from payesh.plates.handlers.stretch_event import average_speed_violation
from payesh.plates.handlers.stretches import crossed_of, stored_crossings, stretch_of

_PROVENANCE = Provenance(software_version="payesh-plates evaluate-stretches", models=())
_MINIMUM_CONFIDENCE = 0.2
_WITHIN = timedelta(seconds=0.8)
"""A drive's crossing is the one that was found so near to it in its lane."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The end of a stretch, what became of it, and its moments as published."""

    left_at: datetime
    lane: str | None
    entered_at: datetime | None
    verdict: Verdict
    lower_bound_kmh: float | None
    event: dict[str, Any] | None


def evaluate_stretches(arguments: Sequence[str]) -> None:
    """Read, judge, compare, print."""
    parser = argparse.ArgumentParser(
        prog="payesh-plates evaluate-stretches",
        description="Judges the passages of two cameras as the service does and compares with what "
        "was driven. FOLDER holds entry.jsonl and exit.jsonl, as `payesh-detect watch` writes "
        "them, the pictures in shots/, and drives.json. Prints JSON.",
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--out", type=Path, metavar="JSONL", help="write the violations")
    given = parser.parse_args(arguments)
    locator, reader = OnnxPlateLocator(), OnnxPlateReader()
    totals: Counter[str] = Counter()
    films, events = {}, []
    for folder in given.folders:
        passages = passages_of(folder)
        reads = [
            _read(each, folder / "shots", locator, reader) for each in shown(passages, "passage")
        ]
        judged = judged_ends(passages, reads)
        events += [each.event for each in judged if each.event is not None]
        drives = json.loads((folder / "drives.json").read_text("utf-8"))["drives"]
        figures, faults = compared(drives, judged)
        totals.update(figures)
        films[folder.name] = {**figures, "faults": faults}
    if given.out is not None:
        write_lines(given.out, (json.dumps(each, ensure_ascii=False) for each in events))
    print_json({"all": with_shares(totals), "films": films})


def passages_of(folder: Path) -> list[PassageObserved]:
    """Passages of both cameras, in the order of the files. Raises OSError, ValueError."""
    lines = [
        line
        for name in ("entry.jsonl", "exit.jsonl")
        for line in (folder / name).read_text("utf-8").splitlines()
    ]
    documents = (json.loads(line) for line in lines)
    return [
        PassageObserved.from_json(json.dumps(each))
        for each in documents
        if each["topic"] == PassageObserved.topic
    ]


def _read(
    passage: PassageObserved, shots: Path, locator: OnnxPlateLocator, reader: OnnxPlateReader
) -> PlateRead:
    crops = [(shots / shot.crop.key).read_bytes() for shot in passage.shots]
    readings = read_shots(passage.shots, crops, locator, reader)
    return plate_read(passage, readings, best_read(readings), _MINIMUM_CONFIDENCE, _PROVENANCE)


def judged_ends(passages: Sequence[PassageObserved], reads: Sequence[PlateRead]) -> list[Judged]:
    """Every end of a stretch with its verdict, all passages and reads being known."""
    seen: list[tuple[PassageObserved, StoredCrossing]] = []
    sightings: dict[str, list[SeenAt]] = {}
    for passage, read in zip(passages, reads, strict=True):
        seen += [(passage, each) for each in stored_crossings(passage, read, CITATION_CONFIDENCE)]
        if read.plate is not None:
            at = SeenAt(passage.passage_id, passage.camera_id, read.captured_at)
            sightings.setdefault(read.plate.text, []).append(at)
    return [
        _judged(passage, crossing, seen, sightings)
        for passage, crossing in seen
        if any(each.exit_line == crossing.crossing.line.name for each in passage.stretches)
    ]


def _judged(
    passage: PassageObserved,
    left: StoredCrossing,
    seen: Sequence[tuple[PassageObserved, StoredCrossing]],
    sightings: Mapping[str, Sequence[SeenAt]],
) -> Judged:
    stated = next(e for e in passage.stretches if e.exit_line == left.crossing.line.name)
    entries = {
        each.passage_id: (of, each)
        for of, each in seen
        if (each.camera_id, each.crossing.line.name)
        == (stated.entry_camera_id, stated.entry_line.name)
    }
    exits = [
        each
        for _, each in seen
        if (each.camera_id, each.crossing.line.name) == (left.camera_id, stated.exit_line)
    ]
    judgement = judge(
        stretch_of(stated, passage.camera_id),
        crossed_of(left),
        Surroundings(
            entries=[crossed_of(each, stated) for _, each in entries.values()],
            exits=[crossed_of(each) for each in exits],
            sightings=sightings.get(left.text or "", ()),
        ),
    )
    entry, speed, event = judgement.entry, judgement.speed, None
    if judgement.verdict is Verdict.FOUND and entry is not None and speed is not None:
        of, entered = entries[entry.passage_id]
        violation = average_speed_violation(
            stated, (of, entered.crossing), (passage, left.crossing), speed, _PROVENANCE
        )
        event = {"topic": violation.topic, **json.loads(violation.to_json())}
    return Judged(
        left_at=left.crossing.crossed_at,
        lane=passage.lane,
        entered_at=None if entry is None else entry.passing.at,
        verdict=judgement.verdict,
        lower_bound_kmh=None if speed is None else speed.lower_bound_kmh,
        event=event,
    )


def compared(
    drives: Sequence[Mapping[str, Any]], judged: Iterable[Judged]
) -> tuple[dict[str, int], list[str]]:
    """Counts, and each fault with its vehicle. A drive counts as found where both crossings are
    its own; of a `marginal` one neither a finding nor none is a fault."""
    counts: Counter[str] = Counter()
    faults: list[str] = []
    found: set[str] = set()
    for each in judged:
        counts[f"verdict {each.verdict}"] += 1
        if each.verdict is not Verdict.FOUND:
            continue
        drive = _drive_of(each, drives)
        if drive is None or not drive["broke"]:
            counts["false"] += 1
            faults.append(f"false at {each.left_at.isoformat()}")
            continue
        if each.lower_bound_kmh is not None and each.lower_bound_kmh > drive["average_kmh"]:
            counts["bound above truth"] += 1
            faults.append(f"bound above the truth of {drive['vehicle_id']}")
        found.add(str(drive["vehicle_id"]))
    for drive in drives:
        if not drive["broke"] or drive["marginal"]:
            continue
        counts["offences"] += 1
        if drive["vehicle_id"] in found:
            counts["found"] += 1
        elif drive.get("ambiguous"):
            counts["ambiguous"] += 1
        else:
            faults.append(f"missed {drive['vehicle_id']}: {drive['role']}")
    return dict(sorted(counts.items())), faults


def with_shares(counts: Mapping[str, int]) -> dict[str, Any]:
    """Counts with precision and recall; None where nothing was found, or was to be found."""
    found, false = counts.get("found", 0), counts.get("false", 0)
    offences = counts.get("offences", 0)
    return {
        **dict(sorted(counts.items())),
        "precision": round(found / (found + false), 4) if found + false else None,
        "recall": round(found / offences, 4) if offences else None,
    }


def _drive_of(judged: Judged, drives: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The drive both of whose crossings these are."""
    for drive in drives:
        if drive["entered_at"] is None or drive["left_at"] is None or judged.entered_at is None:
            continue
        entered, left = (datetime.fromisoformat(drive[n]) for n in ("entered_at", "left_at"))
        if (
            drive["lane"] == judged.lane
            and abs(left - judged.left_at) <= _WITHIN
            and abs(entered - judged.entered_at) <= _WITHIN
        ):
            return drive
    return None
