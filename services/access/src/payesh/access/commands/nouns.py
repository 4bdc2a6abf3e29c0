"""`payesh-access agency|person|client|key`: what an administrator does."""

import argparse
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from payesh.access.adapters.administration import Administration, Refused
from payesh.access.commands.asking import Act, parser_of, rights_of, run, takes_rights, verb


def agency(arguments: Sequence[str]) -> None:
    """Agencies: list, add, enable, disable."""
    parser, verbs = parser_of("agency", "Agencies, which employ people and run clients.")
    verb(verbs, "list", lambda asked, _: asked.items("/v1/agencies"), "all of them")
    verb(verbs, "add", _add_agency, "register one", "id", "name")
    for name in ("enable", "disable"):
        about = f"{name} one; a disabled one's people and clients get no tokens"
        verb(verbs, name, _switch("agencies"), about, "id").set_defaults(enabled=name == "enable")
    run(parser, arguments)


def person(arguments: Sequence[str]) -> None:
    """People's accounts: list, show, add, enable, disable, password."""
    parser, verbs = parser_of("person", "Accounts of officers and administrators.")
    verb(verbs, "list", lambda asked, _: asked.items("/v1/people"), "those that you may see")
    verb(verbs, "show", lambda asked, given: _person(asked, given.username), "one", "username")
    about = "make one; its password, which its owner must replace, is in the answer"
    added = verb(verbs, "add", _add_person, about, "username", "name", "agency")
    takes_rights(added)
    for name in ("enable", "disable"):
        about = f"{name} one; a disabled one is signed out at once"
        verb(verbs, name, _change_person, about, "username").set_defaults(
            change={"enabled": name == "enable"}
        )
    about = "give a new password, which its owner must replace; signs out"
    verb(verbs, "password", _change_person, about, "username").set_defaults(change=None)
    run(parser, arguments)


def client(arguments: Sequence[str]) -> None:
    """Clients: list, show, add, enable, disable, secret, approve."""
    parser, verbs = parser_of("client", "Machines, and pages in which people sign in.")
    verb(verbs, "list", lambda asked, _: asked.items("/v1/clients"), "those that you may see")
    show: Act = lambda asked, given: asked.send("GET", f"/v1/clients/{given.id}")  # noqa: E731
    verb(verbs, "show", show, "one", "id")
    about = "register one; its secret goes to --secret-file and is shown nowhere"
    added = verb(verbs, "add", _add_client, about, "id", "name", "agency")
    takes_rights(added)
    added.add_argument("--redirect-uri", action="append", default=[], help="people sign in there")
    added.add_argument("--camera", action="append", default=[], help="whose device it is; repeated")
    for name in ("enable", "disable"):
        verb(verbs, name, _switch("clients"), f"{name} one", "id").set_defaults(
            enabled=name == "enable"
        )
    about = "a new secret, into --secret-file; the one before stops working at once"
    renewed = verb(verbs, "secret", _renew_secret, about, "id")
    for each in (added, renewed):
        each.add_argument("--secret-file", type=Path, required=True, help="must not be there yet")
    about = "as a second person: let a client for people be used, as `show` has its proposal"
    verb(verbs, "approve", _approve, about, "id", "proposal")
    run(parser, arguments)


def key(arguments: Sequence[str]) -> None:
    """Signing keys of tokens: list, rotate."""
    parser, verbs = parser_of("key", "Keys that tokens are signed with.")
    verb(verbs, "list", lambda asked, _: asked.send("GET", "/v1/keys"), "published ones")
    rotated = verb(verbs, "rotate", _rotate, "publish a new one, which signs after a delay")
    rotated.add_argument(
        "--withdraw-previous",
        action="store_true",
        help="a key is known to others: all earlier ones end at once, with what they signed",
    )
    run(parser, arguments)


def _add_agency(asked: Administration, given: argparse.Namespace) -> object:
    return asked.send("POST", "/v1/agencies", {"agency_id": given.id, "name": given.name})


def _switch(kind: str) -> Act:
    def switch(asked: Administration, given: argparse.Namespace) -> object:
        return asked.send("PATCH", f"/v1/{kind}/{given.id}", {"enabled": given.enabled})

    return switch


def _person(asked: Administration, username: str) -> dict[str, Any]:
    found = (each for each in asked.items("/v1/people") if each["username"] == username)
    one = next(found, None)
    if one is None:
        raise Refused(f"no person {username} that you may see")
    return one


def _add_person(asked: Administration, given: argparse.Namespace) -> object:
    password = _password()
    body = {
        "username": given.username,
        "name": given.name,
        "agency": given.agency,
        "password": password,
        **rights_of(given),
    }
    return {**asked.send("POST", "/v1/people", body), "password": password}


def _change_person(asked: Administration, given: argparse.Namespace) -> object:
    path = f"/v1/people/{_person(asked, given.username)['person_id']}"
    if given.change is not None:
        return asked.send("PATCH", path, given.change)
    password = _password()
    return {**asked.send("PATCH", path, {"password": password}), "password": password}


def _add_client(asked: Administration, given: argparse.Namespace) -> object:
    grants = ["authorization_code"] if given.redirect_uri else ["client_credentials"]
    body = {
        "client_id": given.id,
        "name": given.name,
        "agency": given.agency,
        "grants": grants,
        "redirect_uris": given.redirect_uri,
        "cameras": given.camera,
        **rights_of(given),
    }
    return _kept(given.secret_file, lambda: asked.send("POST", "/v1/clients", body))


def _renew_secret(asked: Administration, given: argparse.Namespace) -> object:
    path = f"/v1/clients/{given.id}/secret"
    return _kept(given.secret_file, lambda: asked.send("POST", path))


def _approve(asked: Administration, given: argparse.Namespace) -> object:
    return asked.send("POST", f"/v1/clients/{given.id}/approve", {"proposal": given.proposal})


def _rotate(asked: Administration, given: argparse.Namespace) -> object:
    body = {"withdraw_previous": given.withdraw_previous}
    return asked.send("POST", "/v1/keys/rotate", body)


def _kept(secret_file: Path, ask: Any) -> object:
    """The client, its secret written to a new file that only its owner reads. The file is made
    before access is asked: a secret that could not be kept would be lost."""
    secret_file.touch(mode=0o600, exist_ok=False)
    try:
        answer = ask()
    except Refused:
        secret_file.unlink()
        raise
    secret_file.write_text(f"{answer['client_secret']}\n", "ascii")
    return answer["client"]


def _password() -> str:
    """Which its owner replaces at the first sign-in."""
    return secrets.token_urlsafe(18)
