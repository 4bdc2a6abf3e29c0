"""`payesh-verify BUNDLE --root KEY`: a report in English and Persian, offline."""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from cryptography.x509 import Certificate, load_pem_x509_certificates

from payesh.verify import wording
from payesh.verify.findings import Finding, Said
from payesh.verify.report import Check, Report, verify
from payesh.verify.statements import Key, Trust

LANGUAGES = ("en", "fa")


def main() -> NoReturn:
    """The program."""
    run(parser(), sys.argv[1:])


def parser(prog: str = "payesh-verify") -> argparse.ArgumentParser:
    """What the command takes."""
    made = argparse.ArgumentParser(
        prog=prog,
        description="Verify a citation's evidence, a ZIP archive or a folder, offline. Exits with "
        "0 when it holds, 1 when it is broken, 2 when it cannot be read.",
    )
    made.add_argument("bundle", type=Path, help="the archive, or the folder it was unpacked to")
    made.add_argument(
        "--root",
        type=Path,
        required=True,
        help="the installation's public root key, a JSON Web Key, from a place that you trust",
    )
    made.add_argument(
        "--withdrawn",
        action="append",
        default=[],
        metavar="KEY_ID",
        help="an evidence key that the installation has withdrawn; may be given several times",
    )
    made.add_argument(
        "--stamp-root",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="root certificates (PEM) of a time-stamping authority that you trust; may be given "
        "several times. Without it time-stamps are not checked",
    )
    made.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    made.add_argument("--language", choices=LANGUAGES, help="one language instead of both")
    return made


def run(
    made: argparse.ArgumentParser,
    arguments: Sequence[str],
    more: Mapping[str, Check] | None = None,
) -> NoReturn:
    """Print the report and exit with its code; `more` are further checks by subject."""
    given = made.parse_args(arguments)
    try:
        root = Key.of(json.loads(given.root.read_bytes()))
    except (OSError, ValueError, AttributeError) as error:
        made.error(f"--root: {error}")
    authorities: list[Certificate] = []
    for path in given.stamp_root:
        try:
            authorities += load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            made.error(f"--stamp-root: {error}")
    trust = Trust(root, time.time(), frozenset(given.withdrawn), tuple(authorities))
    try:
        report = verify(given.bundle, trust, more)
    except OSError as error:
        made.error(str(error))
    if given.json:
        sys.stdout.write(json.dumps(as_json(report, trust), ensure_ascii=False) + "\n")
    else:
        for language in (given.language,) if given.language else LANGUAGES:
            sys.stdout.write("\n".join(lines(report, language)) + "\n")
    sys.exit(0 if report.holds else 1)


def lines(report: Report, language: str) -> list[str]:
    """The report in one language, a line a finding."""

    def of(said: Said) -> str:
        return said.fa if language == "fa" else said.en

    found = [_line(each, language) for each in report.findings]
    found += [f"{of(wording.NOT_PROVED):<11}  {of(each)}" for each in report.not_proved]
    return [*found, of(wording.HOLDS if report.holds else wording.IS_BROKEN), ""]


def as_json(report: Report, trust: Trust) -> dict[str, Any]:
    """The report as programs read it."""
    return {
        "holds": report.holds,
        "citation_id": report.citation_id,
        "root_key_id": trust.root.key_id,
        "findings": [
            {
                "subject": each.subject,
                "verdict": each.verdict.value,
                "en": each.said.en,
                "fa": each.said.fa,
            }
            for each in report.findings
        ],
        "not_proved": [{"en": each.en, "fa": each.fa} for each in report.not_proved],
    }


def _line(finding: Finding, language: str) -> str:
    verdict = wording.VERDICTS[finding.verdict]
    subject = wording.SUBJECTS.get(finding.subject, Said(finding.subject, finding.subject))
    if language == "fa":
        return f"{verdict.fa:<11}  {subject.fa:<14}  {finding.said.fa}"
    return f"{verdict.en:<11}  {subject.en:<14}  {finding.said.en}"
