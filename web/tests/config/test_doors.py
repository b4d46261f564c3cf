"""What a page does, the API does: each page that takes something names its operation here, or why it has none."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from vallum_web.accounts import matrix
from vallum_web.config.api import api

# By the page's name: the operations that do the same.
SAME = {
    "assets:change": ["asset_change"],
    "assets:own": ["asset_own"],
    "accounts:make_token": ["token_make"],
    "accounts:revoke_token": ["token_revoke"],
    "billing:cancel": ["subscription_cancel"],
    "billing:period": ["subscription_change"],
    "billing:resume": ["subscription_resume"],
    "billing:seats": ["subscription_change"],
    "billing:subscribe": ["subscription_begin"],
    "billing:withdraw": ["subscription_withdraw"],
    "findings:assign": ["finding_assign"],
    "findings:bulk": ["bulk_make"],
    "findings:bulk_undo": ["bulk_undo"],
    "findings:change_due_rules": ["due_rules_change", "due_rules_try"],
    "findings:change_keeping": ["retention_change"],
    "findings:check": ["finding_check"],
    "findings:comment": ["comment_make"],
    "findings:delete_comment": ["comment_delete"],
    "findings:delete_shared_view": ["view_delete_shared"],
    "findings:delete_view": ["view_delete"],
    "findings:edit_comment": ["comment_change"],
    "findings:lift": ["finding_lift"],
    "findings:lift_suppression": ["suppression_lift"],
    "findings:new_suppression": ["suppression_make"],
    "findings:save_view": ["view_make"],
    "findings:share_view": ["view_share"],
    "findings:split": ["finding_split"],
    "findings:suppress": ["finding_suppress"],
    "findings:undo": ["finding_lift"],
    "gates:delete": ["gate_delete"],
    "gates:edit": ["gate_change"],
    "gates:new": ["gate_make"],
    "gates:ready": ["gate_make"],
    "ingest:again": ["upload_read_again"],
    "ingest:report": ["upload_make"],
    "notify:delete_webhook": ["webhook_delete"],
    "notify:edit_webhook": ["webhook_change"],
    "notify:new_webhook": ["webhook_make"],
    "notify:rotate_webhook": ["webhook_rotate"],
    "notify:send_again": ["delivery_again"],
    "notify:switch_webhook": ["webhook_switch"],
    "notify:test_webhook": ["webhook_test"],
    "reports:delete": ["export_delete"],
    "reports:make": ["export_make"],
    "repositories:add": ["repository_add"],
    "repositories:credential": ["repository_open"],
    "repositories:remove_credential": ["repository_close"],
    "scans:scan_now": ["scan_request"],
    "scans:switch_live_checks": ["live_checks_switch"],
}
_ARCHIVE = "a machine that holds the source scans it and sends the report (`vallum scan --upload`)"
_PEOPLE = "people come and go by their own hand, or by a provider's (`/scim/v2/`)"
_OWNERS = "an owner's decision about who comes in: made signed in, with a second step"
_WHAT_IT_WAS = "a token that is suspended must not be able to say that it was its owners"
_RULES = "what a rule would have told is seen beside it, before it is made"
_LEAVING = "an organization is deleted by an owner, signed in, with a second step"
_EVERYTHING = "a copy of everything is asked for and fetched by a person who shows that it is them"
APART = {
    "abuse:choose": _WHAT_IT_WAS,
    "abuse:close": _WHAT_IT_WAS,
    "erasure:delete_org": _LEAVING,
    "notify:new_rule": _RULES,
    "notify:rule": _RULES,
    "notify:delete_rule": _RULES,
    "notify:new_own_rule": _RULES,
    "notify:own_rule": _RULES,
    "notify:delete_own_rule": _RULES,
    "billing:take_back": "an order that is not carried out yet is taken back where it was given, on the page",
    "billing:trial": "a trial is begun once, by a person who reads what it includes",
    "findings:preview_comment": "nothing is kept: how a text will look is a page's own matter",
    "repositories:upload": _ARCHIVE,
    "repositories:replace": _ARCHIVE,
    "accounts:audit_export": "the same entries are read in pages (`GET /api/v1/audit`), hashes included",
    "accounts:invite": _PEOPLE,
    "accounts:withdraw": _PEOPLE,
    "accounts:change_role": _PEOPLE,
    "accounts:remove_member": _PEOPLE,
    "accounts:leave": _PEOPLE,
    "accounts:make_team": _PEOPLE,
    "accounts:rename_team": _PEOPLE,
    "accounts:delete_team": _PEOPLE,
    "accounts:put_in_team": _PEOPLE,
    "accounts:take_out_of_team": _PEOPLE,
    "accounts:rename": _OWNERS,
    "accounts:transfer": _OWNERS,
    "accounts:end_staff": _OWNERS,
    "accounts:connect_provider": _OWNERS,
    "accounts:settle_provisioning": _OWNERS,
    "accounts:disconnect_provider": _OWNERS,
    "accounts:ask_for_two_step": _OWNERS,
    "accounts:no_longer_ask_for_two_step": _OWNERS,
    "accounts:rotate_keys": _OWNERS,
    "privacy_org:make_copy": _EVERYTHING,
    "privacy_org:delete_copy": _EVERYTHING,
    "suspensions:appeal": "who is suspended objects in their own words, signed in: a machine has none",
}
APART_BELOW = {"settings/sso/": _OWNERS}
# Where a page names another action than its operation: who may is the same.
UNDER_ANOTHER = {"reports:make", "reports:delete"}


def pages(resolver=None, prefix="", space=""):
    for item in (resolver or get_resolver()).url_patterns:
        path = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from pages(item, path, f"{item.namespace}:" if item.namespace else space)
        elif isinstance(item, URLPattern) and path.startswith("<slug:org>/"):
            yield f"{space}{item.name}", path.removeprefix("<slug:org>/"), item


def takes_something(item):
    """Whether a POST gets further than to be told that there is nothing to send."""
    request = RequestFactory().post("/", HTTP_HOST="localhost")
    request.user = AnonymousUser()
    given = {name: "acme" if name == "org" else uuid4() for name in item.pattern.converters}
    return item.callback(request, **{"org": "acme", **given}).status_code != 405


TAKING = {name: (path, item) for name, path, item in pages() if takes_something(item)}
OPERATIONS = {
    operation.view_func.__name__: operation.view_func.action
    if hasattr(operation.view_func, "action")
    else "scans.start"
    for _, router in api._routers
    for view in router.path_operations.values()
    for operation in view.operations
}


def test_each_page_that_takes_something_has_its_operation_or_a_reason():
    below = {name for name, (path, _) in TAKING.items() if path.startswith(tuple(APART_BELOW))}
    assert len(TAKING) > 40
    assert below
    assert sorted(TAKING.keys() - SAME.keys() - APART.keys() - below) == []
    assert sorted((SAME.keys() | APART.keys()) - TAKING.keys()) == []
    assert not SAME.keys() & APART.keys()


@pytest.mark.parametrize("page", sorted(SAME))
def test_who_may_on_the_page_may_over_the_api(page):
    on_the_page = matrix.action(TAKING[page][1].callback.action)
    for operation in SAME[page]:
        over_the_api = matrix.action(OPERATIONS[operation])
        assert over_the_api.roles == on_the_page.roles
        assert page in UNDER_ANOTHER or over_the_api.id == on_the_page.id
