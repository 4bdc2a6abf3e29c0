"""A decoy is retired by two people, and its digests stay: a search from before may arrive after."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decoys", sa.Column("retirement_by", sa.Text()))
    op.add_column("decoys", sa.Column("retirement_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        "ck_decoys_two_people_retire", "decoys", "retired_by <> retirement_by"
    )
    op.execute(
        """
        DO $$ DECLARE writer name := current_database(); BEGIN
            EXECUTE format('REVOKE DELETE ON decoys FROM %I', writer);
            EXECUTE format('REVOKE UPDATE, DELETE ON decoy_terms FROM %I', writer);
        END $$
        """
    )


def downgrade() -> None:
    op.drop_constraint("ck_decoys_two_people_retire", "decoys")
    op.drop_column("decoys", "retirement_at")
    op.drop_column("decoys", "retirement_by")
    op.execute(
        """
        DO $$ DECLARE writer name := current_database(); BEGIN
            EXECUTE format('GRANT DELETE ON decoys TO %I', writer);
            EXECUTE format('GRANT UPDATE, DELETE ON decoy_terms TO %I', writer);
        END $$
        """
    )
