"""An index by which a camera's passages at a time are found, for drives of known speed."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_passages_camera_id_captured_at", "passages", ["camera_id", "captured_at"])


def downgrade() -> None:
    op.drop_index("ix_passages_camera_id_captured_at", "passages")
