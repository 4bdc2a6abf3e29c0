"""States, rules, reasons and classes are identifiers of open vocabularies, of up to 64 characters;
plates of old layouts are longer than 16.

PostgreSQL widens a column of text without writing the table anew; an older service goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for column in ("state", "rule", "reason", "vehicle_class"):
        op.alter_column("citations", column, type_=sa.String(64))
    op.alter_column("citations", "plate_text", type_=sa.String(32))
    op.alter_column("citations", "number", type_=sa.String(85))
