"""Settings of an authority that time-stamps decisions."""

from pathlib import Path

from pydantic import Field

from payesh.kit.environment import KitSettings


class TimeStampSettings(KitSettings):
    time_stamp_url: str | None = Field(
        default=None,
        pattern=r"^https?://[!-~]{1,400}$",
        description="Address of a time-stamping authority (RFC 3161), which sees hashes alone.",
    )
    time_stamp_roots: Path | None = Field(
        default=None,
        description="File with its root certificates in PEM; required with PAYESH_TIME_STAMP_URL.",
    )
