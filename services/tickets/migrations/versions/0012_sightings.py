"""Further sightings of one offence, linked to the citation that stands for it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("citations", sa.Column("same_as", sa.Uuid))
    op.create_index(
        "ix_citations_same_as",
        "citations",
        ["same_as"],
        postgresql_where=sa.text("same_as IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_citations_same_as", "citations")
    op.drop_column("citations", "same_as")
