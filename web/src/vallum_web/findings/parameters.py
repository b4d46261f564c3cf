"""The worklist's filters for machines: described one by one, and refused where a page would pass over them."""

from typing import Annotated, Any, Self
from uuid import UUID

from django.http import QueryDict
from ninja.errors import ValidationError
from pydantic import AfterValidator, Field, model_validator
from pydantic import ValidationError as PydanticError

from vallum_web.findings import filters
from vallum_web.findings.filters import Filters
from vallum_web.tenancy.parameters import After, OneOf, Parameters, unknown
from vallum_web.tenancy.texts import Storable

_ORDERS = tuple(sign + name for name in filters.SORTS for sign in ("-", ""))


def _assignee(text: str) -> str:
    if text not in (filters.ME, filters.NOBODY):
        try:
            UUID(text)
        except ValueError:
            raise ValueError(f"Say {filters.ME}, {filters.NOBODY} or a person's id.") from None
    return text


class FindingsNarrowed(Parameters):
    """Which findings, and in which order. All of it narrows: of several values of one parameter, any will do."""

    status: Annotated[str, OneOf(filters.STATUSES)] = Field(
        "open", description="`any` for all of them.", examples=["any"]
    )
    severity: list[Annotated[str, OneOf(filters.SEVERITIES)]] = Field(
        default_factory=list, description="May stand several times.", examples=[["critical", "high"]]
    )
    kind: list[Annotated[str, OneOf(filters.KINDS)]] = Field(
        default_factory=list, description="May stand several times.", examples=[["vulnerability"]]
    )
    confidence: list[Annotated[str, OneOf(filters.CONFIDENCES)]] = Field(
        default_factory=list, description="May stand several times.", examples=[["high"]]
    )
    asset: UUID | None = Field(None, description="One asset's id.", examples=["01890a5d-ac96-774b-bcce-b302099a8057"])
    rule: Storable = Field(
        "", max_length=120, description="One rule's id, whole.", examples=["github-personal-access-token"]
    )
    assignee: Annotated[str, AfterValidator(_assignee)] = Field(
        "", description="`me` (who made the token), `nobody`, or a person's id.", examples=["nobody"]
    )
    team: UUID | None = Field(None, description="One team's id.", examples=["01890a5d-ac96-774b-bcce-b302099a8058"])
    due: Annotated[str, OneOf(tuple(filters.DUE))] = Field(
        "", description="Open ones by when they should have ended.", examples=["overdue"]
    )
    exploited: Annotated[str, OneOf(("yes",))] = Field(
        "", description="Only those whose CVE is known to be exploited.", examples=["yes"]
    )
    fix: str = Field(
        "",
        pattern=rf"^[0-9a-fA-F]{{{filters.LENGTH_OF_FIX}}}$",
        description="What one fix ends: the key of its address on the page of fixes.",
        examples=["0123456789abcdef0123456789abcdef"],
    )
    q: Storable = Field(
        "", max_length=filters.MOST_TEXT, description="Words of title, path, package or CVE.", examples=["openssl"]
    )
    sort: Annotated[str, OneOf(_ORDERS)] = Field(
        filters.DEFAULT_SORT,
        description="`-` before it: falling. `path` only together with `asset`, `due` only together with `due`.",
        examples=["-severity"],
    )

    @model_validator(mode="after")
    def _sortable(self) -> Self:
        possible = filters.sorts(self.asset, self.due)
        if self.sort.removeprefix("-") not in possible:
            raise ValueError(
                f"sort: this list can be in the order of {', '.join(possible)}; name an asset, or due, for more."
            )
        return self


class FindingsWanted(After, FindingsNarrowed):
    """One page of the list."""


def narrowed(query: str) -> Filters:
    """The filters of a query string in a body. Raises ninja's ValidationError for what a page would pass over.

    A machine that misspells a filter must not act on all that the rest of it leaves.
    """
    given = QueryDict(query.removeprefix("?"))
    wrong = unknown(given, FindingsNarrowed.names())
    if not wrong:
        try:
            FindingsNarrowed.read(given)
        except PydanticError as error:
            wrong = [
                _told(each) for each in error.errors(include_url=False, include_input=False, include_context=False)
            ]
    if wrong:
        raise ValidationError([{**each, "loc": ["body", "body", "query", *each["loc"][1:]]} for each in wrong])
    return Filters.parse(given)


def _told(error: Any) -> dict[str, Any]:
    return {"type": error["type"], "loc": ["query", *error["loc"]], "msg": error["msg"]}
