"""What routes find in the application."""

from dataclasses import dataclass

from fastapi import Request

from payesh.access.adapters.key_ring import KeyRing
from payesh.access.adapters.passwords import Passwords
from payesh.access.settings import Settings
from payesh.kit.database import Database


@dataclass(frozen=True)
class Access:
    settings: Settings
    database: Database
    ring: KeyRing
    passwords: Passwords


def access_of(request: Request) -> Access:
    access: Access = request.app.state.access
    return access
