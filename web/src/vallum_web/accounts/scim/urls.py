"""Under /scim/v2/, without closing slashes: RFC 7644 has none. What is not here is missing in SCIM's own form."""

from django.urls import path, re_path

from vallum_web.accounts.scim import api

app_name = "scim"
urlpatterns = [
    path("Users", api.users, name="users"),
    path("Users/.search", api.search_users, name="search_users"),
    path("Users/<str:key>", api.user, name="user"),
    path("Groups", api.all_groups, name="groups"),
    path("Groups/.search", api.search_groups, name="search_groups"),
    path("Groups/<str:key>", api.group, name="group"),
    path("ServiceProviderConfig", api.config, name="config"),
    path("Schemas", api.schemas, name="schemas"),
    path("Schemas/<str:key>", api.schemas, name="schema"),
    path("ResourceTypes", api.resource_types, name="resource_types"),
    path("ResourceTypes/<str:key>", api.resource_types, name="resource_type"),
    path("Bulk", api.not_done, name="bulk"),
    path("Me", api.not_done, name="me"),
    path(".search", api.not_done, name="search"),
    re_path(r"^.*$", api.missing, name="missing"),
]
