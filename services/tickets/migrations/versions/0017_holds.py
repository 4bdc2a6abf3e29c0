"""Drafts held for what is doubtful of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "citation_holds",
        sa.Column("citation_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("placed_at", _MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("ended_by", sa.String(128)),
        sa.Column("ended_at", _MOMENT),
        sa.Column("note", sa.String(500)),
    )
    op.create_index(
        "ix_citation_holds_lasting",
        "citation_holds",
        ["placed_at"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("citation_holds")
