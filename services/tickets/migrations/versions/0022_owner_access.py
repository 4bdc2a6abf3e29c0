"""Owners of vehicles come to their citation by a code; what they object with has attachments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "owner_codes",
        sa.Column("code_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("sender", sa.LargeBinary, nullable=False),
        sa.Column("asked_at", _Moment, nullable=False, server_default=sa.func.now()),
        sa.Column("expires_at", _Moment, nullable=False),
        sa.Column("next_attempt_at", _Moment, server_default=sa.func.now()),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("citation_id", sa.Uuid),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("used_at", _Moment),
    )
    op.create_index("ix_owner_codes_number", "owner_codes", ["number", "asked_at"])
    op.create_index("ix_owner_codes_sender", "owner_codes", ["sender", "asked_at"])
    op.create_index("ix_owner_codes_next_attempt_at", "owner_codes", ["next_attempt_at"])
    op.create_table(
        "owner_failures",
        sa.Column("failure_id", sa.Uuid, primary_key=True),
        sa.Column("sender", sa.LargeBinary, nullable=False),
        sa.Column("at", _Moment, nullable=False, server_default=sa.func.now()),
    )
    op.create_index("ix_owner_failures_sender", "owner_failures", ["sender", "at"])
    op.create_table(
        "owner_sessions",
        sa.Column("id_sha256", sa.LargeBinary, primary_key=True),
        sa.Column("citation_id", sa.Uuid, nullable=False),
        sa.Column("csrf_token", sa.String(64), nullable=False),
        sa.Column("expires_at", _Moment, nullable=False),
    )
    op.create_index("ix_owner_sessions_expires_at", "owner_sessions", ["expires_at"])
    op.create_table(
        "owner_copies",
        sa.Column("citation_id", sa.Uuid, primary_key=True),
        sa.Column("pictures", postgresql.JSONB),
        sa.Column("clip", postgresql.JSONB),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_attempt_at", _Moment, server_default=sa.func.now()),
    )
    op.create_index("ix_owner_copies_next_attempt_at", "owner_copies", ["next_attempt_at"])
    op.create_table(
        "objection_attachments",
        sa.Column("objection_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("object", postgresql.JSONB, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("objection_attachments")
    op.drop_table("owner_copies")
    op.drop_table("owner_sessions")
    op.drop_table("owner_failures")
    op.drop_table("owner_codes")
