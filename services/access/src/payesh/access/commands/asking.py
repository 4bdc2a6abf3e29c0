"""What every command of the administration takes, and how it shows an answer."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from payesh.access.adapters.administration import Administration, Refused

Act = Callable[[Administration, argparse.Namespace], object]
"""One command: what it is given and asks for; returns what is shown, None for nothing."""
TOKEN = "PAYESH_TOKEN"  # noqa: S105 - a variable's name


def parser_of(noun: str, about: str) -> tuple[argparse.ArgumentParser, Any]:
    """The parser of `payesh-access NOUN …`, and where its verbs are added."""
    parser = argparse.ArgumentParser(
        prog=f"payesh-access {noun}",
        description=f"{about} Asks the API with the token of the environment's {TOKEN}, or of "
        "--token-file, as `payesh-access token` prints it; all of it is in the audit log.",
    )
    parser.add_argument("--access", required=True, help="address of access, https://…")
    parser.add_argument("--token-file", type=Path, help=f"instead of {TOKEN}")
    parser.add_argument("--ca-file", type=Path, help="certificates of a private authority")
    parser.add_argument("--purpose", default="administration", help="recorded with the access")
    return parser, parser.add_subparsers(required=True, metavar="COMMAND")


def verb(verbs: Any, name: str, act: Act, about: str, *ids: str) -> argparse.ArgumentParser:
    """Add a command with its positional arguments."""
    added: argparse.ArgumentParser = verbs.add_parser(name, help=about, description=about)
    for each in ids:
        added.add_argument(each)
    added.set_defaults(act=act)
    return added


def takes_rights(command: argparse.ArgumentParser) -> None:
    """Scopes, counties and road classes of a new holder."""
    command.add_argument("--scope", action="append", default=[], help="repeated: one scope each")
    command.add_argument("--county", action="append", help="repeated; without any: everywhere")
    command.add_argument("--road-class", action="append", help="repeated; without any: all")


def rights_of(given: argparse.Namespace) -> dict[str, object]:
    return {
        "scopes": given.scope,
        "counties": given.county or "*",
        "road_classes": given.road_class or "*",
    }


def run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Do what was asked and print it, a JSON object a line; exit with 1 where access refuses."""
    given = parser.parse_args(arguments)
    try:
        token = os.environ.get(TOKEN, "")
        if given.token_file is not None:
            token = given.token_file.read_text("utf-8").strip()
        if not token:
            parser.error(f"no token: set {TOKEN} or give --token-file")
        asked = Administration(given.access, token, given.purpose, given.ca_file)
        shown = given.act(asked, given)
        for each in _several(shown):
            sys.stdout.write(json.dumps(each, ensure_ascii=False) + "\n")
    except (Refused, OSError) as error:
        raise SystemExit(f"payesh-access: {error}") from None


def _several(shown: object) -> Iterable[object]:
    if shown is None:
        return ()
    return [shown] if isinstance(shown, Mapping) else list(shown)  # type: ignore[call-overload]
