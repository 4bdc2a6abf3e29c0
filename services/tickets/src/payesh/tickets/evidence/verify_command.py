"""`payesh-tickets verify BUNDLE --root KEY [--law TABLE]`: payesh-verify and the law table."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from payesh.contracts import ViolationDetected
from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.adapters.violations import offence_of
from payesh.tickets.domain.assessment import price_of
from payesh.tickets.domain.law import LawTable
from payesh.tickets.errors import LawTableInvalid
from payesh.tickets.evidence.law_basis import LawBasis, basis_of
from payesh.verify.bundle import Bundle
from payesh.verify.command import parser, run
from payesh.verify.findings import Fault, Said, require_same


def verify(arguments: Sequence[str]) -> NoReturn:
    """Print the report of payesh-verify; with `--law` the published table must agree."""
    made = parser("payesh-tickets verify")
    made.add_argument("--law", type=Path, help="the published law table: its rows are compared too")
    given, _ = made.parse_known_args(arguments)
    more = {}
    if given.law is not None:
        try:
            more["published law"] = partial(check_published_law, read_law(given.law))
        except (OSError, LawTableInvalid) as error:
            sys.exit(f"payesh-tickets verify: --law: {error}")
    run(made, arguments, more)


def check_published_law(law: LawTable, bundle: Bundle) -> Said:
    """The published table prices the case with the rows in `law.json`. Raises Fault."""
    basis = LawBasis.model_validate_json(bundle.bodies["law.json"])
    offence = offence_of(ViolationDetected.from_json(bundle.bodies["violation.json"]))
    require_same("SHA-256 of the table", law.sha256, basis.table_sha256)
    published = price_of(offence, law)
    if published is None or basis_of(law, published, offence.captured_on) != basis:
        raise Fault(
            "the published table prices this case with other rows",
            "جدول منتشرشده این پرونده را با ردیف‌های دیگری می‌سنجد",
        )
    return Said(f"as in the published {law.name}", f"همان که در جدول {law.name} منتشر شده است")
