"""The audit log becomes one Merkle tree, in tables that the service's role can only append to.

Run as the owner of the database. The service's role has the database's name.
"""

import json
from hashlib import sha256

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payesh.kit.migrations import add_audit_epoch

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXTS = postgresql.ARRAY(sa.Text())
TIME = sa.DateTime(timezone=True)
APPEND_ONLY = (
    "audit_leaves",
    "audit_nodes",
    "audit_tree_heads",
    "audit_tree_head_keys",
    "audit_alarms",
    "audit_alarm_reviews",
)


def upgrade() -> None:
    _require_an_owner_apart()
    add_audit_epoch(op)
    _create_tree()
    _create_alarms_and_decoys()
    _take_over_records()
    op.drop_table("audit_records")
    op.drop_table("audit_chains")
    for table in APPEND_ONLY:
        _refuse_changes(table)
    _grant()


def _require_an_owner_apart() -> None:
    op.execute(
        """
        DO $$ BEGIN
            IF current_user = current_database() THEN
                RAISE EXCEPTION 'migrations of access run as the owner of its tables, not as the role % of the service, which must not own its audit log', current_user;
            END IF;
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = current_database()) THEN
                RAISE EXCEPTION 'the role of the service, named % as its database, does not exist', current_database();
            END IF;
        END $$
        """  # noqa: E501 - one message a line
    )


def _create_tree() -> None:
    op.create_table(
        "audit_leaves",
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text()),
        sa.Column("resource_ids", TEXTS, nullable=False),
        sa.Column("query_terms", TEXTS, nullable=False),
        sa.UniqueConstraint(
            "service", "epoch", "sequence", name="uq_audit_leaves_service_epoch_sequence"
        ),
    )
    for name, columns in {
        "recorded_at": ["recorded_at"],
        "subject": ["subject", "position"],
        "agency": ["agency", "position"],
    }.items():
        op.create_index(f"ix_audit_leaves_{name}", "audit_leaves", columns)
    op.create_index(
        "ix_audit_leaves_purpose",
        "audit_leaves",
        ["purpose"],
        postgresql_ops={"purpose": "text_pattern_ops"},
    )
    for column in ("resource_ids", "query_terms"):
        op.create_index(
            f"ix_audit_leaves_{column}", "audit_leaves", [column], postgresql_using="gin"
        )
    op.create_table(
        "audit_nodes",
        sa.Column("level", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("node_index", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "audit_counts",
        sa.Column("service", sa.Text(), primary_key=True),
        sa.Column("epoch", sa.Text(), primary_key=True),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "audit_tree_heads",
        sa.Column("tree_size", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("root_hash", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", TIME, nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
    )
    op.create_table(
        "audit_tree_head_keys",
        sa.Column("key_id", sa.Text(), primary_key=True),
        sa.Column("private_key_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "audit_publications",
        sa.Column("target", sa.Text(), primary_key=True),
        sa.Column("tree_size", sa.BigInteger(), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
    )


def _create_alarms_and_decoys() -> None:
    op.create_table(
        "audit_alarms",
        sa.Column("alarm_id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
    )
    op.create_index("ix_audit_alarms_raised_at", "audit_alarms", ["raised_at"])
    op.create_table(
        "audit_alarm_reviews",
        sa.Column("alarm_id", sa.Uuid(), sa.ForeignKey("audit_alarms.alarm_id"), primary_key=True),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.Column("reviewed_at", TIME, nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
    )
    op.create_table(
        "decoys",
        sa.Column("decoy_id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.Column("confirmed_by", sa.Text()),
        sa.Column("confirmed_at", TIME),
        sa.Column("retired_by", sa.Text()),
        sa.Column("retired_at", TIME),
        sa.CheckConstraint("confirmed_by <> entered_by", name="ck_decoys_two_people"),
    )
    op.create_table(
        "decoy_terms",
        sa.Column("term", sa.Text(), primary_key=True),
        sa.Column("decoy_id", sa.Uuid(), sa.ForeignKey("decoys.decoy_id"), primary_key=True),
    )


def _take_over_records() -> None:
    """Records of the hash chains become the first leaves, in the order in which they arrived."""
    connection = op.get_bind()
    stored = connection.execute(
        sa.text(
            "SELECT body, received_at FROM audit_records ORDER BY received_at, service, position"
        )
    )
    frontier: list[bytes] = []
    counts: dict[tuple[str, str], list[int]] = {}
    for position, (body, received_at) in enumerate(stored.all()):
        record = json.loads(body)
        leaf = sha256(b"\0" + body).digest()
        purpose = record["purpose"]
        connection.execute(
            sa.text(
                "INSERT INTO audit_leaves VALUES (:position, :leaf, :body, :service, :epoch,"
                " :sequence, CAST(:recorded_at AS text)::timestamptz, :received_at, :subject,"
                " :agency, :purpose, :resource_ids, CAST(:query_terms AS text[]))"
            ).bindparams(sa.bindparam("resource_ids", type_=TEXTS)),
            {
                "position": position,
                "leaf": leaf,
                "body": body,
                "service": record["service"],
                "epoch": record.get("epoch") or "",
                "sequence": record["sequence"],
                "recorded_at": record["recorded_at"],
                "received_at": received_at,
                "subject": record["subject"],
                "agency": record["agency"],
                # PostgreSQL stores no NUL; the leaf, which the hash covers, keeps it.
                "purpose": None if purpose is None else purpose.replace("\0", "�"),
                "resource_ids": record["resource_ids"],
                "query_terms": record.get("query_terms", []),
            },
        )
        _add_nodes(connection, frontier, position, leaf)
        count = counts.setdefault((record["service"], record.get("epoch") or ""), [position, 0, 0])
        count[1], count[2] = max(count[1], record["sequence"]), count[2] + 1
    for (service, epoch), (first, last, records) in counts.items():
        connection.execute(
            sa.text("INSERT INTO audit_counts VALUES (:service, :epoch, :first, :last, :records)"),
            {
                "service": service,
                "epoch": epoch,
                "first": first,
                "last": last,
                "records": records,
            },
        )


def _add_nodes(
    connection: sa.Connection, frontier: list[bytes], position: int, leaf: bytes
) -> None:
    """RFC 6962, as `domain/merkle.py` was when this migration was written."""
    level, current = 0, leaf
    while position >> level & 1:
        current = sha256(b"\1" + frontier.pop() + current).digest()
        level += 1
        connection.execute(
            sa.text("INSERT INTO audit_nodes VALUES (:level, :index, :hash)"),
            {"level": level, "index": position >> level, "hash": current},
        )
    frontier.append(current)


def _refuse_changes(table: str) -> None:
    """A second wall behind the rights: it stops the owner too, until the owner removes it."""
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit()"
    )
    op.execute(
        f"CREATE TRIGGER not_emptied BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit()"
    )


def _grant() -> None:
    """What the service's role may: everything with rows, but of the log only to read and append.
    Tables of later migrations get the same as the first."""
    op.execute(
        """
        DO $$ DECLARE writer name := current_database(); BEGIN
            EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', writer);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public'
                ' TO %I', writer);
            EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO %I', writer);
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public'
                ' GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', writer);
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public'
                ' GRANT USAGE, SELECT ON SEQUENCES TO %I', writer);
            EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM %I', writer);
            EXECUTE format('REVOKE UPDATE, DELETE ON audit_leaves, audit_nodes, audit_tree_heads,'
                ' audit_tree_head_keys, audit_alarms, audit_alarm_reviews FROM %I', writer);
        END $$
        """
    )


def downgrade() -> None:
    raise NotImplementedError("the audit log is never dropped")
