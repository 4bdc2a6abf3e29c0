"""A hold of a draft as pages show it."""

from dataclasses import dataclass

from payesh.tickets.adapters.stored_citation import PlacedHold
from payesh.tickets.domain.desk import HELD, HELD_OTHERWISE
from payesh.tickets.domain.holds import HoldKind
from payesh.tickets.pages.persian import persian_amount, persian_number
from payesh.tickets.pages.plates import PlateCard, reading_card
from payesh.tickets.pages.wording import word

_SECONDS = {"second": "خوانندهٔ دوم", "second_at_entry": "خوانندهٔ دوم در ورود"}


@dataclass(frozen=True, slots=True)
class HoldCard:
    """`problem` is the type of the refusal to issue; `other` is the citation that it rests on, with
    the camera of it. `seconds` are what the second reader read, with where: shown folded, for who
    is shown an answer finds it in the picture."""

    kind: str
    text: str
    problem: str
    detail: str
    other: str | None
    camera_id: str | None
    seconds: tuple[tuple[str, PlateCard], ...]


def hold_card(hold: PlacedHold) -> HoldCard:
    refusals = {str(kind): refusal.name for kind, refusal in HELD.items()}
    return HoldCard(
        kind=hold.kind,
        text=word("holds", hold.kind),
        problem=refusals.get(hold.kind, HELD_OTHERWISE.name),
        detail=_detail(hold),
        other=hold.facts.get("other"),
        camera_id=hold.facts.get("camera_id"),
        seconds=tuple(
            (label, reading_card(hold.facts[fact]))
            for fact, label in _SECONDS.items()
            if hold.facts.get(fact) is not None
        ),
    )


def _detail(hold: PlacedHold) -> str:
    facts = hold.facts
    if hold.kind == HoldKind.CLASS_MISMATCH:
        return f"حرف «{facts['letter']}» روی {word('vehicles', facts['vehicle_class'])}"
    if hold.kind == HoldKind.CLONED_PLATE:
        return (
            f"دست‌کم {persian_amount(facts['metres'])} متر در حداکثر "
            f"{persian_number(facts['seconds'], 1)} ثانیه، یعنی بیش از "
            f"{persian_amount(facts['kmh'])} کیلومتر بر ساعت"
        )
    return ""
