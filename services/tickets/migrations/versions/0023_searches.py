"""Citations found by camera and by day, without reading all."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_citations_camera", "citations", ["camera_id", "captured_at"])
    op.create_index("ix_citations_captured_at", "citations", ["captured_at", "citation_id"])


def downgrade() -> None:
    op.drop_index("ix_citations_captured_at", "citations")
    op.drop_index("ix_citations_camera", "citations")
