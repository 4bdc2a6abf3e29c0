"""Webhooks of a service: what it announces is sent to other agencies' endpoints, signed, until they
have it.

`router` has the routes with which a machine keeps its endpoints, `Announcer` adds deliveries to the
transaction that makes an event true, `Deliverer` sends them.
"""

from payesh.kit.webhooks.announcing import Announcement, announce
from payesh.kit.webhooks.delivering import Deliverer
from payesh.kit.webhooks.routes import WebhookRules, webhooks_router
from payesh.kit.webhooks.sending import Sender
from payesh.kit.webhooks.signing import WebhookKey
from payesh.kit.webhooks.tables import add_webhook_tables

__all__ = [
    "Announcement",
    "Deliverer",
    "Sender",
    "WebhookKey",
    "WebhookRules",
    "add_webhook_tables",
    "announce",
    "webhooks_router",
]
