"""Which answers hold the id that another operation asks for: the OpenAPI description's links.

A client can follow them; hostile tests do, so that they reach what only an id leads to.
"""

from typing import Any

_ID, _FIRST = "$response.body#/id", "$response.body#/items/0/id"
_OF_GATE = ("gate_get", "gate_change", "gate_ask", "gate_evaluations", "gate_delete")
# By operation: where in its answer the id lies, the parameter it fills, and the operations that take it.
LINKS: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "assets_list": ((_FIRST, "asset_id", ("asset_get",)),),
    "findings_list": (
        (_FIRST, "finding_id", ("finding_get", "finding_places", "finding_suppress", "finding_lift")),
        ("$response.body#/items/0/asset_id", "asset_id", ("asset_get",)),
    ),
    "finding_get": ((_ID, "finding_id", ("finding_places", "finding_suppress", "finding_lift")),),
    "finding_suppress": ((_ID, "finding_id", ("finding_lift", "finding_get")),),
    "finding_lift": ((_ID, "finding_id", ("finding_suppress", "finding_get")),),
    "gates_list": ((_FIRST, "gate_id", _OF_GATE),),
    "gate_make": ((_ID, "gate_id", _OF_GATE),),
    "repository_add": (("$response.body#/asset", "asset_id", ("asset_get",)),),
    "exports_list": ((_FIRST, "export_id", ("export_get", "export_content", "export_delete")),),
    "export_make": ((_ID, "export_id", ("export_get", "export_content", "export_delete")),),
    "scans_list": ((_FIRST, "scan_id", ("scan_get", "scan_coverage")),),
    "scan_request": ((_ID, "scan_id", ("scan_get", "scan_coverage")),),
    "token_make": ((_ID, "token_id", ("token_revoke",)),),
    "upload_make": (
        (_ID, "upload_id", ("upload_get", "upload_rejected", "upload_read_again")),
        ("$response.body#/scan", "scan_id", ("scan_get", "scan_coverage")),
    ),
}


def add(description: dict[str, Any]) -> None:
    """Write the links into the answers that carry them. Raises KeyError for a link whose operation is gone."""
    operations = {o["operationId"]: o for path in description["paths"].values() for o in path.values()}
    for source, links in LINKS.items():
        (good, *_) = [answer for code, answer in operations[source]["responses"].items() if int(code) < 300]
        for expression, parameter, targets in links:
            for target in targets:
                good.setdefault("links", {})[f"{target} by {parameter}".replace(" ", "_")] = {
                    "operationId": operations[target]["operationId"],
                    "parameters": {parameter: expression},
                }
