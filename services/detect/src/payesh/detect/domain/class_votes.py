"""Which kind of vehicle it is, voted for by all its detections."""

from dataclasses import dataclass, field

from payesh.detect.domain.detections import UNKNOWN, VEHICLE_CLASSES


@dataclass(slots=True)
class ClassVotes:
    """Each detection votes for its class with its score."""

    weights: dict[int, float] = field(default_factory=dict)
    best_score: float = 0.0

    def add(self, class_id: int, score: float) -> None:
        self.weights[class_id] = self.weights.get(class_id, 0.0) + score
        self.best_score = max(self.best_score, score)

    @property
    def vehicle_class(self) -> str:
        """The class with the most votes; a known one goes before `unknown`."""
        known = {c: w for c, w in self.weights.items() if c != UNKNOWN}
        if not known:
            return VEHICLE_CLASSES[UNKNOWN]
        return VEHICLE_CLASSES[max(sorted(known), key=lambda c: known[c])]

    @property
    def confidence(self) -> float:
        """Of the surest detection, at most 1."""
        return min(self.best_score, 1.0)
