"""Wrong way: the incident of a vehicle that the rule found to drive against its lane."""

from dataclasses import replace
from typing import Any

from payesh.detect.domain.incidents.incident import UNSEEN, Incident, IncidentChange, moment_of
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.finding import Facts, Finding
from payesh.detect.domain.trajectory import Trajectory

KIND = "wrong_way"
_UNSEEN_S = 5.0


class WrongWays:
    """The vehicles of one stream that drive the wrong way, by their passages."""

    def __init__(self) -> None:
        self._raised: dict[str, tuple[IncidentChange, Moment]] = {}

    def find(
        self, passage: str, trajectory: Trajectory, finding: Finding, lane: str | None
    ) -> list[IncidentChange]:
        """The rule found it: under the same conditions under which it accuses."""
        if passage in self._raised or not isinstance(finding.measurement, Facts):
            return []
        margin = finding.measurement.margin
        incident = Incident(
            KIND,
            passage,
            trajectory.moment(finding.from_s),
            trajectory.last_box,
            lane,
            trajectory.vehicle_class,
        )
        change = IncidentChange(incident, trajectory.last, margin.name, margin.value, margin.grace)
        self._raised[passage] = change, trajectory.last
        return [change]

    def see(self, passage: str, now: Moment) -> None:
        """A vehicle is in sight."""
        if passage in self._raised:
            self._raised[passage] = self._raised[passage][0], now

    def tidy(self, now: Moment) -> list[IncidentChange]:
        """Vehicles that are out of sight may still be driving there."""
        gone = {p for p, (_, last) in self._raised.items() if now.time_s - last.time_s > _UNSEEN_S}
        return self._end(gone, now)

    def close(self, now: Moment) -> list[IncidentChange]:
        """No vehicle is followed any further."""
        return self._end(set(self._raised), now)

    def _end(self, passages: set[str], now: Moment) -> list[IncidentChange]:
        ended = [found for passage, found in self._raised.items() if passage in passages]
        self._raised = {p: found for p, found in self._raised.items() if p not in passages}
        return [
            replace(change, at=now, ended_at=last.at, ended_by=UNSEEN) for change, last in ended
        ]

    def to_state(self) -> dict[str, Any]:
        return {
            passage: [
                change.incident.to_state(),
                [[m.time_s, m.at.isoformat()] for m in (change.at, last)],
                [change.quantity, change.value, change.threshold],
            ]
            for passage, (change, last) in self._raised.items()
        }

    def recall(self, state: dict[str, Any]) -> None:
        self._raised = {
            passage: (
                IncidentChange(
                    Incident.from_state(incident),
                    moment_of(at),
                    str(quantity),
                    float(value),
                    float(threshold),
                ),
                moment_of(last),
            )
            for passage, (incident, (at, last), (quantity, value, threshold)) in state.items()
        }
