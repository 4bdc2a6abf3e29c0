"""Witnesses: others who keep the log's tree heads, reached by HTTP."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, ValidationError

from payesh.contracts.values import Identifier
from payesh.kit.errors import PeerUnavailable, SettingsError

TIMEOUT_S = 10.0
_MOST_ANSWER_BYTES = 16 * 1024


class DeclaredWitness(BaseModel):
    """One entry of the file of witnesses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Identifier
    url: HttpUrl
    token_file: Path | None = Field(None, description="relative to the folder of the file")


_DECLARED = TypeAdapter(Annotated[tuple[DeclaredWitness, ...], Field(max_length=32)])


class WitnessKnows(Exception):
    """The witness knows a tree of another size."""

    def __init__(self, tree_size: int) -> None:
        super().__init__(f"the witness knows a tree of {tree_size} records")
        self.tree_size = tree_size


class Witness:
    """A witness under its name. It is asked to take one head at a time, and redirects nowhere."""

    def __init__(self, name: str, url: str, token: str | None = None) -> None:
        self.name = name
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def take(
        self, statement: str, known: int, proof: Sequence[bytes], leaf_hashes: str | None
    ) -> None:
        """Send a signed head, the proof from the tree of `known` leaves that the witness has, and
        the hashes of the leaves since, if they are few enough.

        Raises PeerUnavailable, and WitnessKnows when the witness answers 409 with its `tree_size`.
        """
        body: dict[str, Any] = {
            "tree_head": statement,
            "first": known,
            "consistency": [each.hex() for each in proof],
        }
        if leaf_hashes is not None:
            body["leaf_hashes"] = leaf_hashes
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client,
                client.stream("POST", self._url, json=body, headers=self._headers) as response,
            ):
                answer = bytearray()
                async for chunk in response.aiter_bytes():
                    answer += chunk
                    if len(answer) > _MOST_ANSWER_BYTES:
                        raise PeerUnavailable(f"witness {self.name}", "its answer is too long")
        except httpx.HTTPError as error:
            raise PeerUnavailable(f"witness {self.name}", type(error).__name__) from error
        if response.status_code == httpx.codes.CONFLICT:
            raise WitnessKnows(self._tree_size(bytes(answer)))
        if not response.is_success:
            raise PeerUnavailable(f"witness {self.name}", f"status {response.status_code}")

    def _tree_size(self, answer: bytes) -> int:
        try:
            size = json.loads(answer)["tree_size"]
        except (ValueError, KeyError, TypeError):
            size = None
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise PeerUnavailable(f"witness {self.name}", "409 without a tree_size")
        return size


def read(path: Path | None) -> list[Witness]:
    """The witnesses of a file: a JSON list of name, url and, where one is needed, token_file.

    Raises SettingsError.
    """
    if path is None:
        return []
    try:
        declared = _DECLARED.validate_json(path.read_bytes())
        return [
            Witness(
                each.name,
                str(each.url),
                (path.parent / each.token_file).read_text("utf-8").strip()
                if each.token_file
                else None,
            )
            for each in declared
        ]
    except ValidationError as error:
        places = ["/".join(map(str, each["loc"])) for each in error.errors(include_input=False)]
        raise SettingsError(f"PAYESH_AUDIT_WITNESSES_FILE: {', '.join(places[:5])}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"PAYESH_AUDIT_WITNESSES_FILE: {error}") from None
