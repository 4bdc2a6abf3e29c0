"""A token on the command line: signed in with a browser, on the loopback address of one machine."""

import asyncio
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from payesh.access.adapters.loopback_sign_in import CommandClient, SignInFailed, sign_in
from payesh.access.main import cli
from payesh.local.engines.ports import free_port

from .conftest import Browser, RunningAccess


class Shown:
    """The address that the command shows, and the person's browser that opens it."""

    def __init__(self, access: RunningAccess) -> None:
        self.browser = Browser(access)
        self.address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def show(self, address: str) -> None:
        self.address.set_result(address)

    async def answer_to(self, username: str, decision: str = "allow") -> str:
        """Where access sends the browser after the person signed in and answered."""
        asked = dict(parse_qsl(urlsplit(await self.address).query))
        await self.browser.sign_in(username)
        self.browser.request = asked
        return (await self.browser.agree(decision)).headers["location"]


async def command_client(access: RunningAccess) -> CommandClient:
    redirect = f"http://127.0.0.1:{free_port()}/callback"
    made = await access.new_client(
        grants=["authorization_code"],
        redirect_uris=[redirect],
        scopes=["people:read", "agencies:read"],
        counties="*",
    )
    assert made.is_success, made.text
    client = made.json()
    return CommandClient(
        access.settings.token_issuer,
        client["client"]["client_id"],
        client["client_secret"],
        redirect,
    )


async def administrator(access: RunningAccess) -> str:
    made = await access.new_person(scopes=["people:read", "agencies:read"], counties="*")
    return str(made.json()["username"])


async def opened(address: str) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.get(address)


async def test_a_person_gets_a_token_of_the_scopes_asked_for(access: RunningAccess) -> None:
    shown, client = Shown(access), await command_client(access)
    signing_in = asyncio.create_task(
        sign_in(client, service="access", scopes=["people:read"], show=shown.show, timeout_s=60)
    )
    back = await shown.answer_to(await administrator(access))
    # Who guesses the port neither ends the command nor slips a code of their own in.
    forged = urlsplit(back)._replace(query=urlencode({"code": "x", "state": "y"})).geturl()
    assert (await opened(forged)).status_code == 404
    assert not signing_in.done()
    assert "Signed in" in (await opened(back)).text
    claims = await access.claims(await signing_in, "access")
    assert claims["scope"] == "people:read"
    assert claims["sub"].startswith("person:")


async def test_a_refusal_and_a_wrong_secret_give_no_token(access: RunningAccess) -> None:
    username = await administrator(access)
    client = await command_client(access)
    for changed, decision, said in (
        (client, "deny", "access_denied"),
        (replace(client, client_secret="wrong-secret"), "allow", "invalid_client"),
    ):
        shown = Shown(access)
        signing_in = asyncio.create_task(
            sign_in(changed, service="access", scopes=[], show=shown.show, timeout_s=60)
        )
        await opened(await shown.answer_to(username, decision))
        with pytest.raises(SignInFailed, match=said):
            await signing_in


async def test_it_listens_on_the_loopback_address_alone_and_not_for_ever(
    access: RunningAccess,
) -> None:
    client = await command_client(access)
    for redirect in ("https://127.0.0.1:1/x", "http://0.0.0.0:8765/x", "http://127.0.0.1/x"):
        elsewhere = replace(client, redirect_uri=redirect)
        with pytest.raises(SignInFailed, match=r"127\.0\.0\.1"):
            await sign_in(elsewhere, service="access", scopes=[], show=print, timeout_s=1)
    with pytest.raises(SignInFailed, match="nobody signed in"):
        await sign_in(client, service="access", scopes=[], show=lambda _: None, timeout_s=0.01)


def test_a_secret_that_cannot_be_read_is_named_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = ["token", "--access", "http://127.0.0.1:1", "--client", "x", "--secret-file", "none"]
    monkeypatch.setattr("sys.argv", ["payesh-access", *given])
    with pytest.raises(SystemExit, match=r"payesh-access: .*none"):
        cli()
