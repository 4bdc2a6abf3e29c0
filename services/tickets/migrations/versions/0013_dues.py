"""What follows an issued citation: notified, paid, objected, decided, closed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_RUNNING = "state IN ('notified', 'upheld', 'reduced', 'paid', 'cancelled')"


def upgrade() -> None:
    op.add_column("citations", sa.Column("owed_rial", sa.BigInteger))
    op.add_column("citations", sa.Column("object_until", _MOMENT))
    op.add_column("citations", sa.Column("due_at", _MOMENT))
    op.add_column(
        "citations",
        sa.Column("is_doubled", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "ix_citations_due_at", "citations", ["due_at"], postgresql_where=sa.text(_RUNNING)
    )
    op.create_table(
        "notifications",
        sa.Column("notification_id", sa.Uuid, primary_key=True),
        sa.Column("citation_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(128), nullable=False),
        sa.Column("notified_at", _MOMENT, nullable=False),
        sa.Column("terms", JSONB, nullable=False),
        sa.Column("recorded_by", sa.String(128), nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False, server_default=sa.func.now()),
    )
    op.create_index("ix_notifications_citation_id", "notifications", ["citation_id", "recorded_at"])
    op.create_table(
        "payments",
        sa.Column("payment_id", sa.Uuid, primary_key=True),
        sa.Column("citation_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(128), nullable=False),
        sa.Column("amount_rial", sa.BigInteger, nullable=False),
        sa.Column("paid_at", _MOMENT, nullable=False),
        sa.Column("recorded_by", sa.String(128), nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("reversed_at", _MOMENT),
        sa.Column("refund_due_since", _MOMENT),
        sa.UniqueConstraint("channel", "reference"),
    )
    op.create_index("ix_payments_citation_id", "payments", ["citation_id"])
    op.create_table(
        "objections",
        sa.Column("objection_id", sa.Uuid, primary_key=True),
        sa.Column("citation_id", sa.Uuid, nullable=False),
        sa.Column("instance", sa.Integer, nullable=False),
        sa.Column("county", sa.String(64), nullable=False),
        sa.Column("road_class", sa.String(32), nullable=False),
        sa.Column("grounds", sa.String(64), nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("entered_by", sa.String(128), nullable=False),
        sa.Column("entered_at", _MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("outcome", sa.String(16)),
        sa.Column("reason", sa.String(500)),
        sa.Column("reduced_to_rial", sa.BigInteger),
        sa.Column("decided_by", sa.String(128)),
        sa.Column("decided_at", _MOMENT),
        sa.UniqueConstraint("citation_id", "instance"),
    )
    op.create_index(
        "ix_objections_open",
        "objections",
        ["received_at", "objection_id"],
        postgresql_where=sa.text("decided_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("objections", "payments", "notifications"):
        op.drop_table(table)
    op.drop_index("ix_citations_due_at", "citations")
    for name in ("is_doubled", "due_at", "object_until", "owed_rial"):
        op.drop_column("citations", name)
