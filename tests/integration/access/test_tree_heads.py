"""Tree heads are signed, published out of reach, proven against and verified offline."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from minio import Minio
from minio.error import S3Error

from payesh.access.adapters import audit_log, tree_heads
from payesh.access.adapters.key_ring import KeyRing
from payesh.access.adapters.passwords import Passwords
from payesh.access.adapters.tree_head_statements import BadStatement, opened
from payesh.access.adapters.witnesses import Witness
from payesh.access.adapters.witnesses import read as read_witnesses
from payesh.access.dependencies import Dependencies
from payesh.access.domain.audit_findings import Verdict
from payesh.access.domain.merkle import consistent, included, leaf_hash, node_hash
from payesh.access.handlers.publishing import PREFIX, publish_to_bucket, publish_to_witness
from payesh.access.handlers.tree_heads import sign_head
from payesh.access.verification.report import Report, verify_audit
from payesh.kit.bus import Producer
from payesh.kit.database import Database
from payesh.kit.errors import PeerUnavailable, SettingsError
from payesh.kit.objects import MinioObjects
from payesh.kit.query_digests import QueryDigests
from payesh.local.engines import EngineSet
from payesh.local.engines.s3_client import s3_client
from tests.support.problems import problem
from tests.support.waiting import eventually
from tests.support.witness import KeepingWitness, witness_served

from .conftest import PURPOSE, RunningAccess
from .test_audit import record

BUCKET = "audit-heads"
Grow = Callable[[int], Awaitable[int]]


@pytest.fixture
async def dependencies(access: RunningAccess) -> AsyncIterator[Dependencies]:
    """What the service's own workers rest on, beside it, as a second replica's would."""
    database = Database(access.settings.database_url)
    yield Dependencies(
        settings=access.settings,
        database=database,
        digests=QueryDigests(access.settings.query_digest_key),
        ring=KeyRing(access.settings.key_encryption_key.get_secret_value()),
        passwords=Passwords(8 * 1024),
    )
    await database.close()


@pytest.fixture
async def grow(access: RunningAccess) -> AsyncIterator[Grow]:
    """Adds records through the bus; the size of a signed tree that has them."""
    producer = Producer(access.settings)
    await producer.start()

    async def add(count: int) -> int:
        epoch = uuid4().hex
        for number in range(1, count + 1):
            await producer.publish(record(epoch, number))
        answer = [0]

        async def covered() -> bool:
            found = await access.get(f"/v1/audit?subject=person:{epoch}&limit={count}")
            items = found.json()["items"]
            head = await access.get("/v1/audit/tree-head")
            if head.status_code != 200 or len(items) < count:
                return False
            answer[0] = head.json()["tree_size"]
            return bool(answer[0] > items[0]["position"])

        await eventually(covered)
        return answer[0]

    yield add
    await producer.stop()


@pytest.fixture
def bucket(engines: EngineSet) -> Minio:
    addresses = engines.addresses()
    keys = engines.objects.credentials_for("admin")
    return s3_client(addresses["s3_endpoint"], *keys, secure=addresses["s3_secure"])


def kept(bucket: Minio, folder: Path) -> Path:
    """Every object of the bucket, copied into a folder."""
    folder.mkdir(exist_ok=True)
    for each in bucket.list_objects(BUCKET, prefix=PREFIX, recursive=True):
        bucket.fget_object(BUCKET, each.object_name, str(folder / Path(each.object_name).name))
    return folder


async def verified(access: RunningAccess, folder: Path, heads: Path) -> Report:
    """An export of the log as it is now, held against these heads."""
    answer = await access.get("/v1/audit/export")
    assert answer.status_code == 200
    export = folder / f"{uuid4().hex}.jsonl"
    export.write_bytes(answer.content)
    return verify_audit(export, [heads], [])


def broken(report: Report) -> list[tuple[Verdict, int | None]]:
    return [(found.verdict, found.position) for found in report.findings if found.breaks]


async def test_a_head_is_signed_with_a_key_and_a_type_of_its_own(
    access: RunningAccess, grow: Grow
) -> None:
    await grow(3)
    head = (await access.get("/v1/audit/tree-head")).json()
    stated, key_id, _ = opened(head["tree_head"])
    assert (stated.tree_size, stated.root_hash.hex()) == (head["tree_size"], head["root_sha256"])
    assert "plates" in stated.services
    async with access.http() as http:
        published = (await http.get("/.well-known/jwks.json")).json()
    assert key_id not in [key["kid"] for key in published["keys"]]
    answer = await access.get("/v1/keys", {"Authorization": f"Bearer {head['tree_head']}"})
    assert answer.status_code == 401
    token = access.admin["Authorization"].removeprefix("Bearer ")
    with pytest.raises(BadStatement):
        opened(token)


async def test_of_replicas_that_sign_at_once_one_signs(
    access: RunningAccess, dependencies: Dependencies, grow: Grow
) -> None:
    await grow(2)
    heads = (await access.get("/v1/audit/tree-heads?limit=200")).json()["items"]
    sizes = [head["tree_size"] for head in heads]
    assert sizes == sorted(set(sizes))
    assert await sign_head(dependencies) in (True, False)


async def test_inclusion_and_consistency_are_proven(access: RunningAccess, grow: Grow) -> None:
    first = await grow(2)
    before = (await access.get(f"/v1/audit/tree-heads?after={first - 1}&limit=1")).json()["items"][
        0
    ]
    await grow(11)
    for position in (0, first - 1, first):
        proof = (await access.get(f"/v1/audit/records/{position}/proof")).json()
        assert included(
            bytes.fromhex(proof["leaf_sha256"]),
            position,
            proof["tree_head"]["tree_size"],
            [bytes.fromhex(each) for each in proof["hashes"]],
            bytes.fromhex(proof["tree_head"]["root_sha256"]),
        )
    proof = (await access.get(f"/v1/audit/tree-heads/{before['tree_size']}/consistency")).json()
    assert consistent(
        before["tree_size"],
        bytes.fromhex(before["root_sha256"]),
        proof["tree_head"]["tree_size"],
        bytes.fromhex(proof["tree_head"]["root_sha256"]),
        [bytes.fromhex(each) for each in proof["hashes"]],
    )
    for path, status in (
        ("/v1/audit/records/999999999/proof", 404),
        ("/v1/audit/tree-heads/999999999/consistency", 422),
        ("/v1/audit/tree-heads/0/consistency", 422),
    ):
        assert (await access.get(path)).status_code == status, path


async def test_heads_lie_in_the_bucket_where_no_key_removes_them(
    access: RunningAccess, grow: Grow, bucket: Minio, engines: EngineSet
) -> None:
    size = await grow(2)

    async def published() -> bool:
        keys = [e.object_name for e in bucket.list_objects(BUCKET, prefix=PREFIX, recursive=True)]
        return any(int(Path(key).stem) >= size for key in keys)

    await eventually(published)
    newest = list(bucket.list_objects(BUCKET, prefix=PREFIX, recursive=True))[-1]
    retention = bucket.get_object_retention(BUCKET, newest.object_name)
    assert retention is not None and retention.mode == "COMPLIANCE"
    assert retention.retain_until_date > datetime.now(UTC) + timedelta(days=3600)
    version = bucket.stat_object(BUCKET, newest.object_name).version_id
    with pytest.raises(S3Error):
        bucket.remove_object(BUCKET, newest.object_name, version_id=version)


async def test_an_untouched_log_holds_against_what_the_bucket_kept(
    access: RunningAccess, grow: Grow, bucket: Minio, dependencies: Dependencies, tmp_path: Path
) -> None:
    await grow(5)
    await publish_to_bucket(dependencies, MinioObjects(access.settings))
    report = await verified(access, tmp_path, kept(bucket, tmp_path / "bucket"))
    assert broken(report) == []
    assert report.records >= 5 and report.with_leaf_hashes > 0


async def test_a_log_that_its_owner_rewrote_and_rehashed_is_caught_at_the_record(
    access: RunningAccess,
    grow: Grow,
    bucket: Minio,
    dependencies: Dependencies,
    engines: EngineSet,
    tmp_path: Path,
) -> None:
    """With the triggers off, every hash up to the root made anew and a new head signed: what the
    bucket kept says otherwise. Such a rewriting once passed for a whole log."""
    size = await grow(6)
    store = MinioObjects(access.settings)

    async def kept_outside() -> bool:
        await publish_to_bucket(dependencies, store)
        names = [e.object_name for e in bucket.list_objects(BUCKET, prefix=PREFIX, recursive=True)]
        return any(int(Path(name).stem) >= size for name in names)

    await eventually(kept_outside)
    place = size - 3
    url = engines.addresses()["migration_urls"]["access"].replace("+asyncpg", "")
    owner = await asyncpg.connect(url)
    tables = ("audit_leaves", "audit_nodes")
    body = await owner.fetchval("SELECT body FROM audit_leaves WHERE position = $1", place)
    changed = body.replace(b'"action":"', b'"action":"x')
    try:
        for table in tables:
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        await rewrite(owner, place, changed)
        await grow(1)  # a head of the rewritten tree is signed
        report = await verified(access, tmp_path, kept(bucket, tmp_path / "bucket"))
        assert (Verdict.EDITED, place) in broken(report)
    finally:
        await rewrite(owner, place, body)
        for table in tables:
            await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")
        await owner.close()


async def rewrite(owner: asyncpg.Connection, place: int, body: bytes) -> None:
    """Put another record into a leaf, and make the hashes above it anew, while no leaf is added:
    one added meanwhile would complete a node over the hash that was there before."""
    async with owner.transaction():
        await owner.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('payesh-access-audit-log', 0))"
        )
        await _rewrite(owner, place, body)


async def _rewrite(owner: asyncpg.Connection, place: int, body: bytes) -> None:
    await owner.execute(
        "UPDATE audit_leaves SET body = $2, leaf_hash = $3 WHERE position = $1",
        place,
        body,
        leaf_hash(body),
    )
    level, index = 1, place >> 1
    while True:
        if level == 1:
            query = "SELECT leaf_hash FROM audit_leaves WHERE position = ANY($1) ORDER BY position"
            pair = await owner.fetch(query, [2 * index, 2 * index + 1])
        else:
            query = (
                "SELECT hash FROM audit_nodes WHERE level = $2 AND node_index = ANY($1)"
                " ORDER BY node_index"
            )
            pair = await owner.fetch(query, [2 * index, 2 * index + 1], level - 1)
        if len(pair) < 2:
            return
        await owner.execute(
            "UPDATE audit_nodes SET hash = $3 WHERE level = $1 AND node_index = $2",
            level,
            index,
            node_hash(pair[0][0], pair[1][0]),
        )
        level, index = level + 1, index >> 1


async def test_a_witness_takes_each_head_once_and_only_if_it_adds(
    access: RunningAccess, grow: Grow, dependencies: Dependencies, tmp_path: Path
) -> None:
    async with witness_served(KeepingWitness(token="secret")) as keeping:
        witness = Witness("court", keeping.url, "secret")
        await grow(3)
        assert await publish_to_witness(dependencies, witness)
        first = keeping.tree_size
        await grow(4)
        assert await publish_to_witness(dependencies, witness)
        assert keeping.tree_size > first and not keeping.refused
        report = await verified(access, tmp_path, keeping.write(tmp_path / "witness.jsonl"))
        assert broken(report) == [] and report.with_leaf_hashes == keeping.tree_size

        # It was set back: the proof then begins where it is.
        keeping.tree_size, keeping.root = (
            first,
            opened(keeping.lines[0]["tree_head"]).head.root_hash,
        )
        keeping.leaves = keeping.leaves[:first]
        await grow(1)
        assert await publish_to_witness(dependencies, witness)
        assert keeping.tree_size > first

        stranger = Witness("court", keeping.url, "guessed")
        await grow(1)
        with pytest.raises(PeerUnavailable):
            await publish_to_witness(dependencies, stranger)


async def test_a_place_outside_that_knows_a_larger_tree_raises_an_alarm(
    access: RunningAccess, grow: Grow, dependencies: Dependencies
) -> None:
    """As after a restore of access's own database."""
    await grow(1)
    async with witness_served(KeepingWitness(tree_size=10**9)) as keeping:
        witness = Witness("elsewhere", keeping.url)
        assert not await publish_to_witness(dependencies, witness)
    alarms = (await access.get("/v1/audit/alarms?open=true&limit=200")).json()["items"]
    assert ("tree-went-back", "witness elsewhere") in [
        (alarm["kind"], alarm["details"].get("target")) for alarm in alarms
    ]


async def test_an_agencys_auditor_exports_others_records_as_hashes(
    access: RunningAccess, grow: Grow
) -> None:
    await grow(2)
    agency = f"police-{uuid4().hex[:8]}"
    await access.post("/v1/agencies", {"agency_id": agency, "name": "پلیس"})
    auditor = await access.bearer_with(agency=agency, scopes=["audit:read"])
    answer = await access.get("/v1/audit/export", auditor)
    header, *leaves = [json.loads(line) for line in answer.text.splitlines()]
    assert header["agency"] == agency and len(leaves) == header["tree_size"]
    assert all(
        "leaf_sha256" in leaf or json.loads(leaf["leaf"])["agency"] == agency for leaf in leaves
    )
    assert any("leaf_sha256" in leaf for leaf in leaves)


async def test_an_export_is_recorded_before_it_leaves(access: RunningAccess, grow: Grow) -> None:
    await grow(1)
    async with (
        access.http() as http,
        http.stream("GET", "/v1/audit/export", headers={**access.admin, **PURPOSE}) as answer,
    ):
        assert answer.headers["content-type"] == "application/jsonl"

    async def recorded() -> bool:
        found = await access.get("/v1/audit?service=access&limit=200")
        return "export" in [item["record"]["action"] for item in found.json()["items"]]

    await eventually(recorded)


async def test_readiness_shows_lag_alarms_and_places_outside(
    access: RunningAccess, grow: Grow
) -> None:
    await grow(2)
    async with access.http() as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 200
    notices = answer.json()["notices"]
    # Which of the two depends on how busy the machine is.
    assert re.match("(ok|too long): p95 ", notices["audit lag"])
    assert set(notices) == {"audit lag", "audit alarms", "audit heads to bucket"}


async def test_a_bad_file_of_witnesses_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "witnesses.json"
    path.write_text('[{"name": "court", "url": "ftp://court.test"}]')
    with pytest.raises(SettingsError, match="PAYESH_AUDIT_WITNESSES_FILE"):
        read_witnesses(path)
    (tmp_path / "token").write_text("secret\n")
    path.write_text('[{"name": "court", "url": "https://court.test", "token_file": "token"}]')
    (witness,) = read_witnesses(path)
    assert witness.name == "court"


async def test_leaves_are_read_in_pieces(dependencies: Dependencies, grow: Grow) -> None:
    size = await grow(1)
    async with dependencies.database.transaction() as session:
        some = await audit_log.chunk(session, 0, size)
    assert [leaf.position for leaf, _ in some] == list(range(min(size, 500)))


async def test_the_key_of_tree_heads_is_replaced_and_witness_and_verifier_follow(
    access: RunningAccess, grow: Grow, dependencies: Dependencies, tmp_path: Path
) -> None:
    rotate = "/v1/audit/tree-head-key/rotate"
    keeper = await access.person_bearer(scopes=["keys:write"])
    async with witness_served(KeepingWitness()) as keeping:
        witness = Witness(f"rotation-{uuid4().hex[:8]}", keeping.url)
        await grow(2)
        assert await publish_to_witness(dependencies, witness)
        first = keeping.key_id
        answer = await access.post(rotate, {}, keeper)
        assert answer.status_code == 201, answer.text
        assert answer.json()["previous_key_id"] == first
        await grow(2)
        assert await publish_to_witness(dependencies, witness)
        assert keeping.key_id == answer.json()["key_id"] != first and not keeping.refused
        report = await verified(access, tmp_path, keeping.write(tmp_path / "witness.jsonl"))
        assert broken(report) == [] and report.key_ids == [first, keeping.key_id]
    found = await access.get(f"/v1/audit?resource={answer.json()['key_id']}")
    assert "rotate-tree-head-key" in [i["record"]["action"] for i in found.json()["items"]]


async def test_a_machine_does_not_replace_the_key_of_tree_heads(access: RunningAccess) -> None:
    machine = await access.bearer_with(scopes=["keys:write"])
    refused = await access.post("/v1/audit/tree-head-key/rotate", {}, machine)
    assert problem(refused) == (403, "person-required")


async def test_a_key_that_signed_no_head_is_not_replaced(
    access: RunningAccess, grow: Grow, dependencies: Dependencies
) -> None:
    """No verifier could follow its successor: no published head would show the link."""
    await grow(1)
    keeper = await access.person_bearer(scopes=["keys:write"])
    rotate = "/v1/audit/tree-head-key/rotate"
    async with dependencies.database.transaction() as session:
        assert await tree_heads.try_lock(session, "sign")  # no head is signed meanwhile
        answers = [asyncio.create_task(access.post(rotate, {}, keeper)) for _ in range(2)]
        await asyncio.sleep(1)
    assert sorted([(await each).status_code for each in answers]) == [201, 409]
