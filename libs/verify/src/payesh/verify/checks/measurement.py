"""Does what was measured or found carry the violation of its rule?"""

from collections.abc import Iterator
from datetime import datetime

from payesh.verify.bundle import Bundle, Document
from payesh.verify.checks import average_speed
from payesh.verify.checks.law import tolerance_kmh
from payesh.verify.checks.posted_limit import posted_limit_kmh
from payesh.verify.documents import finite
from payesh.verify.findings import Fault, Said, require_same

QUANTITIES = {"speeding": "speed_kmh", "average_speed": "average_speed_kmh"}
"""Rule to the quantity that it limits."""
FACTS: dict[str, tuple[frozenset[str], ...]] = {
    "red_light": (frozenset({"signal"}), frozenset({"crossings"})),
    "stop_line": (frozenset({"signal"}), frozenset({"crossings", "stay"})),
    "wrong_way": (frozenset({"direction"}),),
    "no_entry": (frozenset({"crossings", "stay"}),),
    "special_lane": (frozenset({"crossings", "stay"}),),
    "forbidden_stopping": (frozenset({"stay"}),),
    "forbidden_turn": (frozenset({"crossings"}),),
    "left_of_centre": (frozenset({"crossings", "stay"}),),
    "weaving": (frozenset({"crossings"}),),
}
"""Rule to the facts that its findings rest on: one of each group at the least."""
LAMPS = {"red_light": "red", "stop_line": "red"}
_ROUNDED = 0.002
"""Value, bound and uncertainty are each rounded to three decimals."""


def check_measurement(bundle: Bundle) -> Said:
    violation = bundle.violation
    measured = violation["measurement"]
    require_same("measurement", bundle.manifest["measurement"], measured)
    excess_kmh(violation)
    if measured["kind"] == "quantity":
        return _quantity(bundle, violation, measured)
    return _finding(bundle, measured)


def excess_kmh(violation: Document) -> float:
    """What chooses the offence in the law table: km/h above the limit, 0 for a finding.

    Raises Fault where the rule cannot rest on such a measurement.
    """
    rule, measured = violation["rule"], violation["measurement"]
    if measured["kind"] == "quantity" and measured["quantity"] == QUANTITIES.get(rule):
        return finite(measured["lower_bound"]) - finite(measured["limit"])
    if measured["kind"] == "finding" and rule in FACTS:
        facts = measured["facts"]
        present = {name for name, fact in facts.items() if fact}
        lamp = facts["signal"]["lamp"] if facts.get("signal") else None
        if lamp == LAMPS.get(rule, lamp) and not any(
            present.isdisjoint(group) for group in FACTS[rule]
        ):
            return 0.0
    raise Fault("it supports no violation of this rule", "چنین اندازه‌ای تخلف از این قاعده نیست")


def _quantity(bundle: Bundle, violation: Document, measured: Document) -> Said:
    value, u95, bound = (finite(measured[name]) for name in ("value", "u95", "lower_bound"))
    if u95 < 0 or abs(value - u95 - bound) > _ROUNDED:
        raise Fault(f"{value} - {u95} is not {bound}", f"{value} منهای {u95} برابر {bound} نیست")
    if violation["rule"] == average_speed.RULE:
        posted: float | None = average_speed.stretch_limit_kmh(violation)
    else:
        posted = posted_limit_kmh(
            bundle.revision,
            violation["vehicle"]["vehicle_class"],
            violation["lane"],
            datetime.fromisoformat(violation["captured_at"]),
        )
    limit = finite(measured["limit"])
    require_same("limit", limit, posted)
    tolerance = tolerance_kmh(bundle)
    if bound - limit <= tolerance:
        raise Fault(
            f"{bound} km/h is not above {limit} + {tolerance} km/h",
            f"{bound} کیلومتر بر ساعت بیش از {limit} به‌اضافهٔ {tolerance} نیست",
        )
    return Said(
        f"{value} - {u95} = {bound} km/h, above {limit} + {tolerance}",
        f"{value} منهای {u95} برابر {bound} کیلومتر بر ساعت، بیش از {limit} به‌اضافهٔ {tolerance}",
    )


def _finding(bundle: Bundle, found: Document) -> Said:
    margin = found["margin"]
    value, u95, grace, bound = (
        finite(margin[name]) for name in ("value", "u95", "grace", "lower_bound")
    )
    name = margin["quantity"]
    if u95 < 0 or grace < 0 or abs(value - u95 - grace - bound) > _ROUNDED:
        raise Fault(
            f"{value} - {u95} - {grace} is not {bound}",
            f"{value} منهای {u95} منهای {grace} برابر {bound} نیست",
        )
    if not bound > 0:
        raise Fault(f"{name} {bound} is not beyond the rule", f"{name} {bound} فراتر از قاعده نیست")
    unknown = sorted(set(_marks(found["facts"])) - set(_marks_of(bundle.revision)))
    if unknown:
        raise Fault(
            f"the revision has no mark {', '.join(unknown)}",
            f"ویرایش دوربین نشانی به نام {', '.join(unknown)} ندارد",
        )
    return Said(f"{name}: {bound} beyond the rule", f"{name}: {bound} فراتر از قاعده")


def _marks(facts: Document) -> Iterator[str]:
    """Names of the marks that the facts refer to."""
    yield from (crossing["line"] for crossing in facts.get("crossings") or ())
    if facts.get("signal"):
        yield facts["signal"]["signal_head"]
    if facts.get("stay"):
        yield facts["stay"]["region"]


def _marks_of(revision: Document) -> Iterator[str]:
    for kind in ("lines", "signal_heads", "regions", "lanes"):
        yield from (mark["name"] for mark in revision.get(kind, ()))
