"""The worklist's filters for machines: described one by one, and refused where a page would pass over them."""

from typing import Annotated, Any, Self
from urllib.parse import urlencode
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


def _since(text: str) -> str:
    if not Filters.parse(QueryDict(urlencode({"since": text}))).since:
        raise ValueError(f"Say {', '.join(filters.AGES)}, a day as 2026-11-20, or a moment as 2026-11-20T08:00:00Z.")
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
    liveness: Annotated[str, OneOf(tuple(filters.LIVENESS))] = Field(
        "", description="Secrets by what their issuers said when they were last asked.", examples=["live"]
    )
    fix: str = Field(
        "",
        pattern=rf"^[0-9a-fA-F]{{{filters.LENGTH_OF_FIX}}}$",
        description="What one fix ends: the key of its address on the page of fixes.",
        examples=["0123456789abcdef0123456789abcdef"],
    )
    since: Annotated[str, AfterValidator(_since)] = Field(
        "",
        description="Something happened since: `24h`, `7d`, `30d`, a day (UTC), or a moment with its offset.",
        examples=["7d"],
    )
    change: Annotated[str, OneOf(tuple(filters.CHANGES))] = Field(
        "",
        description="What happened; together with `since`, which alone means `opened`. "
        "With `resolved` the status is `resolved` unless it is named.",
        examples=["reopened"],
    )
    package: Storable = Field(
        "",
        max_length=filters.MOST_PACKAGE,
        description="A package's name and version with a blank between, as findings have it; `-`: about no package.",
        examples=["openssl 3.0.1"],
    )
    group: Annotated[str, OneOf(filters.GROUPS)] = Field(
        "",
        description="How the page shows the list, which a saved view keeps; the list itself is the same. "
        "`GET /findings/groups` answers with groups.",
        examples=["fix"],
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
    def _told_since_when(self) -> Self:
        if self.change and not self.since:
            raise ValueError("change: say since when, as in since=7d.")
        return self

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


class GroupsWanted(FindingsWanted):
    """One page of what they have in common."""

    by: Annotated[str, OneOf(filters.GROUPS)] = Field(
        "fix", description="What brings findings together.", examples=["rule"]
    )


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
