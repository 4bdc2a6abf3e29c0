"""Audit records are counted in epochs, so that a restored database repeats no number unseen."""

from alembic import op

from payesh.kit.migrations import add_audit_epoch

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_audit_epoch(op)


def downgrade() -> None:
    op.drop_column("audit_counter", "incarnation")
    op.drop_column("audit_counter", "epoch")
