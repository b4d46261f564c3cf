"""What a person and a group are in SCIM's terms (RFC 7643): the attributes kept here, and no other.

What a provider sends beyond them (telephone numbers, departments, passwords) is dropped at this boundary. The library
reads, writes, filters and patches these models; `provider` is what the discovery endpoints publish.
"""

from typing import Annotated, Any

from pydantic import Field
from scim2_models import (
    URN,
    CaseExact,
    ComplexAttribute,
    Mutability,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Uniqueness,
)

PAGE = 200
PAGE_WITH_PEOPLE = 20
"""Groups on a page that lists their people as well."""
BODY = 1 << 20


class Name(ComplexAttribute):
    """The components of a person's name, as the provider says them."""

    formatted: str | None = None
    """The full name."""

    family_name: str | None = None
    """The family name."""

    given_name: str | None = None
    """The given name."""


class Email(ComplexAttribute):
    """An address as the provider says it. No `EmailStr`: a provider's odd address is kept and shown, not refused."""

    value: str | None = None
    """The address."""

    type: str | None = Field(None, examples=["work", "home", "other"])
    """What the address is for."""

    primary: bool | None = None
    """Whether this is the address that counts."""


class Label(ComplexAttribute):
    """A role or an entitlement as the provider names it."""

    value: str | None = None
    """Its name. What it means here is the organization's setting."""

    type: str | None = None
    """What kind of name it is."""

    primary: bool | None = None
    """Whether this is the one that counts."""


class User(Resource[Any]):
    """A person whom the organization's provider names."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """The provider's name for the person, unique in the organization whatever its case."""

    name: Name | None = None
    """The components of the person's name."""

    display_name: str | None = None
    """The name to show."""

    active: bool | None = None
    """Whether the person is a member: false ends the membership at once, true brings it back."""

    emails: list[Email] | None = None
    """The person's addresses. The primary one counts, then one for work, then the first, then the user name."""

    roles: list[Label] | None = None
    """Role names; the organization decides whether they mean anything here."""

    entitlements: list[Label] | None = None
    """Entitlement names; the organization decides whether they mean anything here."""


class Member(ComplexAttribute):
    """One person in a group. Groups in groups are refused: a team has people."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    """The id of the person."""

    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """The address of the person."""

    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    """Always User."""


class Group(Resource[Any]):
    """A team that the organization's provider looks after."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """The team's name, unique in the organization whatever its case."""

    members: list[Member] | None = None
    """The people in it."""


# What Entra ID and Okta send beside the letter of the standard, and what RFC 7644 leaves to the service.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)

CONFIG = ServiceProviderConfig.model_validate(
    {
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": PAGE},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": False,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": PAGE,
            "maxPageSize": PAGE,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A provisioning token of the organization: Authorization: Bearer vlm_scim_…",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
    }
)


def _type(kind: type[Resource[Any]], description: str) -> ResourceType:
    name = kind.__name__
    return ResourceType.model_validate(
        {"id": name, "name": name, "description": description, "endpoint": f"/{name}s", "schema": kind.__schema__}
    )


provider = ScimProvider(
    models=[User, Group],
    resource_types=[_type(User, "People"), _type(Group, "Teams")],
    config=CONFIG,
    policy=POLICY,
)
