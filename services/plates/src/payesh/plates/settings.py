"""Settings of plates; each is read from `PAYESH_<NAME>` or a secret file of that name."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from payesh.kit.settings import (
    AuditSettings,
    BusSettings,
    DatabaseSettings,
    HttpSettings,
    ObjectSettings,
    PeerSettings,
    TelemetrySettings,
)


class SecondReaderUse(StrEnum):
    """Whether reads that may support a citation are read a second time."""

    REQUIRED = "required"
    WHEN_PRESENT = "when_present"
    OFF = "off"


class Settings(
    HttpSettings,
    BusSettings,
    DatabaseSettings,
    ObjectSettings,
    PeerSettings,
    AuditSettings,
    TelemetrySettings,
):
    service: ClassVar[str] = "plates"

    reading_threads: int = Field(
        1,
        ge=1,
        le=64,
        description="CPU threads of the networks; more than there are cores slows every process.",
    )
    reading_concurrency: int = Field(
        2, ge=1, le=64, description="Passages read at a time; each holds its crops in memory."
    )
    minimum_confidence: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Probability of the whole text below which a plate counts as unreadable; "
        "lower publishes more guesses, which the limit of tickets must then refuse.",
    )
    second_reader: SecondReaderUse = Field(
        SecondReaderUse.WHEN_PRESENT,
        description="Whether a second network, run by EasyOCR, reads each read that may support a "
        "citation again: `when_present` where payesh-plates[easyocr] is installed; `required` "
        "does not start without it; `off` never. tickets has a setting of the same name.",
    )
    second_reader_confidence: float = Field(
        0.8,
        ge=0,
        le=1,
        description="Reads at least so sure are read a second time; not above "
        "minimum_read_confidence of tickets, or drafts come without a second reading.",
    )
    read_keep_hours: int = Field(
        72,
        ge=1,
        le=24 * 365,
        description="Hours after which a read is deleted here; a citation keeps its own evidence.",
    )
    stretch_settle_s: float = Field(
        300.0,
        ge=0,
        le=3600,
        description="Seconds for which the end of a stretch waits for other sightings of the plate "
        "before its average speed is judged; what comes later no longer speaks for the driver.",
    )
    stretch_keep_minutes: float = Field(
        330.0,
        gt=0,
        le=72 * 60,
        description="Minutes for which a crossing waits for the other one of its stretch. Keep it "
        "below read_keep_minutes of tickets: a violation whose reads are forgotten there ends as "
        "unreadable.",
    )
    stretch_minimum_confidence: float = Field(
        0.8,
        ge=0,
        le=1,
        description="Both reads of an average speed are at least so sure; not below "
        "minimum_read_confidence of tickets.",
    )
