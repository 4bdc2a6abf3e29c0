"""The offline verifier names the record that was edited, dropped, moved, forged or cut off."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from payesh.access.domain.audit_findings import Finding, Verdict
from payesh.access.domain.merkle import leaf_hash
from payesh.access.main import cli
from payesh.access.verification.files import BadFile
from payesh.access.verification.report import Report, verify_audit
from tests.support.audit_log_builder import (
    EPOCHS,
    PublishedLog,
    bodies,
    body,
    published_log,
    write_export,
)

RECORDS = bodies(100)
LOG = published_log(RECORDS, every=9)
Check = Callable[..., Report]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Verify an export of these records against what a log published."""

    def verify(
        records: Sequence[bytes],
        log: PublishedLog = LOG,
        statement: str | None = None,
        key_ids: Sequence[str] = (),
    ) -> Report:
        export = write_export(tmp_path / "export.jsonl", records, statement)
        return verify_audit(export, [log.write(tmp_path / "heads.jsonl")], key_ids)

    return verify


def broken(report: Report) -> list[tuple[Verdict, int | None]]:
    return [(found.verdict, found.position) for found in report.findings if found.breaks]


def label(position: int) -> str:
    record = json.loads(RECORDS[position])
    return f"{record['service']}/{record['epoch']}/{record['sequence']}"


def found(report: Report, verdict: Verdict) -> Finding:
    return next(each for each in report.findings if each.verdict is verdict)


def test_an_untouched_export_holds(check: Check) -> None:
    report = check(RECORDS, statement=LOG.statement())
    assert report.holds and report.findings == []
    assert (report.records, report.covered, report.with_leaf_hashes) == (100, 100, 100)


@pytest.mark.parametrize("place", [0, 1, 8, 9, 50, 98, 99])
def test_an_edited_record_is_named(check: Check, place: int) -> None:
    changed = RECORDS[place].replace(b'"case ', b'"kase ')
    report = check([*RECORDS[:place], changed, *RECORDS[place + 1 :]])
    assert broken(report) == [(Verdict.EDITED, place)]
    assert label(place) in found(report, Verdict.EDITED).text


@pytest.mark.parametrize("place", [0, 1, 9, 50, 98])
def test_a_dropped_record_is_named_although_the_rest_was_numbered_anew(
    check: Check, place: int
) -> None:
    report = check([*RECORDS[:place], *RECORDS[place + 1 :]])
    assert broken(report) == [(Verdict.DROPPED, place)]
    texts = [each.text for each in report.findings]
    assert any(label(place) in text for text in texts), texts


@pytest.mark.parametrize(("one", "other"), [(0, 1), (8, 9), (10, 60), (98, 99)])
def test_exchanged_records_are_named(check: Check, one: int, other: int) -> None:
    records = list(RECORDS)
    records[one], records[other] = records[other], records[one]
    report = check(records)
    assert {verdict for verdict, _ in broken(report)} <= {Verdict.MOVED, Verdict.DUPLICATE}
    moved = {place for verdict, place in broken(report) if verdict is Verdict.MOVED}
    assert moved and moved <= {one, other}


@pytest.mark.parametrize("place", [0, 9, 50, 100])
def test_a_forged_record_is_named_wherever_it_stands(check: Check, place: int) -> None:
    forged = body("plates", 500)
    report = check([*RECORDS[:place], forged, *RECORDS[place:]])
    assert broken(report) == [(Verdict.FORGED, place)]
    assert f"plates/{EPOCHS['plates']}/500" in found(report, Verdict.FORGED).text


@pytest.mark.parametrize("cut", [1, 5, 40, 100])
def test_a_cut_tail_is_named_with_the_numbers_that_are_missing(check: Check, cut: int) -> None:
    report = check(RECORDS[: 100 - cut])
    assert broken(report) == [(Verdict.TRUNCATED, 100 - cut)]
    assert "99" in found(report, Verdict.TRUNCATED).text


def test_a_cut_tail_is_named_by_roots_alone(check: Check) -> None:
    log = published_log(RECORDS, every=9, leaf_hashes=False)
    report = check(RECORDS[:90], log)
    assert broken(report) == [(Verdict.TRUNCATED, 90)]
    assert f"plates/{EPOCHS['plates']}/31 to 34" in found(report, Verdict.TRUNCATED).text


def test_with_roots_alone_a_change_lies_between_two_heads(check: Check) -> None:
    log = published_log(RECORDS, every=9, leaf_hashes=False)
    changed = RECORDS[50].replace(b'"case ', b'"kase ')
    report = check([*RECORDS[:50], changed, *RECORDS[51:]], log)
    assert broken(report) == [(Verdict.DIFFERS, 45)]
    assert "from 45 to 53" in found(report, Verdict.DIFFERS).text


def test_a_log_that_was_rebuilt_and_signed_anew_is_caught_by_what_was_kept(check: Check) -> None:
    """The administrator has the signing key, and rewrites everything, heads included."""
    changed = [*RECORDS[:30], RECORDS[30].replace(b'"case ', b'"kase '), *RECORDS[31:]]
    rebuilt = PublishedLog(ring=LOG.ring, key=LOG.key)
    rebuilt.grow(changed)
    report = check(changed, statement=rebuilt.statement())
    assert (Verdict.EDITED, 30) in broken(report)
    assert Verdict.FORKED in {verdict for verdict, _ in broken(report)}


def test_a_restored_service_is_named_and_breaks_nothing(check: Check) -> None:
    again = "0" * 31 + "1"
    records = [*RECORDS, body("plates", 1, epoch=again), body("plates", 2, epoch=again)]
    report = check(records, published_log(records, every=20))
    assert report.holds
    notice = found(report, Verdict.RESTORED)
    assert notice.position == 100
    assert f"plates/{again}/1" in notice.text and f"plates/{EPOCHS['plates']}/34" in notice.text


def test_a_copied_database_that_counts_on_in_one_epoch_is_named(check: Check) -> None:
    records = [*RECORDS, body("plates", 34, purpose="the copy")]
    report = check(records, published_log(records, every=20))
    assert broken(report) == [(Verdict.DUPLICATE, 100)]
    assert f"plates/{EPOCHS['plates']}/34" in found(report, Verdict.DUPLICATE).text


def test_a_restored_log_that_grew_again_is_named_from_the_first_other_record(check: Check) -> None:
    others = [body("tickets", 900 + n) for n in range(10)]
    report = check([*RECORDS[:90], *others])
    assert (Verdict.EDITED, 90) in broken(report)


def test_heads_of_another_key_are_not_trusted(check: Check) -> None:
    stranger = published_log(RECORDS[:20], every=20)
    report = check(RECORDS, statement=stranger.statement())
    assert broken(report) == [(Verdict.UNTRUSTED, None)]
    assert LOG.key is not None and report.key_ids == [LOG.key.key_id]
    pinned = check(RECORDS, key_ids=["another"])
    assert Verdict.UNTRUSTED in {verdict for verdict, _ in broken(pinned)}


def test_a_changed_head_is_named(check: Check, tmp_path: Path) -> None:
    log = published_log(RECORDS, every=50)
    header, _, signature = log.lines[1]["tree_head"].split(".")
    other = published_log(RECORDS[:49], every=49).lines[1]["tree_head"].split(".")[1]
    log.lines[1]["tree_head"] = ".".join((header, other, signature))
    report = check(RECORDS, log)
    assert (Verdict.UNTRUSTED, None) in broken(report)
    assert "signature" in found(report, Verdict.UNTRUSTED).text


def test_leaf_hashes_that_no_root_covers_are_not_trusted(check: Check) -> None:
    """Who adds lines to a file of heads changes no verdict with them."""
    log = published_log(RECORDS, every=50)
    forged = published_log(bodies(99)[::-1], every=99)
    log.lines.insert(0, {"first": 0, "leaf_hashes": forged.lines[0]["leaf_hashes"]})
    report = check(RECORDS, log)
    assert {verdict for verdict, _ in broken(report)} == {Verdict.FORKED, Verdict.UNTRUSTED}
    assert report.with_leaf_hashes == 0


def test_records_of_other_agencies_are_hashes_and_the_tree_is_whole(tmp_path: Path) -> None:
    export = write_export(tmp_path / "export.jsonl", RECORDS, None)
    lines = export.read_text().splitlines()
    lines[41] = json.dumps({"position": 40, "leaf_sha256": leaf_hash(RECORDS[40]).hex()})
    export.write_text("\n".join(lines))
    report = verify_audit(export, [LOG.write(tmp_path / "heads.jsonl")], [])
    assert report.holds


def test_a_renumbered_line_is_named(tmp_path: Path) -> None:
    export = write_export(tmp_path / "export.jsonl", RECORDS, None)
    text = export.read_text().replace('{"position": 40,', '{"position": 41,')
    export.write_text(text)
    report = verify_audit(export, [LOG.write(tmp_path / "heads.jsonl")], [])
    assert broken(report) == [(Verdict.LABELLED, 40)]


@pytest.mark.parametrize("line", ["{", "[]", '{"position": 1}', '{"position": 1, "leaf": "{}"}'])
def test_a_file_that_is_no_export_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "export.jsonl").write_text(line)
    with pytest.raises(BadFile, match="line 1"):
        verify_audit(tmp_path / "export.jsonl", [], [])


def test_the_command_names_what_is_broken_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heads = LOG.write(tmp_path / "heads.jsonl")
    whole = write_export(tmp_path / "whole.jsonl", RECORDS, LOG.statement())
    cli(["verify-audit", str(whole), "--heads", str(heads)])
    shown = capsys.readouterr().out
    assert "100 records" in shown and "holds" in shown
    assert LOG.key is not None and LOG.key.key_id in shown
    cut = write_export(tmp_path / "cut.jsonl", RECORDS[:60], None)
    with pytest.raises(SystemExit) as stopped:
        cli(["verify-audit", str(cut), "--heads", str(tmp_path / "heads.jsonl")])
    assert stopped.value.code == 1
    assert "TRUNCATED at position 60" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        cli(["verify-audit", str(tmp_path / "none.jsonl"), "--heads", str(heads)])
    assert "none.jsonl" in str(stopped.value.code)
