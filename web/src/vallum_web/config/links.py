"""Which answers hold the ids that another operation asks for: the OpenAPI description's links.

A client can follow them; hostile tests do, so that they reach what only an id leads to.
"""

from collections.abc import Mapping
from typing import Any

_ID, _FIRST = "$response.body#/id", "$response.body#/items/0/id"
_OF_FINDING = (
    "finding_get",
    "finding_places",
    "finding_suppress",
    "finding_lift",
    "finding_assign",
    "finding_check",
    "comments_list",
    "comment_make",
)
_OF_GATE = ("gate_get", "gate_change", "gate_ask", "gate_evaluations", "gate_delete")
_OF_WEBHOOK = ("webhook_get", "webhook_change", "webhook_rotate", "webhook_switch", "webhook_test", "webhook_delete")
_OF_DELIVERY = ("delivery_get", "delivery_again")
_OF_SUPPRESSION = ("suppression_get", "suppression_lift")
_OF_EXPORT = ("export_get", "export_content", "export_delete")
_OF_SCAN = ("scan_get", "scan_coverage")
# By operation: which parameters its answer fills, from where, and the operations that take them.
LINKS: Mapping[str, tuple[tuple[Mapping[str, str], tuple[str, ...]], ...]] = {
    "assets_list": (({"asset_id": _FIRST}, ("asset_get", "asset_change", "asset_own")),),
    "findings_list": (
        ({"finding_id": _FIRST}, _OF_FINDING),
        ({"asset_id": "$response.body#/items/0/asset_id"}, ("asset_get",)),
    ),
    "finding_get": (
        ({"finding_id": _ID}, _OF_FINDING[1:]),
        ({"finding_id": _ID, "identity_id": "$response.body#/identities/0/id"}, ("finding_split",)),
    ),
    "finding_check": (({"scan_id": "$response.body#/scan"}, _OF_SCAN),),
    "finding_suppress": (({"finding_id": _ID}, ("finding_lift", "finding_get")),),
    "finding_lift": (({"finding_id": _ID}, ("finding_suppress", "finding_get")),),
    "comments_list": (({"comment_id": _FIRST}, ("comment_get", "comment_change", "comment_delete")),),
    "comment_make": (({"comment_id": _ID}, ("comment_change", "comment_delete")),),
    "views_list": (({"view_id": _FIRST}, ("view_get", "view_delete")),),
    "view_make": (({"view_id": _ID}, ("view_delete",)),),
    "view_share": (({"view_id": _ID}, ("view_delete",)), ({"shared_id": _ID}, ("view_delete_shared",))),
    "bulk_make": (({"bulk_id": _ID}, ("bulk_get", "bulk_undo")),),
    "suppressions_list": (({"suppression_id": _FIRST}, _OF_SUPPRESSION),),
    "suppression_make": (({"suppression_id": _ID}, _OF_SUPPRESSION),),
    "exports_list": (({"export_id": _FIRST}, _OF_EXPORT),),
    "export_make": (({"export_id": _ID}, _OF_EXPORT),),
    "gates_list": (({"gate_id": _FIRST}, _OF_GATE),),
    "gate_make": (({"gate_id": _ID}, _OF_GATE),),
    "webhooks_list": (({"webhook_id": _FIRST}, _OF_WEBHOOK),),
    "webhook_make": (({"webhook_id": _ID}, _OF_WEBHOOK),),
    "webhook_test": (({"delivery_id": _ID}, _OF_DELIVERY),),
    "deliveries_list": (({"delivery_id": _FIRST}, _OF_DELIVERY),),
    "repository_add": (
        ({"asset_id": "$response.body#/asset"}, ("asset_get", "repository_get", "repository_open", "repository_close")),
    ),
    "scans_list": (({"scan_id": _FIRST}, _OF_SCAN),),
    "scan_request": (({"scan_id": _ID}, _OF_SCAN),),
    "token_make": (({"token_id": _ID}, ("token_get", "token_revoke")),),
    "upload_make": (
        ({"upload_id": _ID}, ("upload_get", "upload_rejected", "upload_read_again")),
        ({"scan_id": "$response.body#/scan"}, _OF_SCAN),
    ),
}


def add(description: dict[str, Any]) -> None:
    """Write the links into the answers that carry them. Raises KeyError for a link whose operation is gone."""
    operations = {o["operationId"]: o for path in description["paths"].values() for o in path.values()}
    for source, links in LINKS.items():
        (good, *_) = [answer for code, answer in operations[source]["responses"].items() if int(code) < 300]
        for parameters, targets in links:
            for target in targets:
                name = f"{target}_by_{'_and_'.join(parameters)}"
                good.setdefault("links", {})[name] = {
                    "operationId": operations[target]["operationId"],
                    "parameters": dict(parameters),
                }
