"""A bundle as its checks see it: documents that were found whole, and the manifest over them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payesh.verify.documents import json_object

MANIFEST = "manifest.json"
STATEMENT = "manifest.jws"
FORMAT = "payesh-evidence-manifest-v1"

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bundle:
    """`manifest` is the signed one; `bodies` are those of whole files."""

    manifest: Document
    manifest_sha256: str
    bodies: Mapping[str, bytes]

    def document(self, name: str) -> Document:
        """A JSON document of the bundle. Raises ValueError or TypeError for what is none."""
        return json_object(self.bodies[name])

    @property
    def violation(self) -> Document:
        return self.document("violation.json")

    @property
    def read(self) -> Document:
        return self.document("read.json")

    @property
    def revision(self) -> Document:
        return self.document("revision.json")

    @property
    def law(self) -> Document:
        return self.document("law.json")

    @property
    def clip_name(self) -> str:
        return self.name_of(self.manifest["clip"]["object"])

    def name_of(self, reference: Document) -> str:
        return name_in_bundle(self.manifest, reference)


ENTRY = "entry/"
"""Folder of what the camera saw where the stretch of an average speed begins."""


def entry_of(bundle: Bundle) -> Bundle:
    """The other camera's part as a bundle of its own: `entry_passage` is its violation. Raises
    LookupError or TypeError where there is none."""
    bodies = dict(bundle.bodies)
    for name in ("revision.json", "read.json"):
        bodies[name] = bundle.bodies[ENTRY + name]
    bodies["violation.json"] = json.dumps(bundle.violation["entry_passage"]).encode()
    manifest = {**bundle.manifest["entry"], "citation_id": bundle.manifest["citation_id"]}
    return Bundle(manifest, bundle.manifest_sha256, bodies)


def name_in_bundle(manifest: Document, reference: Document) -> str:
    """The name of an object of the manifest in its bundle, for example `shots/0.jpg`.

    Raises ValueError for an object of another folder.
    """
    folder, _, name = str(reference["key"]).partition("/")
    if folder != manifest["citation_id"] or not name:
        raise ValueError("an object outside of the bundle")
    return name


def objects_of(manifest: Document) -> list[Document]:
    """Every object that a manifest names, in its order."""
    clip = manifest["clip"]
    copy = [] if clip["viewing_copy"] is None else [clip["viewing_copy"]]
    shots = [shot["object"] for shot in manifest["shots"]]
    named = [clip["object"], *copy, *shots, *manifest["documents"]]
    entry = manifest.get("entry")
    return named if entry is None else [*named, *objects_of(entry)]
