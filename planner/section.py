"""What every section of the factory is made of: the base class, and ids, counts and codes that are checked."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from planner.errors import did_you_mean

__all__ = [
    "Count",
    "CountryCode",
    "Granted",
    "Kilowatt",
    "MachineCounts",
    "MachineId",
    "NodeId",
    "Section",
    "ServerCounts",
    "ServerId",
    "SwitchId",
    "ZoneId",
    "known",
    "sorted_by_key",
]


class Section(BaseModel):
    """Base of every part of the factory: frozen, strict, no unknown keys, no infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def known(kind: str, in_the_cloud: str = "") -> AfterValidator:
    """Check an id against the catalog given as validation context ``{"ids": {kind: ids}}``; without context, accept.

    An id with a dot is a cloud's and belongs to the kind `in_the_cloud`, where one is given.
    """

    def check(value: str, info: ValidationInfo) -> str:
        ids: Mapping[str, typing.Collection[str]] = (info.context or {}).get("ids", {})
        wanted = in_the_cloud if in_the_cloud and "." in value else kind
        if wanted in ids and value not in ids[wanted]:
            elsewhere = sorted(other for other, known in ids.items() if value in known and other != "prices")
            message = f"'{value}' is not in the catalog of {wanted.replace('_', ' ')}"
            if elsewhere:
                message += f" (it is one of the {elsewhere[0].replace('_', ' ')})"
            raise PydanticCustomError("catalog_id", "{text}", {"text": message, "hint": did_you_mean(value, ids[wanted])})
        return value

    return AfterValidator(check)


T = typing.TypeVar("T")


def sorted_by_key(value: dict[str, T]) -> dict[str, T]:
    """Order a map by its keys: the order of a file does not matter."""
    return dict(sorted(value.items()))


Count = Annotated[int, Field(ge=1, le=1_000_000)]
NodeId = Annotated[str, known("nodes", "instances")]
ServerId = Annotated[str, known("servers")]
MachineId = Annotated[str, known("servers", "instances")]
SwitchId = Annotated[str, known("switches")]
ServerCounts = Annotated[dict[ServerId, Count], AfterValidator(sorted_by_key)]
MachineCounts = Annotated[dict[MachineId, Count], AfterValidator(sorted_by_key)]
CountryCode = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Granted = Annotated[int, Field(ge=0, le=10**9)]
ZoneId = Annotated[str, Field(pattern="^[a-z0-9]+-az[0-9]+$")]
Kilowatt = Annotated[float, Field(gt=0, le=20_000_000)]
