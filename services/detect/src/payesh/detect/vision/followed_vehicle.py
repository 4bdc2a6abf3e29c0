"""One vehicle that is followed: its trajectory, pictures, class and rules."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from pydantic import TypeAdapter

from payesh.contracts.ingest import SegmentStored
from payesh.contracts.values import ClockSource
from payesh.detect.domain.class_votes import ClassVotes
from payesh.detect.domain.gallery import Candidate, Gallery
from payesh.detect.domain.rules.finding import Finding
from payesh.detect.domain.rules.rule import Rule
from payesh.detect.domain.trajectory import Sighting, Trajectory
from payesh.detect.ports import Arrays
from payesh.detect.vision.pictures import Picture


@dataclass(slots=True)
class ClockBound:
    """The worst clock of the segments that show a vehicle; `u95_ms` at 95 %."""

    verified: bool = True
    u95_ms: float = 0.0

    def widen(self, segment: SegmentStored) -> None:
        """The vehicle is seen in this segment too."""
        self.verified = self.verified and segment.clock_source is not ClockSource.UNVERIFIED
        self.u95_ms = max(self.u95_ms, segment.clock_u95_ms)


@dataclass(frozen=True, slots=True)
class HeldFinding:
    """A rule's finding with its moment, not published yet: a violation follows its passage."""

    rule: str
    captured_at: datetime
    finding: Finding


_HELD = TypeAdapter(HeldFinding)


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies a published vehicle whose trajectory begins anew."""

    passage_id: UUID
    found: frozenset[str]
    """Rules that it was found to break: none is found twice."""
    parked: bool

    def to_state(self) -> list[Any]:
        return [str(self.passage_id), sorted(self.found), self.parked]

    @classmethod
    def from_state(cls, state: list[Any]) -> "Identity":
        passage_id, found, parked = state
        return cls(UUID(passage_id), frozenset(found), bool(parked))


@dataclass(slots=True)
class FollowedVehicle:
    """What is known of a vehicle between its first and its last frame."""

    track: int
    passage_id: UUID
    trajectory: Trajectory
    rules: dict[str, Rule] = field(default_factory=dict)
    """Those that it has not been found to break."""
    found: set[str] = field(default_factory=set)
    held: list[HeldFinding] = field(default_factory=list)
    votes: ClassVotes = field(default_factory=ClassVotes)
    gallery: Gallery[Picture] = field(default_factory=Gallery)
    clock: ClockBound = field(default_factory=ClockBound)
    published: bool = False
    parked: bool = False
    """It was published without having moved."""
    dismissed: bool = False
    """It is no vehicle, or one that is followed already: nothing of it is judged or published."""

    @property
    def identity(self) -> Identity:
        return Identity(self.passage_id, frozenset(self.found), self.parked)

    def see(self, sighting: Sighting, *, class_id: int, score: float) -> None:
        """Add its latest sighting, which the detector gave a class and a score."""
        self.votes.add(class_id, score)
        self.trajectory.vehicle_class = self.votes.vehicle_class
        self.trajectory.see(sighting)

    def adopt(self, identity: Identity) -> None:
        """It turns out to be a vehicle that was published before."""
        self.passage_id = identity.passage_id
        self.found |= identity.found
        self.rules = {name: rule for name, rule in self.rules.items() if name not in self.found}
        self.held = [held for held in self.held if held.rule not in identity.found]
        self.published, self.parked = True, identity.parked

    def to_state(self, arrays: Arrays, prefix: str) -> dict[str, Any]:
        """JSON-ready values without the rules' memories; arrays go into `arrays` under `prefix`."""
        trajectory, paths = self.trajectory.to_state()
        arrays.update({f"{prefix}.{name}": path for name, path in paths.items()})
        return {
            "track": self.track,
            "passage_id": str(self.passage_id),
            "trajectory": trajectory,
            "found": sorted(self.found),
            "held": [_HELD.dump_python(held, mode="json") for held in self.held],
            "votes": [[class_id, weight] for class_id, weight in self.votes.weights.items()],
            "best_score": self.votes.best_score,
            "gallery": [
                _candidate_state(candidate, arrays, f"{prefix}.crop{number}")
                for number, candidate in enumerate(self.gallery.kept)
            ],
            "clock": [self.clock.verified, self.clock.u95_ms],
            "published": self.published,
            "parked": self.parked,
            "dismissed": self.dismissed,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], arrays: Arrays, prefix: str) -> "FollowedVehicle":
        """The inverse of `to_state`, without rules."""
        paths = {name: arrays[f"{prefix}.{name}"] for name in ("ground", "picture")}
        verified, u95_ms = state["clock"]
        return cls(
            track=int(state["track"]),
            passage_id=UUID(state["passage_id"]),
            trajectory=Trajectory.from_state(state["trajectory"], paths),
            found=set(state["found"]),
            held=[_HELD.validate_python(held) for held in state["held"]],
            votes=ClassVotes(
                {int(class_id): weight for class_id, weight in state["votes"]},
                state["best_score"],
            ),
            gallery=Gallery(kept=[_candidate(kept, arrays) for kept in state["gallery"]]),
            clock=ClockBound(bool(verified), float(u95_ms)),
            published=bool(state["published"]),
            parked=bool(state["parked"]),
            dismissed=bool(state["dismissed"]),
        )


def _candidate_state(candidate: Candidate[Picture], arrays: Arrays, name: str) -> dict[str, Any]:
    picture = candidate.picture
    arrays[name] = np.frombuffer(picture.jpeg(), dtype=np.uint8)
    return {
        "crop": name,
        "time_s": candidate.time_s,
        "quality": candidate.quality,
        "sequence": picture.sequence,
        "frame_at": picture.frame_at.isoformat(),
        "box": picture.box,
        "crop_box": picture.crop_box,
        "sharpness": picture.sharpness,
    }


def _candidate(state: dict[str, Any], arrays: Arrays) -> Candidate[Picture]:
    picture = Picture(
        state["sequence"],
        datetime.fromisoformat(state["frame_at"]),
        tuple(state["box"]),
        tuple(state["crop_box"]),
        state["sharpness"],
        arrays[state["crop"]].tobytes(),
    )
    return Candidate(state["time_s"], state["quality"], picture)
