"""The violation `average_speed`, made from both passages of a stretch."""

from payesh.contracts import PassageObserved, ViolationDetected
from payesh.contracts.camera_revision import Stretch
from payesh.contracts.detect import EntryPassage, LineCrossing, StretchDriven
from payesh.contracts.event import deterministic_id
from payesh.contracts.values import MeasuredQuantity, Provenance
from payesh.contracts.vocabulary import ViolationRule
from payesh.plates.domain.average_speed import AverageSpeed

QUANTITY = "average_speed_kmh"


def average_speed_violation(
    stretch: Stretch,
    entry: tuple[PassageObserved, LineCrossing],
    left: tuple[PassageObserved, LineCrossing],
    speed: AverageSpeed,
    software: Provenance,
) -> ViolationDetected:
    """It is of the passage and the camera where the stretch ends; `speed` exceeds its limit.
    `software` is what read both plates."""
    (entry_passage, entered), (passage, crossing) = entry, left
    value = round(speed.value_kmh, 3)
    return ViolationDetected(
        camera_id=passage.camera_id,
        county=passage.county,
        road_class=passage.road_class,
        place_class=passage.place_class,
        captured_at=crossing.crossed_at,
        clock_source=passage.clock_source,
        clock_u95_ms=passage.clock_u95_ms,
        violation_id=deterministic_id(
            "violation",
            ViolationRule.AVERAGE_SPEED,
            passage.camera_id,
            stretch.name,
            entry_passage.passage_id,
            passage.passage_id,
        ),
        passage_id=passage.passage_id,
        revision=passage.revision,
        stream_id=passage.stream_id,
        rule=ViolationRule.AVERAGE_SPEED,
        vehicle=passage.vehicle,
        lane=passage.lane,
        measurement=MeasuredQuantity(
            kind="quantity",
            quantity=QUANTITY,
            value=value,
            u95=round(value - speed.lower_bound_kmh, 3),
            limit=stretch.speed_limit_kmh,
            lower_bound=speed.lower_bound_kmh,
        ),
        certificate=passage.certificate,
        segments=passage.segments,
        shots=passage.shots,
        provenance=_provenance(entry_passage, passage, software),
        entry_passage=EntryPassage(
            passage_id=entry_passage.passage_id,
            camera_id=entry_passage.camera_id,
            stream_id=entry_passage.stream_id,
            captured_at=entered.crossed_at,
            clock_source=entry_passage.clock_source,
            clock_u95_ms=entry_passage.clock_u95_ms,
            revision=entry_passage.revision,
            certificate=entry_passage.certificate,
            segments=entry_passage.segments,
            shots=entry_passage.shots,
            vehicle=entry_passage.vehicle,
        ),
        driven=StretchDriven(
            stretch=stretch,
            entered=entered,
            left=crossing,
            least_way_m=round(speed.least_way_m, 3),
            longest_time_s=round(speed.longest_time_s, 6),
        ),
    )


def _provenance(entry: PassageObserved, left: PassageObserved, software: Provenance) -> Provenance:
    """Everything that both crossings and both reads were computed with, each once."""
    models = (*left.provenance.models, *entry.provenance.models, *software.models)
    return Provenance(
        software_version=software.software_version, models=tuple(dict.fromkeys(models))
    )
