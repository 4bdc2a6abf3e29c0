"""Reasons for which a citation is rejected; published as `rejection_reasons` of the contracts."""

from enum import StrEnum


class Rejection(StrEnum):
    """Why a citation ended without a fine of its own. The first seven are an officer's to give."""

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


OFFICER_REASONS = (
    Rejection.PLATE_WRONG,
    Rejection.WRONG_VEHICLE,
    Rejection.NO_OFFENCE,
    Rejection.EVIDENCE_UNCLEAR,
    Rejection.EMERGENCY_VEHICLE,
    Rejection.UNREADABLE,
    Rejection.EXEMPT_VEHICLE,
)
