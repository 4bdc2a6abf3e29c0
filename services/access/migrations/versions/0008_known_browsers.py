"""Browsers in which a person signed in before; failures in one of them count by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_browsers",
        sa.Column("browser_sha256", sa.LargeBinary(), primary_key=True),
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("people.person_id"), primary_key=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_known_browsers_person_id", "known_browsers", ["person_id"])
    op.create_index("ix_known_browsers_expires_at", "known_browsers", ["expires_at"])
    op.add_column("sign_in_failures", sa.Column("browser_sha256", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("sign_in_failures", "browser_sha256")
    op.drop_table("known_browsers")
