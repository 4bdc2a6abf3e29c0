"""Runs a service: its HTTP server, its metrics port, its command line."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import uvicorn
from fastapi import FastAPI
from prometheus_client import start_http_server

from payesh.kit.certificates import ServerCertificate
from payesh.kit.errors import SettingsError
from payesh.kit.migrations import run_migrations
from payesh.kit.settings import DatabaseSettings, HttpSettings

GRACE_S = 20


def serve(app: FastAPI, settings: HttpSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests and the lifespan. Blocks."""
    certificate = _certificate(settings)
    metrics_server, _ = start_http_server(settings.metrics_port, addr=settings.http_host)
    for each in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops gracefully and then raises the signal again; its default handler would
        # make an orderly stop look like a kill.
        signal.signal(each, lambda _number, _frame: None)
    try:
        uvicorn.Server(configuration(app, settings, certificate)).run()
    finally:
        metrics_server.shutdown()


def configuration(
    app: FastAPI, settings: HttpSettings, certificate: ServerCertificate | None
) -> uvicorn.Config:
    """How uvicorn serves the application."""
    return uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,  # the kit's is set up; uvicorn's would log query strings
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        # It would replace the peer by what a sender wrote: `client_address` counts hops.
        proxy_headers=False,
        ssl_context_factory=(
            None if certificate is None else lambda _config, _default: certificate.context
        ),
    )


def _certificate(settings: HttpSettings) -> ServerCertificate | None:
    """Raises SettingsError for files that are no certificate and its key."""
    if settings.http_certificate_file is None or settings.http_key_file is None:
        return None
    try:
        return ServerCertificate(settings.http_certificate_file, settings.http_key_file)
    except (OSError, ValueError) as error:
        raise SettingsError(
            "PAYESH_HTTP_CERTIFICATE_FILE, PAYESH_HTTP_KEY_FILE: no certificate and its key "
            f"({type(error).__name__})"
        ) from None


class _MigrationSettings(DatabaseSettings):
    # A migration job has the service's whole environment and reads one variable of it.
    refuse_unknown: ClassVar[bool] = False


def _migrate(settings: DatabaseSettings, folder: Path) -> None:
    url = settings.database_url.get_secret_value()
    run_migrations(url, folder, ca_file=settings.database_ca_file)


def service_cli(
    name: str,
    *,
    serve: Callable[[], Any],
    migrate: Path | None,
    openapi: Callable[[], FastAPI | dict[str, Any]],
    processes: Mapping[str, Callable[[], Any]] | None = None,
    commands: Mapping[str, Callable[[Sequence[str]], Any]] | None = None,
) -> Callable[..., None]:
    """The main function of `payesh-<name> serve|migrate|openapi|<processes>|<commands>`.

    `cli = service_cli("ingest", ...)` in main.py; it reads sys.argv unless given arguments.
    `migrate` is the folder with env.py; None for a service without a database. `processes` are
    further ones beside `serve`, without arguments; a command gets the arguments after its name.
    """
    own = commands or {}
    actions: dict[str, Callable[[], Any]] = {"serve": serve, **(processes or {})}
    if migrate is not None:
        folder = migrate
        actions["migrate"] = lambda: _migrate(_MigrationSettings(), folder)
    actions["openapi"] = lambda: _print_openapi(openapi())

    def main(arguments: Sequence[str] | None = None) -> None:
        given = list(sys.argv[1:] if arguments is None else arguments)
        parser = argparse.ArgumentParser(prog=f"payesh-{name}")
        parser.add_argument("command", choices=[*actions, *own])
        # What follows a command's name is the command's, `--help` included.
        chosen = parser.parse_args(given[:1] if given[:1] and given[0] in own else given).command
        try:
            outcome = own[chosen](given[1:]) if chosen in own else actions[chosen]()
            if asyncio.iscoroutine(outcome):
                asyncio.run(outcome)
        except SettingsError as error:
            sys.exit(f"payesh-{name}: {error}")

    return main


def _print_openapi(document: FastAPI | dict[str, Any]) -> None:
    if isinstance(document, FastAPI):
        document = document.openapi()
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False, sort_keys=True)
    sys.stdout.write("\n")
