"""Settings of `detect`: one class for each of its two processes."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from payesh.kit.settings import (
    AuditSettings,
    BusSettings,
    DatabaseSettings,
    HttpSettings,
    ObjectSettings,
    PagesSettings,
    PeerSettings,
    TelemetrySettings,
)


class ObserverSettings(HttpSettings, BusSettings, ObjectSettings, TelemetrySettings):
    """The observer: HTTP for health only, no database, no tokens."""

    service: ClassVar[str] = "detect"

    observe_concurrency: int = Field(
        2,
        ge=1,
        le=64,
        description="Segments decoded at a time, a CPU thread each; more than cores gain nothing.",
    )
    detector_threads: int = Field(
        1, ge=1, le=64, description="CPU threads of one run of a detector's network."
    )
    detector_provider: Literal["auto", "cpu", "openvino", "cuda", "tensorrt"] = Field(
        "auto",
        description="What runs a detector's network: the processor, or an accelerator where the "
        "onnxruntime for it is installed; `auto` takes the best that is there. The same in all "
        "replicas: another one may round a score to the other side of a threshold.",
    )
    detector_models: Path | None = Field(
        None,
        description="Folder of further detector models (<name>.onnx, YOLOX layout) that camera "
        "revisions may name; unset, only the packaged one is there.",
    )
    streams_in_memory: int = Field(
        64,
        ge=1,
        description="Streams of 1080p kept in memory with their decoders, 33 MiB (H.264) to 37 MiB "
        "(HEVC) each, larger pictures as several: 64 take 2.4 GiB of a pod's 4. Others are read "
        "back from their checkpoint when their next segment comes.",
    )


class Settings(
    HttpSettings,
    BusSettings,
    DatabaseSettings,
    ObjectSettings,
    PeerSettings,
    AuditSettings,
    TelemetrySettings,
    PagesSettings,
):
    """The HTTP side with its projection and its page."""

    service: ClassVar[str] = "detect"

    passage_keep_hours: int = Field(
        72,
        ge=1,
        le=24 * 365,
        description="Hours after which a passage is deleted here; a citation keeps its own.",
    )
    traffic_keep_days: int = Field(
        400, ge=1, description="Days after which traffic counts are deleted."
    )
    incident_keep_days: int = Field(
        400,
        ge=1,
        description="Days after which incidents are deleted, counted from their beginning.",
    )
