"""An average speed rests on two reads: the one where the stretch begins goes with the job."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bundle_jobs", sa.Column("entry_read", sa.Text))


def downgrade() -> None:
    op.drop_column("bundle_jobs", "entry_read")
