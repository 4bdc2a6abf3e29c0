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


def rotated_log() -> tuple[PublishedLog, list[str]]:
    """A log whose key was replaced twice, and the ids of its three keys."""
    log = PublishedLog()
    keys = []
    for start, end in ((0, 40), (40, 70), (70, 100)):
        if start:
            log.rotate()
        log.grow(RECORDS[start:end])
        assert log.key is not None
        keys.append(log.key.key_id)
    return log, keys


def test_a_new_key_is_followed_because_the_old_one_signed_it(check: Check) -> None:
    log, keys = rotated_log()
    for pinned in ([], keys[:1]):
        report = check(RECORDS, log, statement=log.statement(), key_ids=pinned)
        assert broken(report) == []
        assert (report.key_ids, report.covered) == (keys, 100)


def test_a_key_that_no_trusted_key_signed_is_not_followed(check: Check) -> None:
    log, keys = rotated_log()
    log.lines = [line for line in log.lines if line.get("first") != 40][:1] + log.lines[-1:]
    report = check(RECORDS, log, key_ids=keys[:1])
    assert Verdict.UNTRUSTED in {verdict for verdict, _ in broken(report)}
    assert keys[2] not in report.key_ids


def test_a_head_by_a_key_after_it_was_replaced_is_not_trusted(check: Check) -> None:
    """Who keeps the old key signs no further head of their own with it."""
    log = published_log(RECORDS[:50], every=50)
    old = log.key
    log.rotate()
    log.grow(RECORDS[50:70])
    log.key, log.endorsement = old, None
    log.grow(RECORDS[70:])
    report = check(RECORDS, log)
    assert Verdict.UNTRUSTED in {verdict for verdict, _ in broken(report)}
    assert "after it was replaced" in found(report, Verdict.UNTRUSTED).text
    assert report.covered == 70


def test_two_successors_of_one_key_are_a_fork(check: Check) -> None:
    log = published_log(RECORDS[:50], every=50)
    old = log.key
    for start, end in ((50, 70), (70, 100)):
        log.key = old
        log.rotate()
        log.grow(RECORDS[start:end])
    report = check(RECORDS, log)
    assert Verdict.FORKED in {verdict for verdict, _ in broken(report)}
    assert "two keys" in found(report, Verdict.FORKED).text


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


def withheld(tmp_path: Path, places: Sequence[int], agency: str | None) -> Path:
    """An export of all records, of which some are hashes alone."""
    export = write_export(tmp_path / "export.jsonl", RECORDS, LOG.statement(), agency=agency)
    lines = export.read_text().splitlines()
    for place in places:
        shown = {"position": place, "leaf_sha256": leaf_hash(RECORDS[place]).hex()}
        lines[place + 1] = json.dumps(shown)
    export.write_text("\n".join(lines))
    return export


def test_withheld_records_are_named_and_their_numbers_are_no_gaps(tmp_path: Path) -> None:
    export = withheld(tmp_path, [40, 41, 42, 60, *range(95, 100)], "semnan-police")
    report = verify_audit(export, [LOG.write(tmp_path / "heads.jsonl")], [])
    assert report.holds and report.withheld == 9
    named = [each for each in report.findings if each.verdict is Verdict.WITHHELD]
    assert [each.position for each in named] == [40, 60, 95]
    assert "positions 40 to 42" in named[0].text
    assert label(39) in named[0].text and label(43) in named[0].text
    gaps = [each.text for each in report.findings if each.verdict is Verdict.GAP]
    assert gaps and all("withheld" in each for each in gaps)


def test_an_export_that_claims_to_show_everything_may_withhold_nothing(tmp_path: Path) -> None:
    export = withheld(tmp_path, [40], None)
    report = verify_audit(export, [LOG.write(tmp_path / "heads.jsonl")], [])
    assert broken(report) == [(Verdict.WITHHELD, 40)]


@pytest.mark.parametrize("cut", [[50], [50, 51, 52], list(range(90, 100))])
def test_what_is_left_out_is_named_by_its_position_with_roots_alone(
    tmp_path: Path, cut: list[int]
) -> None:
    log = published_log(RECORDS, every=9, leaf_hashes=False)
    export = write_export(tmp_path / "export.jsonl", RECORDS, None, agency="semnan-police")
    lines = export.read_text().splitlines()
    kept = [line for at, line in enumerate(lines) if at - 1 not in cut]
    export.write_text("\n".join(kept))
    report = verify_audit(export, [log.write(tmp_path / "heads.jsonl")], [])
    verdicts = {found.verdict: found for found in report.findings if found.breaks}
    missing = verdicts.get(Verdict.DROPPED) or verdicts[Verdict.TRUNCATED]
    assert missing.position == cut[0]
    assert str(cut[-1]) in missing.text


def verified_against(
    tmp_path: Path,
    lines: Sequence[dict[str, object]],
    *,
    records: Sequence[bytes] = RECORDS,
    statement: str | None = None,
    key_ids: Sequence[str] = (),
) -> Report:
    """Verify an export against a folder with these lines of heads."""
    heads = tmp_path / "heads"
    heads.mkdir()
    (heads / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    export = write_export(tmp_path / "export.jsonl", records, statement)
    return verify_audit(export, [heads], key_ids)


@pytest.mark.parametrize("records", [RECORDS, []], ids=["export", "empty-export"])
def test_nothing_to_verify_against_is_no_log_that_holds(
    tmp_path: Path, records: Sequence[bytes]
) -> None:
    report = verified_against(tmp_path, [], records=records)
    assert broken(report) == [(Verdict.UNVERIFIED, None)]


def test_leaf_hashes_without_a_signed_head_verify_nothing(tmp_path: Path) -> None:
    report = verified_against(tmp_path, [line for line in LOG.lines if "leaf_hashes" in line])
    assert broken(report) == [(Verdict.UNVERIFIED, None)]


def test_an_exports_own_head_verifies_nothing_even_under_a_pinned_key(tmp_path: Path) -> None:
    """Who made the export may have the key, and signs what they please."""
    assert LOG.key is not None
    report = verified_against(tmp_path, [], statement=LOG.statement(), key_ids=[LOG.key.key_id])
    assert broken(report) == [(Verdict.UNVERIFIED, None)]


def test_what_only_the_exports_own_head_covers_is_named(tmp_path: Path) -> None:
    older = LOG.lines[: 2 * 6]
    report = verified_against(tmp_path, older, statement=LOG.statement())
    assert report.holds
    notice = found(report, Verdict.UNWITNESSED)
    assert notice.position == 54 and "positions 54 to 99" in notice.text


def test_the_command_does_not_say_that_nothing_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "heads").mkdir()
    export = write_export(tmp_path / "export.jsonl", [], None)
    with pytest.raises(SystemExit) as stopped:
        cli(["verify-audit", str(export), "--heads", str(tmp_path / "heads")])
    assert stopped.value.code == 1
    shown = capsys.readouterr().out
    assert "NOTHING WAS VERIFIED" in shown and "holds" not in shown


def test_records_are_found_in_what_was_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the columns of the database say that its search reads."""
    term = "ab" * 32
    records = [*RECORDS, body("plates", 900, query_terms=(term,)), body("plates", 901)]
    heads = published_log(records, every=9).write(tmp_path / "heads.jsonl")
    export = write_export(tmp_path / "export.jsonl", records, None)

    def found(*conditions: str) -> list[int]:
        finds = [part for each in conditions for part in ("--find", each)]
        cli(["verify-audit", str(export), "--heads", str(heads), *finds])
        lines = [line for line in capsys.readouterr().out.splitlines() if "found" in line]
        assert lines[-1] == f"{len(lines) - 1} records found"
        return [int(line.split()[3].rstrip(":")) for line in lines[:-1]]

    of_seven = [n for n, each in enumerate(records) if json.loads(each)["subject"] == "person:7"]
    assert found("subject=person:7") == of_seven
    of_plates = [n for n in of_seven if json.loads(records[n])["service"] == "plates"]
    assert 0 < len(of_plates) < len(of_seven)
    assert found("subject=person:7", "service=plates") == of_plates
    assert found(f"term={term}", f"term={'cd' * 32}") == [100]
    assert found("resource=read-901", "purpose=case 90") == [101]
    assert found("resource=read") == []
    assert found("scope=reads:read", "subject=person:7") == of_seven
    for wrong in ("subject", "body=x", "=x"):
        with pytest.raises(SystemExit, match="NAME=VALUE"):
            found(wrong)


@pytest.mark.parametrize("leaf_hashes", [True, False])
def test_a_renumbered_line_is_named(tmp_path: Path, leaf_hashes: bool) -> None:
    export = write_export(tmp_path / "export.jsonl", RECORDS, None)
    text = export.read_text().replace('{"position": 40,', '{"position": 41,')
    export.write_text(text)
    log = published_log(RECORDS, every=9, leaf_hashes=leaf_hashes)
    report = verify_audit(export, [log.write(tmp_path / "heads.jsonl")], [])
    assert broken(report) == [(Verdict.LABELLED, 40)]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"position": 1}',
        '{"position": 1, "leaf": "{}"}',
        '{"position": 1e999, "leaf_sha256": "00"}',
        '{"position": -1, "leaf_sha256": "00"}',
        '{"position": ' + "9" * 5000 + ', "leaf_sha256": "00"}',
        "[" * 100_000,
    ],
    ids=lambda line: line[:30],
)
def test_a_file_that_is_no_export_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "export.jsonl").write_text(line)
    with pytest.raises(BadFile, match="line 1"):
        verify_audit(tmp_path / "export.jsonl", [], [])


@pytest.mark.parametrize(
    "line",
    [
        '{"first": -1, "leaf_hashes": ""}',
        '{"first": 1e999, "leaf_hashes": ""}',
        '{"items": 5}',
        '{"items": ["a"]}',
        '{"items": [[]]}',
    ],
)
def test_a_file_that_holds_no_heads_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    export = write_export(tmp_path / "export.jsonl", RECORDS, None)
    (tmp_path / "heads.jsonl").write_text(line)
    with pytest.raises(BadFile, match="line 1"):
        verify_audit(export, [tmp_path / "heads.jsonl"], [])


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
