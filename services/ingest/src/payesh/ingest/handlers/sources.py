"""Sources of cameras: an address that an operator enters, checked and sealed."""

import asyncio
from dataclasses import dataclass

from payesh.ingest.adapters.source_secrets import StoredSource
from payesh.ingest.dependencies import Dependencies
from payesh.ingest.domain.source_address import BadAddress, parted
from payesh.ingest.errors import BadSource
from payesh.kit.networks import ForbiddenAddress

_UNREADABLE = "the source's address cannot be read"


@dataclass(frozen=True, slots=True)
class EnteredSource:
    """A source as a caller sends it, its password in clear, perhaps inside the address."""

    url: str
    username: str | None
    password: str | None


async def checked_source(
    dependencies: Dependencies, source: EnteredSource | None
) -> StoredSource | None:
    """The source as it is stored. Raises BadSource."""
    if source is None:
        return None
    try:
        address = parted(source.url, source.username, source.password)
    except BadAddress as error:
        raise BadSource(str(error)) from None
    try:
        await asyncio.to_thread(dependencies.networks.require, address.url)
    except ForbiddenAddress as error:
        raise BadSource(str(error)) from error
    except ValueError:  # a port that is none, a name too long
        raise BadSource(_UNREADABLE) from None
    except OSError:
        pass  # a name may be unknown today; it is resolved again before each connection
    sealed = None if address.password is None else dependencies.seal.seal(address.password)
    return StoredSource(address.url, address.username, sealed)
