"""Endpoints of webhooks and their deliveries."""

from alembic import op

from payesh.kit.migrations import create_webhook_tables

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_webhook_tables(op)


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_endpoints")
