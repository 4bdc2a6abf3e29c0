"""Lists of all citations in order of drafting, and of the last day's steps, without reading all."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_citations_created_at", "citations", ["created_at", "citation_id"])
    op.create_index("ix_citation_steps_at", "citation_steps", ["at"])


def downgrade() -> None:
    op.drop_index("ix_citation_steps_at", "citation_steps")
    op.drop_index("ix_citations_created_at", "citations")
