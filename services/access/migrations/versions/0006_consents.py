"""Clients that were not declared by the deployment ask people for consent, and those of agencies
are the work of two people. Which are declared is entered at the next start."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "clients", sa.Column("declared", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column("clients", sa.Column("proposed_by", sa.Text()))
    op.add_column("clients", sa.Column("approved_by", sa.Text()))
    op.create_table(
        "consents",
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("people.person_id"), primary_key=True),
        sa.Column("client_id", sa.Text(), sa.ForeignKey("clients.client_id"), primary_key=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_consents_client_id", "consents", ["client_id"])


def downgrade() -> None:
    op.drop_table("consents")
    op.drop_column("clients", "approved_by")
    op.drop_column("clients", "proposed_by")
    op.drop_column("clients", "declared")
