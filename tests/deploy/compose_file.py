"""`docker-compose.yml` as compose reads it, with secrets drawn by its script."""

import atexit
import re
import subprocess
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import yaml

from tests.deploy.container import ROOT, Container

_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def document() -> dict[str, Any]:
    """Parsed, then each `${NAME:-default}` at its default: compose does it in that order."""
    loaded: dict[str, Any] = _at_defaults(
        yaml.safe_load((ROOT / "docker-compose.yml").read_bytes())
    )
    return loaded


def _at_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _at_defaults(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_at_defaults(each) for each in value]
    if not isinstance(value, str):
        return value
    value = _VARIABLE.sub(r"\2", value)
    assert "${" not in value, f"a variable without a default: {value}"
    return value


@cache
def drawn_folder() -> Path:
    """What one run of make-secrets.sh leaves; removed when this process ends."""
    above = Path(mkdtemp(prefix="payesh-drawn-"))
    atexit.register(rmtree, above, ignore_errors=True)
    script = ROOT / "deploy/compose/make-secrets.sh"
    subprocess.run([str(script), str(above / "secrets")], check=True, capture_output=True)
    return above / "secrets"


@cache
def drawn_secrets() -> dict[str, str]:
    """File name to content, of those that containers have."""
    return {
        path.name: path.read_text("utf-8") for path in drawn_folder().iterdir() if path.is_file()
    }


def containers() -> dict[str, Container]:
    """Name to container. Raises KeyError for a secret or config that is nowhere defined."""
    described = document()
    return {
        name: Container(
            name=name,
            image=service["image"],
            arguments=tuple(service.get("command", ())),
            environment=dict(service.get("environment", {})),
            files=_files(described, service),
        )
        for name, service in described["services"].items()
    }


def _files(described: dict[str, Any], service: dict[str, Any]) -> dict[str, str]:
    files = {}
    for given in service.get("secrets", ()):
        source = given if isinstance(given, str) else given["source"]
        target = source if isinstance(given, str) else given["target"]
        folder, _, name = described["secrets"][source]["file"].rpartition("/")
        assert folder == "./secrets"
        files[f"/run/secrets/{target}"] = drawn_secrets()[name]
    for given in service.get("configs", ()):
        path = ROOT / described["configs"][given["source"]]["file"]
        files[given["target"]] = path.read_text("utf-8")
    return files
