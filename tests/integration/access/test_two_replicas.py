"""Two processes of access on one database, behind one address, behave as one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from payesh.local.engines.ports import free_port
from payesh.local.service_process import ServiceProcess
from tests.support.balancer import Balancer

from .conftest import CALLBACK, Browser, RunningAccess


@dataclass
class Replicas(RunningAccess):
    """Access at the balancer's address: every request goes to the other process."""

    def http(self, **more: Any) -> httpx.AsyncClient:
        # A connection a request.
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.AsyncClient(base_url=self.url, timeout=30, limits=limits, **more)

    async def everywhere(self, browser: Browser, **asked: str) -> set[str]:
        """Where four requests of a page lead, two to each process: "back", or a page's path."""
        answers = [await browser.authorize(**asked) for _ in range(4)]
        return {
            "back" if where.startswith(CALLBACK + "?code=") else where.partition("?")[0]
            for where in (answer.headers["location"] for answer in answers)
        }


def _environment(process: ServiceProcess, access: RunningAccess, address: str) -> dict[str, str]:
    """What the fixture's own process has, with ports of this one and the common address."""
    changed = {
        "http_port": process.http_port,
        "metrics_port": process.metrics_port,
        "public_url": f"http://{address}",
    }
    found = {}
    for name in type(access.settings).model_fields:
        value = changed.get(name, dict(access.settings)[name])
        if value is not None:
            text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            found[f"PAYESH_{name.upper()}"] = text
    return found


@pytest.fixture(scope="module")
async def replicas(
    access: RunningAccess, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Replicas]:
    port = free_port()
    folder: Path = tmp_path_factory.mktemp("replicas")
    processes = [
        ServiceProcess(
            name,
            "access",
            "serve",
            folder / name,
            lambda process: _environment(process, access, f"127.0.0.1:{port}"),
        )
        for name in ("one", "two")
    ]
    try:
        await asyncio.gather(*(process.start() for process in processes))
        balancer = Balancer([("127.0.0.1", process.http_port) for process in processes])
        async with balancer.running(port):
            yield Replicas(
                access.settings,
                f"http://{balancer.address}",
                admin=access.admin,
                pages_secret=access.pages_secret,
            )
        one, two = balancer.taken.values()
        assert abs(one - two) <= 1
    finally:
        await asyncio.gather(*(process.stop(15) for process in processes))


async def officer_of(replicas: Replicas) -> dict[str, Any]:
    answer = await replicas.new_person()
    assert answer.status_code == 201, answer.text
    officer: dict[str, Any] = answer.json()
    return officer


async def test_of_a_code_presented_to_both_at_once_one_makes_a_token(replicas: Replicas) -> None:
    for _ in range(3):
        browser, officer = Browser(replicas), await officer_of(replicas)
        code = await browser.code(officer["username"])
        answers = await asyncio.gather(*(browser.redeem(code) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
        # The seven were somebody else's: the sign-in that the code came from is over, at both.
        assert await replicas.everywhere(browser) == {"/sign-in"}


async def test_a_sign_in_begins_and_ends_at_both(replicas: Replicas) -> None:
    browser, officer = Browser(replicas), await officer_of(replicas)
    await browser.sign_in(officer["username"])
    assert await replicas.everywhere(browser) == {"back"}
    page = await browser.http.get("/sign-out")
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    await browser.http.post("/sign-out", data={"form_token": token})
    assert await replicas.everywhere(browser) == {"/sign-in"}


@pytest.mark.parametrize("change", [{"password": "another long phrase"}, {"enabled": False}])
async def test_a_change_of_the_account_ends_sessions_and_codes_at_both(
    replicas: Replicas, change: dict[str, Any]
) -> None:
    browser, officer = Browser(replicas), await officer_of(replicas)
    codes = [await browser.code(officer["username"])]
    back = httpx.URL((await browser.authorize()).headers["location"])
    codes.append(back.params["code"])
    answer = await replicas.patch(f"/v1/people/{officer['person_id']}", change)
    assert answer.status_code == 200
    assert await replicas.everywhere(browser) == {"/sign-in"}
    redeemed = [(await browser.redeem(code)).json()["error"] for code in codes]
    assert redeemed == ["invalid_grant", "invalid_grant"]


async def test_guesses_are_counted_over_both(replicas: Replicas) -> None:
    officer = await officer_of(replicas)
    answers = await asyncio.gather(
        *(
            Browser(replicas, address="203.0.113.9").sign_in(officer["username"], "a guess")
            for _ in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [401] * 4 + [429] * 4


async def test_consent_is_given_and_taken_back_at_both(replicas: Replicas) -> None:
    browser, officer = Browser(replicas), await officer_of(replicas)
    made = await replicas.new_client(
        grants=["authorization_code"], redirect_uris=[CALLBACK], scopes=["citations:read"]
    )
    client_id = made.json()["client"]["client_id"]
    await browser.sign_in(officer["username"])
    assert await replicas.everywhere(browser, client_id=client_id) == {"/consent"}
    await browser.agree(client_id=client_id)
    assert await replicas.everywhere(browser, client_id=client_id) == {"back"}
    listed = await browser.http.get("/consents")
    token = listed.text.split('name="form_token" value="')[1].split('"')[0]
    await browser.http.post("/consents", data={"client_id": client_id, "form_token": token})
    assert await replicas.everywhere(browser, client_id=client_id) == {"/consent"}
