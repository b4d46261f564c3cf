"""Between the rows and the resources that stand for them: pure."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from scim2_models import InvalidValueException, Path, default_comparison_key

from vallum_web.accounts.addresses import looked_up, normal
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import ScimGroup, ScimUser
from vallum_web.accounts.scim import hostile, resources
from vallum_web.accounts.scim.narrowing import as_key
from vallum_web.tenancy.texts import one_line

ROOT = "/scim/v2"
MOST_VALUES = 50
NAME = 255
TEAM_NAME = 80
ADDRESS = 254
# From the one that may most on. Owner and billing are nobody's to give from outside.
GIVEN = (Role.ADMIN, Role.SECURITY, Role.DEVELOPER, Role.AUDITOR)
_FOLDED = Path[resources.User]("userName").resolve()
_SAID = frozenset({"active", "name", "display_name", "emails", "roles", "entitlements"})


def folded(text: str) -> str:
    """The form in which names and addresses are compared, here and by the library."""
    return default_comparison_key(_FOLDED, text)


def location(kind: str, key: UUID) -> str:
    return f"{settings.PUBLIC_URL}{ROOT}/{kind}/{key}"


def etag(version: int) -> str:
    return f'W/"{version}"'


def user(row: ScimUser) -> resources.User:
    return resources.User.model_validate(
        {
            **row.said,
            "id": str(row.pk),
            "userName": row.user_name,
            **({"externalId": row.external_id} if row.external_id else {}),
            "meta": _meta(row, "User"),
        }
    )


def group(row: ScimGroup, people: Iterable[UUID] | None) -> resources.Group:
    """`people` is None where nobody asked for them."""
    members = [{"value": str(key), "$ref": location("Users", key), "type": "User"} for key in people or ()]
    return resources.Group.model_validate(
        {
            "id": str(row.pk),
            "displayName": row.team.name,
            **({"externalId": row.external_id} if row.external_id else {}),
            **({"members": members} if members else {}),
            "meta": _meta(row, "Group"),
        }
    )


def _meta(row: ScimUser | ScimGroup, kind: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "created": row.made_at,
        "lastModified": row.changed_at,
        "location": location(f"{kind}s", row.pk),
        "version": etag(row.version),
    }


def told(resource: resources.User, row: ScimUser) -> dict[str, Any]:
    """The row's fields as the resource has them. `active` that is not said stays as it was.

    Raises InvalidValueException for what cannot be kept or shown.
    """
    said = resource.model_dump(include=_SAID)
    said.pop("schemas", None)
    hostile.checked(said)
    emails = resource.emails or []
    if any(len(values or []) > MOST_VALUES for values in (emails, resource.roles, resource.entitlements)):
        raise InvalidValueException(detail=f"More than {MOST_VALUES} addresses, roles or entitlements.")
    name = _line(resource.user_name, "userName", NAME)
    return {
        "user_name": name,
        "user_name_key": folded(name),
        "external_id": external_id(resource),
        "active": row.active if resource.active is None else resource.active,
        "said": said,
        "address_keys": sorted({folded(email.value) for email in emails if email.value}),
        "address": address(resource),
    }


def team_name(resource: resources.Group) -> str:
    return _line(resource.display_name, "displayName", TEAM_NAME)


def external_id(resource: resources.User | resources.Group) -> str:
    text = resource.external_id or ""
    hostile.checked(text)
    if len(text) > NAME:
        raise InvalidValueException(detail=f"externalId is longer than {NAME} characters.")
    return text


def people(resource: resources.Group) -> set[UUID]:
    """The ids of a group's people. What is no id of ours names nobody, like an id of nobody."""
    members = resource.members or []
    if any(member.type not in {None, "User"} for member in members):
        raise InvalidValueException(detail="A member has to be a User: groups in groups are not kept.")
    keys = {as_key(member.value) for member in members}
    if None in keys:
        raise InvalidValueException(detail=NOBODY)
    return {key for key in keys if key}


NOBODY = "A member's value names nobody whom this provider has made: make the User first."


def address(resource: resources.User) -> str:
    """The address that counts: the primary one, then one for work, then the first, then a user name that is one."""
    emails = [email for email in resource.emails or [] if email.value]
    ranked = sorted(emails, key=lambda email: (not email.primary, (email.type or "").lower() != "work"))
    for text in (*(email.value or "" for email in ranked), resource.user_name or ""):
        found = looked_up(text)
        if len(found) <= ADDRESS and _is_address(found):
            return found
    return ""


def role(resource: resources.User, default: str, *, counts: bool) -> Role:
    """What the person is here: the mightiest role that the provider names, where its word counts; never owner."""
    named = {name.strip().lower() for name in _names(resource.roles, resource.entitlements)} if counts else set()
    return next((given for given in GIVEN if given in named), Role(default))


def _names(*lists: Sequence[resources.Label] | None) -> Iterable[str]:
    for labels in lists:
        for label in labels or ():
            yield _inside(label.value or "")


def _inside(text: str) -> str:
    """Entra ID's AppRoleAssignmentsComplex puts the role's name into a JSON object in a text."""
    if not text.startswith("{"):
        return text
    try:
        return str(json.loads(text)["value"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return text


def shown_name(row: ScimUser) -> str:
    name = row.said.get("name") or {}
    whole = " ".join(part for part in (name.get("givenName"), name.get("familyName")) if part)
    return str(row.said.get("displayName") or name.get("formatted") or whole)


def fit(text: object, longest: int) -> str:
    """The text if it can be shown in one line, else none."""
    try:
        return one_line(str(text or ""))[:longest]
    except ValueError:
        return ""


def _line(text: str | None, name: str, longest: int) -> str:
    try:
        line = one_line(text or "")
    except ValueError:
        raise InvalidValueException(detail=f"{name} holds control characters.") from None
    if not line or len(line) > longest:
        raise InvalidValueException(detail=f"{name} has to have 1 to {longest} characters.")
    return line


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
        normal(text)
    except (ValidationError, ValueError):
        return False
    return True
