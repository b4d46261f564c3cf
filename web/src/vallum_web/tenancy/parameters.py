"""The parameters of a query string, as the API describes and checks them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self, get_origin

from django.http import QueryDict
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

Wrong = dict[str, Any]
_CURSOR = "WyIwMTg5MGE1ZC1hYzk2LTc3NGItYmNjZS1iMzAyMDk5YTgwNTciXQ"


@dataclass(frozen=True, slots=True)
class OneOf:
    """The values that a parameter can have: described, checked, and named to whoever sends another."""

    values: tuple[str, ...]

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(self.values))


class Parameters(BaseModel):
    """What a query string may say. An empty value is none, as a form sends it where nothing was chosen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_none(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        without = {name: [v for v in value if v] if isinstance(value, list) else value for name, value in given.items()}
        return {name: value for name, value in without.items() if value not in ("", [])}

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Raises pydantic's ValidationError."""
        several = {
            field.alias or name for name, field in cls.model_fields.items() if get_origin(field.annotation) is list
        }
        return cls.model_validate({name: query.getlist(name) if name in several else query[name] for name in query})

    @classmethod
    def names(cls) -> list[str]:
        return sorted(field.alias or name for name, field in cls.model_fields.items())


class After(Parameters):
    """A page of a list."""

    after: str = Field("", description="The `after` of the page before this one.", examples=[_CURSOR])


def unknown(given: Iterable[str], known: Iterable[str]) -> list[Wrong]:
    """What is wrong with parameters that an operation does not have, in the shape of every other refusal."""
    allowed = sorted(known)
    said = (
        f"There is no such parameter here. Those there are: {', '.join(allowed)}." if allowed else "None is taken here."
    )
    return [
        {"type": "unknown_parameter", "loc": ["query", name], "msg": said} for name in sorted(set(given) - set(allowed))
    ]
