"""Decisions that are decided again, and cameras that are suspended for it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "second_looks",
        sa.Column("citation_id", sa.Uuid, primary_key=True),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("county", sa.String(64), nullable=False),
        sa.Column("road_class", sa.String(32), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("first_officer", sa.String(128), nullable=False),
        sa.Column("first_issued", sa.Boolean, nullable=False),
        sa.Column("drawn_at", _MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("claimed_by", sa.String(128)),
        sa.Column("claimed_until", _MOMENT),
        sa.Column("second_officer", sa.String(128)),
        sa.Column("second_issued", sa.Boolean),
        sa.Column("reason", sa.String(64)),
        sa.Column("looked_at", _MOMENT),
    )
    op.create_index(
        "ix_second_looks_waiting",
        "second_looks",
        ["drawn_at"],
        postgresql_where=sa.text("looked_at IS NULL"),
    )
    op.create_index("ix_second_looks_camera", "second_looks", ["camera_id", "looked_at"])
    op.create_table(
        "camera_suspensions",
        sa.Column("camera_id", sa.String(64), primary_key=True),
        sa.Column("began_at", _MOMENT, primary_key=True, server_default=sa.func.now()),
        sa.Column("county", sa.String(64), nullable=False),
        sa.Column("road_class", sa.String(32), nullable=False),
        sa.Column("wrongful", sa.Integer, nullable=False),
        sa.Column("looked", sa.Integer, nullable=False),
        sa.Column("lifted_at", _MOMENT),
        sa.Column("lifted_by", sa.String(128)),
        sa.Column("note", sa.String(500)),
    )
    op.create_index(
        "ix_camera_suspensions_open",
        "camera_suspensions",
        ["camera_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("camera_suspensions")
    op.drop_table("second_looks")
