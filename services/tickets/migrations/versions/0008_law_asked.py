"""Which law an unpriced draft was last priced by, in vain."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UNPRICED = "state = 'drafted' AND (law->>'amount_rial' IS NULL OR law->>'offence_code' = '0000')"


def upgrade() -> None:
    op.add_column("citations", sa.Column("law_asked", sa.String(96)))
    op.create_index(
        "ix_citations_unpriced", "citations", ["law_asked"], postgresql_where=sa.text(_UNPRICED)
    )


def downgrade() -> None:
    op.drop_index("ix_citations_unpriced", "citations")
    op.drop_column("citations", "law_asked")
