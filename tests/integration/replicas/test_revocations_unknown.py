"""What happens while the bus, access or both are away: doors that need certainty close in time."""

from uuid import uuid4

import httpx

from tests.integration.access.conftest import PURPOSE
from tests.integration.replicas.conftest import Town
from tests.support.problems import problem
from tests.support.waiting import eventually

SCOPES = ["passages:read", "traffic:read", "citations:read", "people:read"]


async def machine(town: Town) -> tuple[str, dict[str, str]]:
    """A new client's id, and headers with its token."""
    made = (await town.access.new_client(scopes=SCOPES, counties="*")).json()
    client_id = made["client"]["client_id"]
    tokens = await town.machine_tokens(client_id, made["client_secret"])
    return client_id, {**tokens["detect"], **PURPOSE}


async def passage(url: str, headers: dict[str, str]) -> httpx.Response:
    """A read of personal data: of a passage that does not exist."""
    async with httpx.AsyncClient(timeout=20) as http:
        return await http.get(f"{url}/v1/passages/{uuid4()}", headers=headers)


async def counts(url: str, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(timeout=20) as http:
        return await http.get(f"{url}/v1/traffic", headers=headers)


async def revocations_at(url: str) -> str:
    async with httpx.AsyncClient(timeout=20) as http:
        state: str = (await http.get(f"{url}/readyz")).json()["dependencies"]["revocations"]
        return state


async def test_a_replica_that_never_learnt_any_answers_nothing_personal(town: Town) -> None:
    _, headers = await machine(town)
    assert await revocations_at(town.detect["neither"]) == "not caught up"
    assert problem(await passage(town.detect["neither"], headers)) == (503, "revocations-unknown")
    assert (await counts(town.detect["neither"], headers)).status_code == 200
    for way in ("both", "bus", "poll"):
        assert await revocations_at(town.detect[way]) == "ok"
        assert problem(await passage(town.detect[way], headers)) == (404, "not-found")


async def test_only_a_client_with_the_right_may_ask_for_revocations(town: Town) -> None:
    made = (await town.access.new_client(scopes=["traffic:read"], counties="*")).json()
    async with town.access.http() as http:
        path, client_id = "/v1/revocations", made["client"]["client_id"]
        assert problem(await http.get(path)) == (401, "unauthorized")
        wrong = await http.get(path, auth=(client_id, "a wrong secret"))
        assert problem(wrong) == (401, "unauthorized")
        nul = await http.get(path, auth=("\x00", "x"))
        assert problem(nul) == (401, "unauthorized")
        without = await http.get(path, auth=(client_id, made["client_secret"]))
        assert problem(without) == (403, "missing-scope")
        assert (await http.get(path, headers=town.access.admin)).status_code == 401


async def test_an_unchanged_list_is_not_sent_again(town: Town) -> None:
    made = (await town.access.new_client(scopes=["revocations:read"], counties="*")).json()
    client_id, secret = made["client"]["client_id"], made["client_secret"]
    async with town.access.http(auth=(client_id, secret)) as http:
        first = await http.get("/v1/revocations")
        again = {"If-None-Match": first.headers["etag"]}
        assert (await http.get("/v1/revocations", headers=again)).status_code == 304
        other, _ = await machine(town)
        await town.access.patch(f"/v1/clients/{other}", {"enabled": False})
        changed = await http.get("/v1/revocations", headers=again)
    assert changed.status_code == 200
    revoked = {each["revoked"]: each["number"] for each in changed.json()["revocations"]}
    assert revoked[f"client:{other}"] == changed.json()["number"] > first.json()["number"]


async def test_while_the_bus_is_away_asking_is_enough_and_without_it_doors_close(
    town: Town,
) -> None:
    client_id, headers = await machine(town)
    await town.engines.bus.stop()
    await town.access.patch(f"/v1/clients/{client_id}", {"enabled": False})

    async def refused(way: str) -> bool:
        return problem(await passage(town.detect[way], headers)) == (401, "revoked")

    async def closed() -> bool:
        answer = await passage(town.detect["bus"], headers)
        return problem(answer) == (503, "revocations-unknown")

    await eventually(lambda: refused("poll"))
    await eventually(lambda: refused("both"))
    # One that has the bus alone knows nothing of it: open for what is set, closed for the rest.
    await eventually(closed, 60)
    assert (await counts(town.detect["bus"], headers)).status_code == 200
    await town.engines.bus.start()
    await eventually(lambda: refused("bus"), 60)
