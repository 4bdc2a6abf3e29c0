"""Editions of the law, which people keep while the service runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "law_editions",
        sa.Column("edition_id", sa.Uuid, primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("first_day", sa.String(10), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("editors", JSONB, nullable=False),
        sa.Column("created_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("changed_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("proposed_by", sa.String(128)),
        sa.Column("proposed_at", moment),
        sa.Column("approved_by", sa.String(128)),
        sa.Column("approved_at", moment),
        sa.Column("number", sa.Integer),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_law_editions_created_at", "law_editions", ["created_at", "edition_id"])


def downgrade() -> None:
    op.drop_table("law_editions")
