"""Detector weights by name: packaged ones, and what a deployer puts into a folder."""

import hashlib
from pathlib import Path

from payesh.contracts.values import ModelReference

DEFAULT_MODEL = "vehicle_detector"
_PACKAGED = Path(__file__).parents[1] / "models"


class ModelMissing(LookupError):
    """No file of that name; a revision asks for weights that this deployment does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no detector model named {name}")


class ModelFolder:
    """Finds `<name>.onnx` in the deployer's folder first, then among the packaged ones."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folders = [f for f in (folder, _PACKAGED) if f is not None]

    def files(self) -> list[tuple[str, Path]]:
        """Every model that may be named, with its file, in the order of names."""
        found: dict[str, Path] = {}
        for folder in reversed(self._folders):
            found |= {path.stem: path for path in folder.glob("*.onnx")}
        return sorted(found.items())

    def load(self, name: str | None) -> tuple[bytes, ModelReference]:
        """Bytes and reference; None means the default model. Raises ModelMissing."""
        wanted = name or DEFAULT_MODEL
        if "/" in wanted or "\\" in wanted or wanted.startswith("."):
            raise ModelMissing(wanted)  # a revision must not reach outside the folder
        for folder in self._folders:
            path = folder / f"{wanted}.onnx"
            if path.is_file():
                body = path.read_bytes()
                sha256 = hashlib.sha256(body).hexdigest()
                return body, ModelReference(name=wanted, sha256=sha256)
        raise ModelMissing(wanted)
