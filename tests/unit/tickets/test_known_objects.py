"""What bundles share is fetched once, by its whole reference, and memory for it is bounded."""

from collections import Counter
from hashlib import sha256
from typing import cast

import pytest

from payesh.contracts.values import ObjectReference
from payesh.kit.objects import ObjectStore
from payesh.tickets.evidence.known_objects import KnownObjects


class Shelf:
    """Counts what is fetched of it."""

    def __init__(self, **bodies: bytes) -> None:
        self.bodies = bodies
        self.fetched: Counter[str] = Counter()

    async def get(self, reference: ObjectReference) -> bytes:
        self.fetched[reference.key] += 1
        return self.bodies[reference.key]


def reference(key: str, body: bytes, version: str = "1") -> ObjectReference:
    return ObjectReference(
        bucket="segments",
        key=key,
        version_id=version,
        sha256=sha256(body).hexdigest(),
        size_bytes=len(body),
        media_type="video/mp4",
    )


async def test_an_object_is_fetched_once_and_another_version_of_it_anew() -> None:
    shelf = Shelf(init=b"init")
    known = KnownObjects(cast(ObjectStore, shelf))
    for _ in range(3):
        assert await known.get(reference("init", b"init")) == b"init"
    assert shelf.fetched == {"init": 1}
    await known.get(reference("init", b"init", version="2"))
    await known.get(reference("init", b"other"))
    assert shelf.fetched == {"init": 3}


async def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    shelf = Shelf(one=b"1" * 40, two=b"2" * 40, three=b"3" * 40)
    known = KnownObjects(cast(ObjectStore, shelf), kept_bytes=100)
    asked = {key: reference(key, body) for key, body in shelf.bodies.items()}
    for key in ("one", "two", "one", "three", "one", "two"):
        await known.get(asked[key])
    assert shelf.fetched == {"one": 1, "two": 2, "three": 1}


async def test_what_could_not_be_fetched_is_not_known() -> None:
    shelf = Shelf()
    known = KnownObjects(cast(ObjectStore, shelf))
    for _ in range(2):
        with pytest.raises(KeyError):
            await known.get(reference("gone", b"gone"))
    assert shelf.fetched == {"gone": 2}
