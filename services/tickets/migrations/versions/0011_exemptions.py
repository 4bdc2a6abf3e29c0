"""Exempt vehicles, and the drafts that were held for them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "exemptions",
        sa.Column("exemption_id", sa.Uuid, primary_key=True),
        sa.Column("plate_text", sa.String(32), nullable=False),
        sa.Column("county", sa.String(64)),
        sa.Column("vehicle_class", sa.String(64)),
        sa.Column("first_day", sa.String(10), nullable=False),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("legal_basis", sa.String(300), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_by", sa.String(128), nullable=False),
        sa.Column("proposed_at", _MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("decided_by", sa.String(128)),
        sa.Column("decided_at", _MOMENT),
        sa.Column("ended_by", sa.String(128)),
        sa.Column("ended_at", _MOMENT),
        sa.Column("note", sa.String(500)),
    )
    op.create_index("ix_exemptions_plate", "exemptions", ["plate_text"])
    op.create_index("ix_exemptions_proposed_at", "exemptions", ["proposed_at", "exemption_id"])
    op.create_table(
        "exemption_uses",
        sa.Column("exemption_id", sa.Uuid, primary_key=True),
        sa.Column("citation_id", sa.Uuid, primary_key=True),
        sa.Column("used_at", _MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("set_aside_by", sa.String(128)),
        sa.Column("set_aside_at", _MOMENT),
        sa.Column("note", sa.String(500)),
    )
    op.create_index("ix_exemption_uses_citation_id", "exemption_uses", ["citation_id"])
    op.add_column("citations", sa.Column("exempt_under", sa.Uuid))
    op.create_index("ix_citations_plate", "citations", ["plate_text", "captured_at"])


def downgrade() -> None:
    op.drop_index("ix_citations_plate", "citations")
    op.drop_column("citations", "exempt_under")
    op.drop_table("exemption_uses")
    op.drop_table("exemptions")
