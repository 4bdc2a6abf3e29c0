"""Settings read from the environment and from secret files: the base of all of them.

A file named like its variable in the folder of `PAYESH_SECRETS_DIR` sets the same setting; the
environment takes precedence. A `PAYESH_*` variable that no setting of the service reads is an
error: a misspelt name must not become a silent default.
"""

import os
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from payesh.kit.errors import SettingsError

PREFIX = "PAYESH_"
SECRETS_DIR = "PAYESH_SECRETS_DIR"
_TEST_PREFIX = "PAYESH_TEST_"  # for the test suite, in whose environment services run too


Port = Annotated[int, Field(ge=0, le=65535)]


class KitSettings(BaseSettings):
    """Base of all settings. A service names itself: `service: ClassVar[str] = "ingest"`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    service: ClassVar[str] = "unnamed"
    refuse_unknown: ClassVar[bool] = True

    def __init__(self, **values: Any) -> None:
        if self.refuse_unknown:
            self._refuse_unknown_variables()
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None

    @classmethod
    def _refuse_unknown_variables(cls) -> None:
        known = {PREFIX + name.upper() for name in cls.model_fields} | {SECRETS_DIR}
        unknown = sorted(
            name
            for name in os.environ
            if name.upper().startswith(PREFIX)
            and not name.upper().startswith(_TEST_PREFIX)
            and name.upper() not in known
        )
        if unknown:
            raise SettingsError(
                f"{', '.join(unknown)}: no such setting of {cls.service}; "
                f"its settings are {', '.join(sorted(known))}"
            )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = os.environ.get(SECRETS_DIR)
        if not folder:
            return init_settings, env_settings
        if not Path(folder).is_dir():
            raise SettingsError(f"{SECRETS_DIR}: {folder} is not a folder")
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, folder)


def _explain(error: ValidationError) -> str:
    return "; ".join(
        f"{PREFIX}{'_'.join(str(part) for part in each['loc']).upper()}: {each['msg']}"
        if each["loc"]
        else str(each["msg"]).removeprefix("Value error, ")  # of several settings: it names them
        for each in error.errors(include_input=False, include_url=False)
    )
