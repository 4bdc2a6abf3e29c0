"""Audit records are found by agency, so that one agency's auditor sees no other's people."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nullable for an older service still adding; such a record only the operator's agency sees.
    op.add_column("audit_records", sa.Column("agency", sa.Text()))
    op.execute("ALTER TABLE audit_records DISABLE TRIGGER append_only")
    # The chain of hashes covers the body alone, from which this is taken. A purpose may hold a NUL,
    # whose escape jsonb refuses; any other keeps the JSON whole, and no purpose is read here.
    op.execute(
        r"""
        UPDATE audit_records SET agency =
            replace(convert_from(body, 'UTF8'), '\u0000', '\u0020')::jsonb ->> 'agency'
        """
    )
    op.execute("ALTER TABLE audit_records ENABLE TRIGGER append_only")
    op.create_index("ix_audit_records_agency", "audit_records", ["agency", "recorded_at"])


def downgrade() -> None:
    raise NotImplementedError("the audit log is never dropped")
