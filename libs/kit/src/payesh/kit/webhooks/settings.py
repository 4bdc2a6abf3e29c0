"""Settings of a service that sends webhooks."""

from typing import Annotated

from pydantic import Field, FilePath, SecretStr, field_validator

from payesh.kit.environment import KitSettings
from payesh.kit.networks import networks


class WebhookSettings(KitSettings):
    webhook_key: Annotated[SecretStr, Field(min_length=32)] | None = Field(
        None,
        description="Key, of 32 characters or more, from which the secret of each webhook endpoint "
        "is derived. Another key makes every secret another, without warning to its receiver. "
        "Unset sends no webhooks.",
    )
    webhook_networks: str = Field(
        "",
        description="Networks (CIDR, comma-separated) that webhooks may be sent to. Empty means "
        "the Internet's addresses alone: those of agencies in a private network are named here.",
    )
    webhook_ca_file: FilePath | None = Field(
        None,
        description="PEM file of the authority that signed the receivers' certificates; the "
        "system's authorities when unset.",
    )
    webhook_lease_days: float = Field(
        30.0,
        gt=0,
        le=366,
        description="Days for which an endpoint stands after its client last renewed it.",
    )
    webhook_keep_days: float = Field(
        30.0, gt=0, le=366, description="Days for which deliveries are listed and can be replayed."
    )

    @field_validator("webhook_networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(text)
        return text
