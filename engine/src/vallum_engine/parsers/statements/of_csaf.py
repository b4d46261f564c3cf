"""CSAF 2.0 and 2.1 (OASIS): the status of products, its `flags` and `threats` for each vulnerability.

https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html, sections 3.2.2 and 3.2.3.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vallum_engine.model.purls import asked
from vallum_engine.model.statement import AFFECTED, FIXED, NOT_AFFECTED, UNDECIDED
from vallum_engine.parsers import vex
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.records import NO_OBJECT
from vallum_engine.parsers.statements.said import said
from vallum_engine.parsers.words import dug, listed, texts
from vallum_engine.sbom.vex import About, Said, Unread

_UNDECIDED = frozenset({"under_investigation", "unknown"})
_MOST_HOPS = 10
"""Products that are a part of a part of … a product."""

_Products = dict[str, About | str]


def read(document: Document) -> tuple[str, Iterator[Said | Unread]]:
    """Who speaks, and what they say."""
    return str(dug(document.json, "document", "publisher", "name") or ""), _statements(document.json)


def _statements(held: Mapping[str, Any]) -> Iterator[Said | Unread]:
    products, groups = _products(held.get("product_tree")), _groups(held.get("product_tree"))
    issued = dug(held, "document", "tracking", "current_release_date")
    for index, told in enumerate(listed(held.get("vulnerabilities"))):
        at = f"vulnerabilities[{index}]"
        if not isinstance(told, dict):
            yield Unread(at=at, why=NO_OBJECT)
            continue
        ids = texts([told.get("cve"), *(dug(other, "text") for other in listed(told.get("ids")))])
        flags = _by_product(told.get("flags"), "label", groups)
        words = _by_product(told.get("threats"), "details", groups)
        statuses = told.get("product_status")
        for name, listing in statuses.items() if isinstance(statuses, dict) else ():
            status = _status(str(name))
            for product in texts(listed(listing)) if status else ():
                yield from said(
                    f"{at}.product_status.{name}",
                    ids,
                    status,
                    (products.get(product) or "it names a product that the document does not hold",),
                    justification=flags.get(product) if status == NOT_AFFECTED else "",
                    words=words.get(product),
                    moment=issued,
                )


def _status(name: str) -> str:
    """Of VEX; empty for what says nothing of a product (`recommended`)."""
    if name in _UNDECIDED:
        return UNDECIDED
    if name in vex.DENIED:
        return NOT_AFFECTED
    if name in vex.ENDED:
        return FIXED
    return AFFECTED if name in vex.OPEN else ""


def _by_product(told: Any, key: str, groups: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The first that is said of each product."""
    found: dict[str, str] = {}
    for each in listed(told):
        named = texts(listed(dug(each, "product_ids")))
        grouped = (product for group in texts(listed(dug(each, "group_ids"))) for product in groups.get(group, ()))
        for product in (*named, *grouped):
            found.setdefault(product, str(dug(each, key) or ""))
    return found


def _groups(tree: Any) -> dict[str, tuple[str, ...]]:
    return {
        str(dug(group, "group_id") or ""): texts(listed(dug(group, "product_ids")))
        for group in listed(dug(tree, "product_groups"))
    }


def _products(tree: Any) -> _Products:
    """By product id: what it is. A part of another product is known by its own package URL."""
    named = {id_: names for id_, names in _named(tree) if id_}
    found: _Products = {id_: About(package=_purl(names), itself=names) for id_, names in named.items()}
    parts = {
        str(dug(each, "full_product_name", "product_id") or ""): each for each in listed(dug(tree, "relationships"))
    }
    for id_, relation in parts.items():
        own = (id_, *texts(dug(relation, "full_product_name", "name")))
        purl = _purl(_identified(dug(relation, "full_product_name")))
        part, hops = relation, 0
        while purl is None and hops < _MOST_HOPS:
            reference = str(dug(part, "product_reference") or "")
            purl, part, hops = _purl(named.get(reference, ())), parts.get(reference), hops + 1
        whole = str(dug(relation, "relates_to_product_reference") or "")
        inside = texts([*own, whole, *named.get(whole, ())])
        found[id_] = About(package=purl, part_of=inside) if purl else About(itself=own)
    return found


def _named(tree: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    pending = [*listed(dug(tree, "full_product_names"))]
    branches = [*listed(dug(tree, "branches"))]
    while branches:
        branch = branches.pop()
        pending.append(dug(branch, "product"))
        branches += listed(dug(branch, "branches"))
    for product in pending:
        id_ = str(dug(product, "product_id") or "")
        yield id_, texts([*_identified(product), dug(product, "name"), id_])


def _identified(product: Any) -> tuple[str, ...]:
    helper = dug(product, "product_identification_helper")
    return texts([dug(helper, "purl"), *listed(dug(helper, "purls")), dug(helper, "cpe")])


def _purl(names: Iterable[str]) -> Any:
    return next((found for name in names if (found := asked(name))), None)
