"""What a recorder is given besides its camera: its limits, and what it calls."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.rtsp import LiveSource
from payesh.ingest.adapters.source_secrets import StoredSource


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """Times in seconds unless the name has another unit; see the settings of the same names."""

    segment_s: float = 2.0
    clock_limit_s: float = 2.0
    clock_u95_ms: float = 100.0
    unverified_u95_ms: float = 5000.0
    offline_after_s: float = 5.0
    gap_piece_s: float = 60.0
    inspect_every_s: float = 10.0
    longest_stream_s: float = 12 * 3600.0
    slowest_frame_s: float = 2.5
    longest_gop_s: float = 10.0
    parameter_sets_s: float = 60.0


@dataclass(frozen=True, slots=True)
class RecorderCallbacks:
    """Called from the recorder's thread. `open_source` connects to a stored source and raises
    SourceFailure; `on_spooled` gets a camera with something new in the spool; `inspect_fragment`
    gets camera, place, init part and a fragment to judge the picture by, and returns at once."""

    open_source: Callable[[StoredSource], AbstractContextManager[LiveSource]]
    on_spooled: Callable[[str], None]
    inspect_fragment: Callable[[str, Place, bytes, bytes], None]
