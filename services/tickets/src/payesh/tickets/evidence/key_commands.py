"""`payesh-tickets make-evidence-root` and `make-evidence-key`: keys made offline, into files."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from payesh.tickets.adapters.evidence_keys import make_key, make_root, public_jwk

_DAY_S = 24 * 3600


def make_evidence_root(arguments: Sequence[str]) -> None:
    """Write a new root key, and its public half for publication; neither file may exist."""
    parser = argparse.ArgumentParser(
        prog="payesh-tickets make-evidence-root",
        description="Make the root key of an installation. Keep the private file offline; publish "
        "the public one, by which everybody verifies evidence.",
    )
    parser.add_argument("private", type=Path, help="file of the private key")
    parser.add_argument("public", type=Path, help="file of the public key")
    given = parser.parse_args(arguments)
    root = make_root()
    try:
        _write(given.private, root.as_dict(private=True), mode=0o600)
        _write(given.public, public_jwk(root), mode=0o644)
    except OSError as error:
        parser.error(str(error))
    sys.stdout.write(f"root key {root.thumbprint()}\n")


def make_evidence_key(arguments: Sequence[str]) -> None:
    """Add a new evidence key, certified by the root, to the value of PAYESH_EVIDENCE_KEYS."""
    parser = argparse.ArgumentParser(
        prog="payesh-tickets make-evidence-key",
        description="Make an evidence key, certify it with the root key, and add it to KEYS, the "
        "value of PAYESH_EVIDENCE_KEYS. Run it where the root key is.",
    )
    parser.add_argument("keys", type=Path, help="file to add it to; made where it does not exist")
    parser.add_argument("--root", type=Path, required=True, help="the root's private key")
    parser.add_argument("--issuer", required=True, help="the installation, for example its address")
    parser.add_argument("--days", type=float, default=400, help="how long it is valid (400)")
    parser.add_argument(
        "--in-days", type=float, default=0, help="from when on, in days from now (0)"
    )
    given = parser.parse_args(arguments)
    try:
        root = OKPKey.import_key(json.loads(given.root.read_bytes()))
        keys = json.loads(given.keys.read_bytes()) if given.keys.exists() else []
    except (OSError, ValueError) as error:
        parser.error(str(error))
    begins = int(time.time() + given.in_days * _DAY_S)
    made = make_key(
        root, issuer=given.issuer, not_before=begins, expires=begins + int(given.days * _DAY_S)
    )
    replaced = given.keys.with_name(f"{given.keys.name}.new")
    _write(replaced, [*keys, made], mode=0o600)
    replaced.replace(given.keys)
    sys.stdout.write(f"evidence key {OKPKey.import_key(made['key']).thumbprint()}\n")


def _write(path: Path, content: Any, *, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)
