"""The files of an exported bundle, as far as its manifest names them."""

import re
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import ObjectReference
from payesh.tickets.domain.law import LawTable
from payesh.tickets.evidence.checks.finding import CheckFinding, Fault, checked, require_same
from payesh.tickets.evidence.law_basis import LawBasis
from payesh.tickets.evidence.manifest import Manifest, name_in_bundle

# Names come from the manifest, which may be forged: none may lead out of the folder.
_NAME = re.compile(r"([a-z]+/)?[a-z0-9]+\.[a-z0-9]+")

_Document = TypeVar("_Document", bound=BaseModel)


class BundleFolder:
    """The named files, read once. `law` is the published table, where one is given."""

    def __init__(
        self, path: Path, manifest: Manifest, manifest_sha256: str, law: LawTable | None
    ) -> None:
        self.path = path
        self.manifest = manifest
        self.manifest_sha256 = manifest_sha256
        self.law = law
        self.names: set[str] = set()
        self._bodies: dict[str, bytes] = {}

    def load(self, reference: ObjectReference) -> CheckFinding:
        """Read an object; its size and SHA-256 must be the manifest's."""
        _, _, name = reference.key.partition("/")
        return checked(name or reference.key, partial(self._read, reference))

    def body(self, name: str) -> bytes:
        if name not in self.names:
            raise Fault(f"the manifest does not name {name}")
        if name not in self._bodies:
            raise Fault(f"{name} is missing")
        return self._bodies[name]

    def document(self, name: str, model: type[_Document]) -> _Document:
        try:
            return model.model_validate_json(self.body(name))
        except ValidationError as error:
            raise Fault(f"{name} is malformed: {first_error(error)}") from error

    @property
    def violation(self) -> ViolationDetected:
        return self.document("violation.json", ViolationDetected)

    @property
    def read(self) -> PlateRead:
        return self.document("read.json", PlateRead)

    @property
    def revision(self) -> CameraRevision:
        return self.document("revision.json", CameraRevision)

    @property
    def basis(self) -> LawBasis:
        return self.document("law.json", LawBasis)

    def files(self) -> Iterator[str]:
        """Every file that lies in the folder."""
        found = self.path.rglob("*")
        return (path.relative_to(self.path).as_posix() for path in found if not path.is_dir())

    def _read(self, reference: ObjectReference) -> str:
        name = name_in_bundle(self.manifest.citation_id, reference)
        if not _NAME.fullmatch(name):
            raise Fault("not a name of a bundle's file")
        if name in self.names:
            raise Fault("the manifest names it twice")
        self.names.add(name)
        try:
            body = self._bodies[name] = (self.path / name).read_bytes()
        except OSError as error:
            raise Fault("it is missing") from error
        require_same("size", len(body), reference.size_bytes)
        require_same("SHA-256", sha256(body).hexdigest(), reference.sha256)
        return f"{len(body)} bytes, SHA-256 {reference.sha256}"


def first_error(error: ValidationError) -> str:
    """The first fault of a malformed document, with its place."""
    detail = error.errors()[0]
    place = ".".join(str(part) for part in detail["loc"])
    return f"{place}: {detail['msg']}" if place else detail["msg"]
