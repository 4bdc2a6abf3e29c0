"""The file in which a deployer declares clients: the pages that sign people in, and machines that
an installation has from the start."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from payesh.access.domain.entitlements import Entitlements, unknown_scopes
from payesh.access.domain.redirect_uris import redirect_uri_fault
from payesh.contracts.values import Identifier, RoadClass
from payesh.kit.errors import SettingsError

MIN_SECRET_LENGTH = 32


class DeclaredClient(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: Identifier
    name: Annotated[str, Field(min_length=1, max_length=200)]
    secret_file: Path = Field(description="relative to the folder of the declaring file")
    grants: tuple[Literal["client_credentials", "authorization_code"], ...] = (
        "authorization_code",
    )
    redirect_uris: tuple[str, ...] = ()
    scopes: Annotated[tuple[str, ...], Field(min_length=1)]
    counties: tuple[Identifier, ...] | Literal["*"] = "*"
    road_classes: tuple[RoadClass, ...] | Literal["*"] = "*"
    cameras: tuple[Identifier, ...] | Literal["*"] = ()

    @property
    def entitlements(self) -> Entitlements:
        """What the client may do and where."""
        return Entitlements(
            frozenset(self.scopes), _bound(self.counties), _bound(self.road_classes)
        )

    def fault(self) -> str | None:
        """What is wrong with it, or None."""
        if unknown := unknown_scopes(self.scopes):
            return f"no such scope: {', '.join(unknown)}"
        if "authorization_code" in self.grants and not self.redirect_uris:
            return "authorization_code needs a redirect URI"
        return next(filter(None, map(redirect_uri_fault, self.redirect_uris)), None)


Declared = Sequence[tuple[DeclaredClient, str]]
"""Clients with their secrets."""


async def read(path: Path) -> Declared:
    """Raises SettingsError when the file, or a secret's file, is not what it should be."""
    return await asyncio.to_thread(_read, path)


def _read(path: Path) -> Declared:
    try:
        declared = TypeAdapter(list[DeclaredClient]).validate_python(json.loads(path.read_text()))
        secrets_read = [(path.parent / one.secret_file).read_text().strip() for one in declared]
    except (OSError, ValueError, ValidationError) as error:
        raise SettingsError(f"PAYESH_PAGES_CLIENTS_FILE: {error}") from None
    for client, secret in zip(declared, secrets_read, strict=True):
        if len(secret) < MIN_SECRET_LENGTH:
            raise SettingsError(
                f"PAYESH_PAGES_CLIENTS_FILE: the secret of {client.client_id} has less than "
                f"{MIN_SECRET_LENGTH} characters"
            )
        if fault := client.fault():
            raise SettingsError(f"PAYESH_PAGES_CLIENTS_FILE: {client.client_id}: {fault}")
    return list(zip(declared, secrets_read, strict=True))


def _bound(value: Sequence[str] | Literal["*"]) -> frozenset[str] | None:
    return None if value == "*" else frozenset(str(each) for each in value)
