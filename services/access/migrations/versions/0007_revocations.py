"""What was revoked and has not expired, under numbers that only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "revocations",
        sa.Column("revoked", sa.Text(), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
    )
    op.create_index("ix_revocations_number", "revocations", ["number"], unique=True)
    op.create_index("ix_revocations_expires_at", "revocations", ["expires_at"])
    op.create_table(
        "revocation_counter",
        sa.Column("only_row", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("only_row = 1", name="ck_revocation_counter_one_row"),
    )
    op.execute("INSERT INTO revocation_counter VALUES (1, 0)")


def downgrade() -> None:
    op.drop_table("revocation_counter")
    op.drop_table("revocations")
