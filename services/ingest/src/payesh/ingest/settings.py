"""Settings of ingest: environment variables `PAYESH_*`, or files of secrets."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field, FilePath, SecretStr, field_validator

from payesh.kit.networks import networks
from payesh.kit.settings import (
    AuditSettings,
    BusSettings,
    DatabaseSettings,
    HttpSettings,
    ObjectSettings,
    PeerSettings,
    TelemetrySettings,
)

MIB = 1024 * 1024


class Settings(
    HttpSettings,
    BusSettings,
    DatabaseSettings,
    ObjectSettings,
    PeerSettings,
    AuditSettings,
    TelemetrySettings,
):
    """The settings of ingest."""

    service: ClassVar[str] = "ingest"

    source_key: SecretStr = Field(
        description="32 bytes in URL-safe base64 that seal the passwords of sources. Another key "
        "makes the stored ones unreadable."
    )
    source_ca_file: FilePath | None = Field(
        None,
        description="PEM file of the authority that signed the certificates of cameras under "
        "rtsps://. Unset, any certificate is taken: listeners are kept out, an impostor is not.",
    )
    source_networks: str = Field(
        "",
        description="Networks (CIDR, comma-separated) that cameras may be in. Empty means any but "
        "loopback, link-local, multicast and unspecified addresses; others are refused when a "
        "source is set and at each connection.",
    )
    spool_dir: Path = Field(
        description="Folder on a disk of its own where recordings wait for store, bus and "
        "database. One process a folder; it must survive a restart, or what waits is lost."
    )
    spool_limit_mib: int = Field(
        4096,
        ge=1,
        description="MiB of media that may wait. When they are used up recording stops, and the "
        "time lost is a recorded gap. A camera of 4 Mb/s fills 1.8 GiB an hour.",
    )
    replica: str = Field(
        "",
        max_length=100,
        description="Name under which this replica holds cameras. When empty, one is drawn and "
        "kept in the spool.",
    )
    lease_ttl_s: float = Field(
        8.0,
        ge=1,
        le=60,
        description="Seconds after which cameras of a replica that renews nothing go to others. "
        "Longer means more lost video when one fails, shorter moves cameras in a short stall.",
    )
    lease_renew_s: float = Field(
        2.5, ge=0.2, le=20, description="Seconds between renewals; at most a third of the TTL."
    )
    segment_s: float = Field(
        2.0,
        ge=0.5,
        le=10,
        description="Seconds after which a segment ends at the next keyframe. Longer means fewer "
        "objects and later citations.",
    )
    connect_timeout_s: float = Field(
        5.0, ge=0.5, le=60, description="Seconds a source may take to answer."
    )
    read_timeout_s: float = Field(
        5.0,
        ge=1,
        le=60,
        description="Seconds without a frame after which the connection counts as dead.",
    )
    clock_limit_s: float = Field(
        2.0,
        gt=0,
        description="Seconds that a camera's clock may differ from ours; beyond it its times are "
        "unverified, and no citation rests on them.",
    )
    clock_u95_ms: float = Field(
        100.0,
        gt=0,
        description="Least 95 % uncertainty in milliseconds of a camera's time over RTCP.",
    )
    inspect_every_s: float = Field(
        10.0,
        ge=1,
        description="Seconds between pictures of a camera that are judged (black, frozen, "
        "blurred, moved). Each costs one decoded frame.",
    )
    store_concurrency: int = Field(
        8, ge=1, le=64, description="Segments stored at a time; a camera's always in order."
    )
    segments_keep_hours: int = Field(
        72,
        ge=1,
        description="Hours that the index of segments is kept: as long as the bucket keeps them.",
    )
    recording_limit_mib: int = Field(
        2048, ge=1, description="Largest uploaded video in MiB; larger ones are answered 413."
    )
    uploads_at_a_time: int = Field(
        4,
        ge=1,
        le=64,
        description="Videos received at a time by this process, and as many stills; further ones "
        "wait unread. A video takes twice its size of the temporary folder until it is stored.",
    )
    recording_upload_s: float = Field(
        1800.0,
        gt=0,
        description="Seconds an uploaded video may take from its turn on; slower ones are answered "
        "408. 2 GiB in 30 min are 9.5 Mb/s. Longer means that senders which vanished keep others "
        "waiting longer.",
    )
    recordings_at_a_time: int = Field(
        1, ge=1, le=16, description="Uploaded videos segmented at a time by this process."
    )
    snapshot_upload_s: float = Field(
        60.0,
        gt=0,
        description="Seconds a still may take from its turn on; slower ones are answered 408. "
        "20 MiB in 60 s are 2.8 Mb/s. Longer means that senders which vanished keep others waiting "
        "longer.",
    )
    snapshot_limit_mib: int = Field(
        20, ge=1, le=200, description="Largest still in MiB; larger ones are answered 413."
    )
    snapshot_limit_megapixels: int = Field(
        40,
        ge=1,
        le=200,
        description="Largest still in millions of pixels, read from its header before any "
        "decoding; larger ones are answered 413.",
    )
    measurement_lag_ms: float = Field(
        500.0,
        ge=0,
        description="Milliseconds that a device's measurement may lie from its still, beyond the "
        "clock's uncertainty; farther ones are answered 422. Longer means that a speed may belong "
        "to the vehicle before.",
    )

    @field_validator("source_networks")
    @classmethod
    def _readable(cls, value: str) -> str:
        networks(value)
        return value
