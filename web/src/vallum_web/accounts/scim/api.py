"""SCIM 2.0 (RFC 7643, 7644): what an organization's provider may ask and say."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from scim2_models import (
    Context,
    ForbiddenException,
    InvalidCursorException,
    InvalidFilterException,
    Meta,
    NotFoundException,
    NotImplementedException,
    PatchOp,
    ResponseParameters,
    SearchRequest,
)

from vallum_web.accounts.models import ScimGroup, ScimUser
from vallum_web.accounts.scim import mapping, narrowing, queries, resources
from vallum_web.accounts.scim.dialects import spelled_out
from vallum_web.accounts.scim.door import ProviderRequest, answer, body, door, plain
from vallum_web.accounts.scim.services import groups, people
from vallum_web.accounts.scim.services.versions import Expected, same

_CREATED, _EMPTY, _UNCHANGED = 201, 204, 304
_PARAMETERS = ("attributes", "excludedAttributes")
_SEARCH = (*_PARAMETERS, "filter", "sortBy", "sortOrder", "startIndex", "count", "cursor")


@door("GET", "POST")
def users(request: ProviderRequest) -> HttpResponse:
    if request.method == "POST":
        shown = _shown(request, resources.User)
        said = resources.User.model_validate(body(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        return _user(people.make(request.auth, said), Context.RESOURCE_CREATION_RESPONSE, shown, status=_CREATED)
    search = _query(request, resources.User)
    return _listed(queries.find_people(request.auth.org_id, search), search, Context.RESOURCE_QUERY_RESPONSE)


@door("POST")
def search_users(request: ProviderRequest) -> HttpResponse:
    search = _search(body(request), resources.User)
    return _listed(queries.find_people(request.auth.org_id, search), search, Context.SEARCH_RESPONSE)


@door("GET", "PUT", "PATCH", "DELETE", removes=True)
def user(request: ProviderRequest, key: str) -> HttpResponse:
    found = narrowing.as_key(key)
    row = queries.person(request.auth.org_id, found)
    if row is None or found is None:
        raise NotFoundException
    if request.method == "DELETE":
        people.delete(request.auth, found, _expected(request))
        return HttpResponse(status=_EMPTY)
    shown = _shown(request, resources.User)
    if request.method == "GET":
        return _unless_same(request, row) or _user(row, Context.RESOURCE_QUERY_RESPONSE, shown)
    edit, context = _edit(request, resources.User)
    return _user(people.change(request.auth, found, edit, _expected(request)), context, shown)


@door("GET", "POST")
def all_groups(request: ProviderRequest) -> HttpResponse:
    if request.method == "POST":
        shown = _shown(request, resources.Group)
        said = resources.Group.model_validate(body(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        row = groups.make(request.auth, said)
        return _group(row, Context.RESOURCE_CREATION_RESPONSE, shown, status=_CREATED)
    search = _query(request, resources.Group)
    found = queries.find_groups(request.auth.org_id, search, with_people=_with_people(search))
    return _listed(found, search, Context.RESOURCE_QUERY_RESPONSE)


@door("POST")
def search_groups(request: ProviderRequest) -> HttpResponse:
    search = _search(body(request), resources.Group)
    found = queries.find_groups(request.auth.org_id, search, with_people=_with_people(search))
    return _listed(found, search, Context.SEARCH_RESPONSE)


@door("GET", "PUT", "PATCH", "DELETE")
def group(request: ProviderRequest, key: str) -> HttpResponse:
    found = narrowing.as_key(key)
    row = queries.group(request.auth.org_id, found)
    if row is None or found is None:
        raise NotFoundException
    if request.method == "DELETE":
        groups.delete(request.auth, found, _expected(request))
        return HttpResponse(status=_EMPTY)
    shown = _shown(request, resources.Group)
    if request.method == "GET":
        return _unless_same(request, row) or _group(row, Context.RESOURCE_QUERY_RESPONSE, shown)
    edit, context = _edit(request, resources.Group)
    row = groups.change(request.auth, found, edit, _expected(request))
    if request.method == "PATCH" and shown is None:
        # A group may have thousands of people, and who adds one does not ask for the others (RFC 7644 §3.5.2).
        return HttpResponse(status=_EMPTY, headers={"ETag": mapping.etag(row.version)})
    return _group(row, context, shown)


@door("GET")
def config(request: ProviderRequest) -> HttpResponse:  # noqa: ARG001 - the same for everybody who is let in
    located = resources.CONFIG.model_copy(update={"meta": _meta("ServiceProviderConfig", "ServiceProviderConfig")})
    return answer(located, Context.RESOURCE_QUERY_RESPONSE)


@door("GET")
def schemas(request: ProviderRequest, key: str = "") -> HttpResponse:
    return _published(request, resources.provider.schemas, "Schema", "Schemas", key)


@door("GET")
def resource_types(request: ProviderRequest, key: str = "") -> HttpResponse:
    return _published(request, resources.provider.resource_types, "ResourceType", "ResourceTypes", key)


@door("GET", "POST", "PUT", "PATCH", "DELETE")
def not_done(request: ProviderRequest) -> HttpResponse:  # noqa: ARG001 - every view is given one
    """Bulk, Me, and searching all kinds of things at once: declared, or allowed by the standard, as absent."""
    raise NotImplementedException


@door("GET", "POST", "PUT", "PATCH", "DELETE")
def missing(request: ProviderRequest) -> HttpResponse:  # noqa: ARG001 - as above
    raise NotFoundException


def _user(row: ScimUser, context: Context, shown: ResponseParameters[Any] | None, *, status: int = 200) -> HttpResponse:
    resource = mapping.user(row)
    return answer(resource, context, shown=shown, status=status, headers=_headers(row, "Users"))


def _group(
    row: ScimGroup, context: Context, shown: ResponseParameters[Any] | None, *, status: int = 200
) -> HttpResponse:
    inside = queries.people_of(row) if shown is None or _with_people(shown) else None
    return answer(mapping.group(row, inside), context, shown=shown, status=status, headers=_headers(row, "Groups"))


def _headers(row: ScimUser | ScimGroup, kind: str) -> dict[str, str]:
    return {"ETag": mapping.etag(row.version), "Location": mapping.location(kind, row.pk)}


def _listed(found: queries.Found, search: SearchRequest[Any], context: Context) -> HttpResponse:
    shown = [each.model_dump(scim_ctx=context, response_parameters=search) for each in found.resources]
    return _list(shown, found.total, found.start)


def _list(shown: list[dict[str, Any]], total: int, start: int = 0) -> HttpResponse:
    return plain(
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": total,
            "startIndex": start + 1,
            "itemsPerPage": len(shown),
            "Resources": shown,
        }
    )


def _published(request: ProviderRequest, items: Any, kind: str, endpoint: str, key: str) -> HttpResponse:
    """What the service says of itself: whole, or one of it by name. It is not searched (RFC 7644 §4)."""
    if "filter" in request.GET:
        raise ForbiddenException(detail="What the service says of itself is not filtered: read it whole.")
    context = Context.RESOURCE_QUERY_RESPONSE
    located = [item.model_copy(update={"meta": _meta(kind, f"{endpoint}/{item.id}")}) for item in items]
    if not key:
        return _list([item.model_dump(scim_ctx=context) for item in located], len(located))
    found = next((item for item in located if str(item.id).lower() == key.lower()), None)
    if found is None:
        raise NotFoundException
    return answer(found, context)


def _meta(kind: str, path: str) -> Meta:
    return Meta(resource_type=kind, location=f"{settings.PUBLIC_URL}{mapping.ROOT}/{path}")


def _query(request: ProviderRequest, kind: type[Any]) -> SearchRequest[Any]:
    return _search({name: request.GET[name] for name in _SEARCH if name in request.GET}, kind)


def _search(values: dict[str, Any], kind: type[Any]) -> SearchRequest[Any]:
    """Raises SCIMException, ValidationError."""
    if any(isinstance(value, str) and len(value) > narrowing.LONGEST for value in values.values()):
        raise InvalidFilterException(detail=f"A filter has {narrowing.LONGEST:,} characters at most, as has a list.")
    search: SearchRequest[Any] = SearchRequest[kind].model_validate(values, scim_ctx=Context.SEARCH_REQUEST)  # type: ignore[valid-type]  # a type at run time
    if search.cursor is not None:
        raise InvalidCursorException(detail="Pages are asked for by startIndex and count here, not by cursor.")
    return search


def _shown(request: ProviderRequest, kind: type[Any]) -> ResponseParameters[Any] | None:
    """Raises ValidationError. None where the request did not choose."""
    chosen = {name: request.GET[name] for name in _PARAMETERS if request.GET.get(name)}
    return ResponseParameters[kind].model_validate(chosen) if chosen else None  # type: ignore[valid-type]  # as above


def _with_people(shown: ResponseParameters[Any]) -> bool:
    """Whether a group's people are asked for: thousands of rows that most requests leave out."""
    if shown.attributes:
        return any(_is_members(path) for path in shown.attributes)
    return not any(str(path).rpartition(":")[2].lower() == "members" for path in shown.excluded_attributes or [])


def _is_members(path: Any) -> bool:
    binding = path.resolve()
    return binding is not None and binding.field_name == "members"


def _expected(request: ProviderRequest) -> Expected:
    return Expected(tags=_tags(request, "If-Match"))


def _tags(request: ProviderRequest, name: str) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in request.headers.get(name, "").split(",") if tag.strip())


def _unless_same(request: ProviderRequest, row: ScimUser | ScimGroup) -> HttpResponse | None:
    if not same(_tags(request, "If-None-Match"), row.version):
        return None
    return HttpResponse(status=_UNCHANGED, headers={"ETag": mapping.etag(row.version)})


def _edit(request: ProviderRequest, kind: type[Any]) -> tuple[Callable[[Any], Any], Context]:
    """What a PUT or a PATCH makes of a resource. Raises SCIMException, ValidationError."""
    sent = body(request)
    if request.method == "PUT":
        wanted = kind.model_validate(sent, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)

        def replaced(present: Any) -> Any:
            wanted.replace(present)
            if isinstance(wanted, resources.User) and wanted.active is None:
                wanted.active = present.active
            return wanted

        return replaced, Context.RESOURCE_REPLACEMENT_RESPONSE
    patch = PatchOp[kind].model_validate(spelled_out(sent), scim_ctx=Context.RESOURCE_PATCH_REQUEST)  # type: ignore[valid-type]  # as above

    def patched(present: Any) -> Any:
        patch.patch(present)
        return present

    return patched, Context.RESOURCE_PATCH_RESPONSE
