"""Every route of a service that asks for a scope, and who must not come in by it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import httpx
from fastapi import FastAPI

from payesh.contracts import AuditReadRecorded
from payesh.contracts.access import AuditOutcome
from payesh.kit.routes import operations
from tests.support.problems import problem

Client = AbstractAsyncContextManager[httpx.AsyncClient]


@dataclass(frozen=True, slots=True)
class Door:
    """A route with its ids put in, and the scope that it asks for. `route` names it by its
    template: `GET /v1/reads/{read_id}`."""

    method: str
    path: str
    scope: str
    route: str


def doors(app: FastAPI, **ids: str) -> list[Door]:
    """Every route of the application that asks for a scope, pages included."""
    found = [
        Door(method.upper(), path.format(**ids), required.scope, f"{method.upper()} {path}")
        for (path, method), required in sorted(operations(app).items())
        if required.scope is not None
    ]
    assert found
    return found


async def knocked(client: Client, found: Sequence[Door]) -> dict[Door, httpx.Response]:
    async with client as http:
        return {door: await http.request(door.method, door.path) for door in found}


async def admits_no_stranger(
    found: Sequence[Door], strangers: Mapping[str, Callable[[], Client]]
) -> None:
    """No token, and one that is not for this service: 401 at every door."""
    for name, client in strangers.items():
        for door, answer in (await knocked(client(), found)).items():
            assert answer.status_code == 401, (name, door)


async def records_who_lacks_the_scope(
    found: Sequence[Door],
    client: Client,
    audited: Callable[[int], Awaitable[Sequence[AuditReadRecorded]]],
) -> None:
    """Without the scope: 403 at every door, each on record."""
    for door, answer in (await knocked(client, found)).items():
        assert problem(answer) == (403, "missing-scope"), door
        assert answer.json()["scope"] == door.scope
    records = await audited(len(found))
    assert [each.scope for each in records] == [door.scope for door in found]
    assert {each.outcome for each in records} == {AuditOutcome.DENIED}
    assert all(each.query_digest and each.query_key_id for each in records)


async def shows_nothing_of_elsewhere(
    found: Sequence[Door],
    client: Client,
    audited: Callable[[int], Awaitable[Sequence[AuditReadRecorded]]],
    *,
    hidden: str,
    lists: Collection[str] = (),
    without: Mapping[str, str] = MappingProxyType({}),
    sent: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> None:
    """With rights for other counties: 403 or 404 at every door to a thing of this one, each on
    record, and no list shows it.

    The ids of `found` are those of the thing, `hidden` is a text that any answer about it has.
    `without` says by route why it has no county; `sent` is what a route needs besides.
    """
    known = {door.route for door in found}
    assert {*lists, *without, *sent} <= known, "a route that is no more"
    shut = [door for door in found if door.route not in {*lists, *without}]
    async with client as http:
        for door in shut:
            answer = await http.request(door.method, door.path, **sent.get(door.route, {}))
            assert answer.status_code in (403, 404), (door, answer.text)
        records = await audited(len(shut))
        for door in found:
            if door.route in lists:
                answer = await http.request(door.method, door.path, **sent.get(door.route, {}))
                assert answer.is_success, (door, answer.text)
                assert hidden not in answer.text, door
    assert [each.scope for each in records] == [door.scope for door in shut]
    assert {each.outcome for each in records} == {AuditOutcome.DENIED}


async def stops_who_asks_too_often(found: Sequence[Door], client: Callable[[int], Client]) -> None:
    """With a quota of one request: 429 at every door from the second on. A caller a door."""
    for number, door in enumerate(found):
        async with client(number) as http:
            first = await http.request(door.method, door.path)
            assert first.status_code not in (401, 429), door
            second = await http.request(door.method, door.path)
        assert problem(second) == (429, "quota"), door
        assert int(second.headers["Retry-After"]) > 0
