"""Settings of plates; each is read from `PAYESH_<NAME>` or a secret file of that name."""

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
