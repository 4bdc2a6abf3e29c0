"""From a rule's measurement to the one that a violation carries on the bus."""

from dataclasses import asdict

from payesh.contracts import values
from payesh.detect.domain.rules.finding import Facts, Quantity


def measurement_of(found: Quantity | Facts) -> values.MeasuredQuantity | values.Finding:
    """A quantity with its bound and limit, or a finding with its facts and margin."""
    if isinstance(found, Quantity):
        return values.MeasuredQuantity(
            kind="quantity",
            quantity=found.name,
            value=round(found.value, 3),
            u95=round(found.u95, 3),
            limit=found.limit,
            lower_bound=round(found.lower_bound, 3),
        )
    margin = found.margin
    return values.Finding(
        kind="finding",
        facts=_facts(found),
        margin=values.Margin(
            quantity=margin.name,
            value=round(margin.value, 3),
            u95=round(margin.u95, 3),
            grace=round(margin.grace, 3),
            lower_bound=round(margin.lower_bound, 3),
        ),
    )


def _facts(found: Facts) -> values.Facts:
    signal, stay, direction = found.signal, found.stay, found.direction
    return values.Facts(
        signal=None if signal is None else values.SignalFact(**asdict(signal)),
        crossings=tuple(values.CrossingFact(**asdict(each)) for each in found.crossings),
        stay=None if stay is None else values.StayFact(**asdict(stay)),
        direction=None if direction is None else values.DirectionFact(**asdict(direction)),
    )
