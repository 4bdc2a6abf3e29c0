"""Decisions that can be undone, returned drafts, histories, numbers of counties."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("citations", sa.Column("final_at", sa.DateTime(timezone=True)))
    op.add_column("citations", sa.Column("returned_by", sa.String(128)))
    op.add_column("citations", sa.Column("returned_to", sa.String(128)))
    op.add_column("citations", sa.Column("note", sa.String(500)))
    op.create_index(
        "ix_citations_final_at",
        "citations",
        ["final_at"],
        postgresql_where=sa.text("state = 'decided'"),
    )
    op.create_table(
        "citation_steps",
        sa.Column("citation_id", sa.Uuid, primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("step", sa.String(64), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(64)),
        sa.Column("note", sa.String(500)),
        sa.Column("officer", sa.String(128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_citation_steps_officer", "citation_steps", ["officer", "at"])
    op.create_table(
        "county_serials",
        sa.Column("jalali_year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("county", sa.String(64), primary_key=True),
        sa.Column("last_serial", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("county_serials")
    op.drop_table("citation_steps")
    op.drop_index("ix_citations_final_at", "citations")
    for name in ("note", "returned_to", "returned_by", "final_at"):
        op.drop_column("citations", name)
