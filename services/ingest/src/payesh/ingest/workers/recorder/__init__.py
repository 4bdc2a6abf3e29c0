"""One camera's recorder: a thread from its source to the spool."""

from payesh.ingest.workers.recorder.limits import RecorderCallbacks, RecorderLimits
from payesh.ingest.workers.recorder.thread import Recorder

__all__ = ["Recorder", "RecorderCallbacks", "RecorderLimits"]
