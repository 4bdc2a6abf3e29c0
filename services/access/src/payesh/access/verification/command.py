"""`payesh-access verify-audit EXPORT --heads FILE...`: a report line by line, offline."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from payesh.access.domain.audit_findings import Finding
from payesh.access.verification.files import BadFile
from payesh.access.verification.report import Report, verify_audit
from payesh.access.verification.search import NAMES, BadCondition, condition, matching


def verify(arguments: Sequence[str]) -> None:
    """Print what was compared, each finding, and the records that were asked for; exit with 1 when
    the log was changed."""
    parser = argparse.ArgumentParser(
        prog="payesh-access verify-audit",
        description="Hold an exported audit log against tree heads that were kept elsewhere, "
        "offline. Exits with 1 when a record was changed, and names it, or when nothing was given "
        "to verify against.",
    )
    parser.add_argument("export", type=Path, help="what GET /v1/audit/export answered")
    parser.add_argument(
        "--heads",
        type=Path,
        nargs="+",
        required=True,
        help="files, or folders of files, from the bucket, from witnesses or from the API",
    )
    parser.add_argument(
        "--key-id",
        action="append",
        default=[],
        help="a key of the log, by its RFC 7638 thumbprint; without any, the oldest head's",
    )
    parser.add_argument(
        "--find",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="print the records of the export for which each NAME's condition holds, of several of "
        f"one NAME any; NAME is of {', '.join(NAMES)}; `purpose` is how it begins",
    )
    given = parser.parse_args(arguments)
    try:
        conditions = [condition(each) for each in given.find]
        report = verify_audit(given.export, given.heads, given.key_id)
        found = list(matching(given.export, conditions)) if conditions else []
    except (BadCondition, BadFile, OSError) as error:
        sys.exit(f"payesh-access verify-audit: {error}")
    for line in _lines(report):
        sys.stdout.write(f"{line}\n")
    for position, record in found:
        sys.stdout.write(f"found at position {position}: {record}\n")
    if conditions:
        sys.stdout.write(f"{len(found)} records found\n")
    if not report.holds:
        sys.exit(1)


def _lines(report: Report) -> list[str]:
    return [
        f"{report.records} records; {report.heads} tree heads, the largest of {report.covered}"
        f" records; leaf hashes of {report.with_leaf_hashes}",
        f"keys trusted: {', '.join(report.key_ids) or 'none'}",
        *(_line(finding) for finding in report.findings),
        _verdict(report),
    ]


def _verdict(report: Report) -> str:
    if not report.verified:
        return "NOTHING WAS VERIFIED"
    if not report.holds:
        return "THE LOG WAS CHANGED"
    if report.withheld:
        return f"the log holds; {report.withheld} of its records are withheld from this export"
    return "the log holds"


def _line(finding: Finding) -> str:
    verdict = finding.verdict.value.upper() if finding.breaks else finding.verdict.value
    place = "" if finding.position is None else f" at position {finding.position}"
    return f"{verdict}{place}: {finding.text}"
