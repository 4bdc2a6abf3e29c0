"""Published vocabularies: identifiers whose lists grow without breaking a consumer.

A field of type `Term` carries any identifier of its form; `contracts/vocabularies/<name>.json`
publishes what the identifiers mean. A term is never removed and never gets another meaning; a
consumer treats a term that it does not know as one that permits nothing. The enumerations below
name the terms that this release knows; `tests/contract` proves that they equal the published lists.

Compare a field of an event with `==`, not with `is`: it holds a plain string.
"""

import json
from enum import StrEnum
from functools import cache
from typing import Annotated, NamedTuple

from pydantic import Field

from payesh.contracts.schemas import CONTRACTS

TERM_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
Term = Annotated[str, Field(pattern=TERM_PATTERN)]


class ViolationRule(StrEnum):
    """`rules.json`: the offences that a camera can find."""

    SPEEDING = "speeding"
    AVERAGE_SPEED = "average_speed"
    RED_LIGHT = "red_light"
    STOP_LINE = "stop_line"
    WRONG_WAY = "wrong_way"
    NO_ENTRY = "no_entry"
    SPECIAL_LANE = "special_lane"
    FORBIDDEN_STOPPING = "forbidden_stopping"
    FORBIDDEN_TURN = "forbidden_turn"
    LEFT_OF_CENTRE = "left_of_centre"
    WEAVING = "weaving"


class RejectionReason(StrEnum):
    """`rejection_reasons.json`: why a citation was not issued."""

    PLATE_WRONG = "plate_wrong"
    WRONG_VEHICLE = "wrong_vehicle"
    NO_OFFENCE = "no_offence"
    EVIDENCE_UNCLEAR = "evidence_unclear"
    EMERGENCY_VEHICLE = "emergency_vehicle"
    UNREADABLE = "unreadable"
    EXEMPT_VEHICLE = "exempt_vehicle"
    CLOCK_UNVERIFIED = "clock_unverified"
    CERTIFICATE_INVALID = "certificate_invalid"
    WITHIN_TOLERANCE = "within_tolerance"
    EVIDENCE_MISSING = "evidence_missing"
    NO_LAW = "no_law"
    SAME_OFFENCE = "same_offence"


class ClosingReason(StrEnum):
    """`closing_reasons.json`: why nothing more is owed or decided."""

    PAID = "paid"
    ANNULLED = "annulled"
    LAPSED = "lapsed"


class VehicleClass(StrEnum):
    """`vehicle_classes.json`. A class that a consumer does not know counts as `unknown`."""

    CAR = "car"
    VAN = "van"
    BUS = "bus"
    TRUCK = "truck"
    MOTORCYCLE = "motorcycle"
    BICYCLE = "bicycle"
    UNKNOWN = "unknown"


class PassageEnd(StrEnum):
    """`passage_ends.json`: why a passage was published when it was."""

    EXIT_LINE = "exit_line"
    LOST = "lost"
    TIME_LIMIT = "time_limit"
    STREAM_END = "stream_end"
    STILL = "still"


class ReadOutcome(StrEnum):
    """`read_outcomes.json`. Only `read` supports a citation."""

    READ = "read"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable"


class GapReason(StrEnum):
    """`gap_reasons.json`: why nothing of a camera was kept between two moments."""

    SOURCE_LOST = "source_lost"
    SPOOL_FULL = "spool_full"
    LEASE_LOST = "lease_lost"
    WORKER_STOPPED = "worker_stopped"
    CORRUPT = "corrupt"
    EXPIRED = "expired"


class HealthCondition(StrEnum):
    """`health_conditions.json`: what can be wrong with a camera."""

    OFFLINE = "offline"
    NO_FRAMES = "no_frames"
    CLOCK_OFF = "clock_off"
    BLACK = "black"
    FROZEN = "frozen"
    BLURRED = "blurred"
    MOVED = "moved"
    PICTURE_SIZE = "picture_size"
    GOP_TOO_LONG = "gop_too_long"
    NO_PARAMETER_SETS = "no_parameter_sets"
    CODEC_REFUSED = "codec_refused"
    ACCESS_DENIED = "access_denied"


class HealthReason(StrEnum):
    """`health_reasons.json`: why a condition was raised, where an operator can act on it."""

    UNREACHABLE = "unreachable"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    REDIRECT_REFUSED = "redirect_refused"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a reason
    BASIC_NOT_ALLOWED = "basic_not_allowed"
    STREAM_NOT_FOUND = "stream_not_found"
    NO_VIDEO = "no_video"
    CODEC_NOT_ACCEPTED = "codec_not_accepted"
    PARAMETER_SETS_MISSING = "parameter_sets_missing"
    SIZE_CHANGED = "size_changed"
    STREAM_ENDED = "stream_ended"
    NO_DATA = "no_data"
    CLOCK_DIFFERS = "clock_differs"
    RATE_DIFFERS = "rate_differs"
    KEYFRAMES_RARE = "keyframes_rare"


class DetectorKind(StrEnum):
    """`detector_kinds.json`: how vehicles are found in a picture."""

    GATED = "gated"
    MOTION = "motion"
    ONNX = "onnx"


class LampState(StrEnum):
    """`lamp_states.json`. A head whose lamp is not seen supports no accusation."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    OFF = "off"
    NOT_SEEN = "not_seen"


class LineKind(StrEnum):
    """`line_kinds.json`: what crossing a marked line means."""

    STOP = "stop"
    GATE = "gate"
    CENTRE = "centre"
    MEASUREMENT = "measurement"


class RegionKind(StrEnum):
    """`region_kinds.json`: what being in a marked region means."""

    NO_STOPPING = "no_stopping"
    NO_ENTRY = "no_entry"
    SPECIAL_LANE = "special_lane"
    TURN_ON_RED = "turn_on_red"
    PARKING = "parking"
    CARRIAGEWAY = "carriageway"
    IGNORED = "ignored"
    CROSSING = "crossing"


class IncidentKind(StrEnum):
    """`incident_kinds.json`: what happens on the road that an operator has to know of."""

    STOPPED_VEHICLE = "stopped_vehicle"
    QUEUE = "queue"
    WRONG_WAY = "wrong_way"
    PEDESTRIAN = "pedestrian"


class IncidentEnd(StrEnum):
    """`incident_ends.json`: why an incident ended. One that is unseen may go on."""

    CLEARED = "cleared"
    UNSEEN = "unseen"


class DetectorCondition(StrEnum):
    """`detector_conditions.json`: what can be wrong with how a camera's vehicles are found."""

    NO_VEHICLES = "no_vehicles"
    CHATTER = "chatter"
    LOCKED_ON = "locked_on"
    NO_CHANGE = "no_change"


class RevocationKind(StrEnum):
    """`revocation_kinds.json`: what a revocation names. An unknown one revokes everything too."""

    SUBJECT = "subject"
    CLIENT = "client"
    AGENCY = "agency"
    SESSION = "session"
    KEY = "key"
    EVERYTHING = "everything"


VOCABULARIES: dict[str, type[StrEnum]] = {
    "rules": ViolationRule,
    "rejection_reasons": RejectionReason,
    "closing_reasons": ClosingReason,
    "vehicle_classes": VehicleClass,
    "passage_ends": PassageEnd,
    "read_outcomes": ReadOutcome,
    "gap_reasons": GapReason,
    "health_conditions": HealthCondition,
    "health_reasons": HealthReason,
    "detector_kinds": DetectorKind,
    "lamp_states": LampState,
    "line_kinds": LineKind,
    "region_kinds": RegionKind,
    "incident_kinds": IncidentKind,
    "incident_ends": IncidentEnd,
    "detector_conditions": DetectorCondition,
    "revocation_kinds": RevocationKind,
}
"""Name of the published file to the terms that this release knows."""


class Meaning(NamedTuple):
    """What a term means, in the two languages of the pages."""

    en: str
    fa: str


@cache
def published(name: str) -> dict[str, Meaning]:
    """The published terms of a vocabulary with their meanings. KeyError for an unknown name."""
    if name not in VOCABULARIES:
        raise KeyError(name)
    document = json.loads((CONTRACTS / "vocabularies" / f"{name}.json").read_text("utf-8"))
    return {term: Meaning(**meaning) for term, meaning in document["terms"].items()}


def known(vocabulary: type[StrEnum], term: str) -> bool:
    """Whether this release knows the term."""
    return term in vocabulary.__members__.values()
