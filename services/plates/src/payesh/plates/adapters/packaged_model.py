"""A packaged ONNX network on ONNX Runtime's CPU provider."""

import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class PackagedModel:
    """One session over one ONNX file with one input and one output.

    `path` None means the file `default_name` in `payesh.plates.models`. `sha256` identifies the
    weights in the events that are made with them. Raises FileNotFoundError.
    """

    def __init__(self, path: Path | None, default_name: str, threads: int) -> None:
        if path is None:
            content = resources.files("payesh.plates").joinpath("models", default_name).read_bytes()
        else:
            content = path.read_bytes()
        self.sha256 = hashlib.sha256(content).hexdigest()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning threads would occupy cores between two pictures.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        self._input: str = self._session.get_inputs()[0].name

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's only output for `batch`."""
        output: NDArray[np.float32] = self._session.run(None, {self._input: batch})[0]
        return output
