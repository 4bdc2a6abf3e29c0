"""`payesh-tickets verify FOLDER [--law TABLE]`: a report line by line, offline."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.errors import LawTableInvalid
from payesh.tickets.evidence.verification import holds, verify_folder


def verify(arguments: Sequence[str]) -> NoReturn:
    """Print a line a check; exit with 1 when the evidence is broken."""
    parser = argparse.ArgumentParser(
        prog="payesh-tickets verify",
        description="Verify an exported evidence folder, offline. Exits with 1 when it is broken.",
    )
    parser.add_argument("folder", type=Path, help="the folder with manifest.json")
    parser.add_argument(
        "--law", type=Path, help="the published law table: its rows are compared too"
    )
    given = parser.parse_args(arguments)
    try:
        law = None if given.law is None else read_law(given.law)
    except (OSError, LawTableInvalid) as error:
        parser.error(f"--law: {error}")
    findings = verify_folder(given.folder, law)
    for each in findings:
        sys.stdout.write(f"{each.line()}\n")
    sys.exit(0 if holds(findings) else 1)
