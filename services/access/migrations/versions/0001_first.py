"""Agencies, clients, people, sign-ins, keys and the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payesh.kit.migrations import create_kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXTS = postgresql.ARRAY(sa.Text())
TIME = sa.DateTime(timezone=True)


def _rights() -> list[sa.Column[object]]:
    return [
        sa.Column("scopes", TEXTS, nullable=False),
        sa.Column("counties", TEXTS),
        sa.Column("road_classes", TEXTS),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
    ]


def upgrade() -> None:
    create_kit_tables(op)
    op.create_table(
        "agencies",
        sa.Column("agency_id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.execute("INSERT INTO agencies VALUES ('payesh', 'Payesh', true, now())")
    op.create_table(
        "clients",
        sa.Column("client_id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Text(), sa.ForeignKey("agencies.agency_id"), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("grants", TEXTS, nullable=False),
        sa.Column("redirect_uris", TEXTS, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        *_rights(),
    )
    op.create_table(
        "people",
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("username", sa.Text(), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Text(), sa.ForeignKey("agencies.agency_id"), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        *_rights(),
    )
    op.create_table(
        "sign_ins",
        sa.Column("sign_in_id", sa.Uuid(), primary_key=True),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("people.person_id"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
    )
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])
    op.create_table(
        "sign_in_failures",
        sa.Column("failure_id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("account_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("address_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("failed_at", TIME, nullable=False),
    )
    for name, columns in {
        "account": ["account_sha256", "failed_at"],
        "address": ["address_sha256", "failed_at"],
        "failed_at": ["failed_at"],
    }.items():
        op.create_index(f"ix_sign_in_failures_{name}", "sign_in_failures", columns)
    op.create_table(
        "authorization_codes",
        sa.Column("code_sha256", sa.LargeBinary(), primary_key=True),
        sa.Column("client_id", sa.Text(), sa.ForeignKey("clients.client_id"), nullable=False),
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("people.person_id"), nullable=False),
        sa.Column("sign_in_id", sa.Uuid(), sa.ForeignKey("sign_ins.sign_in_id"), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("presented_at", TIME),
    )
    op.create_index("ix_authorization_codes_expires_at", "authorization_codes", ["expires_at"])
    op.create_table(
        "signing_keys",
        sa.Column("key_id", sa.Text(), primary_key=True),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("private_key_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("activates_at", TIME, nullable=False),
        sa.Column("retires_at", TIME),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "bootstrap_secret",
        sa.Column("only_row", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.CheckConstraint("only_row = 1", name="ck_bootstrap_secret_one_row"),
    )
    _create_audit_log()


def _create_audit_log() -> None:
    op.create_table(
        "audit_chains",
        sa.Column("service", sa.Text(), primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "audit_records",
        sa.Column("service", sa.Text(), primary_key=True),
        sa.Column("sequence", sa.BigInteger(), primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("resource_kind", sa.Text(), nullable=False),
        sa.Column("resource_ids", TEXTS, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("previous_link", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.UniqueConstraint("service", "position", name="uq_audit_records_position"),
    )
    op.create_index(
        "ix_audit_records_recorded_at", "audit_records", ["recorded_at", "service", "sequence"]
    )
    op.create_index("ix_audit_records_subject", "audit_records", ["subject", "recorded_at"])
    op.create_index(
        "ix_audit_records_resource_ids", "audit_records", ["resource_ids"], postgresql_using="gin"
    )
    # Even the service's own role cannot rewrite the log; who owns the table could drop the
    # trigger, and the chain of hashes is there to show it.
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_records "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit()"
    )
    op.execute(
        "CREATE TRIGGER not_emptied BEFORE TRUNCATE ON audit_records "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit()"
    )


def downgrade() -> None:
    raise NotImplementedError("the audit log is never dropped")
