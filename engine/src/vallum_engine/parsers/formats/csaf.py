"""CSAF 2.0 and 2.1 (OASIS): a maker's advisory, or its VEX: the status of products for each vulnerability."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers import vex
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.inventory import component
from vallum_engine.parsers.records import NO_OBJECT
from vallum_engine.parsers.words import UNRATED, cwes, dug, first_line, listed, of_score, severity, texts, vector

_VERSION = "product_version"


def recognises(document: Document) -> bool:
    return bool(dug(document.json, "document", "csaf_version"))


def records(document: Document) -> Iterator[Record]:
    products = _products(document.json.get("product_tree"))
    for index, item in enumerate(listed(document.json.get("vulnerabilities"))):
        at = f"vulnerabilities[{index}]"
        statuses = dug(item, "product_status")
        if not isinstance(item, dict):
            yield Rejected(at=at, why=NO_OBJECT)
        elif not isinstance(statuses, dict):
            yield Rejected(at=at, why="it says nothing of products (`product_status`)")
        else:
            for status, ids in statuses.items():
                for number, product in enumerate(listed(ids)):
                    where = f"{at}.product_status.{status}[{number}]"
                    yield from _record(where, item, str(status), str(product), products)


def _products(tree: Any) -> dict[str, Component]:
    """By product id: of the branches, of the list beside them, and those that are part of others."""
    found: dict[str, Component] = {}
    pending = [(branch, "", "") for branch in listed(dug(tree, "branches"))]
    while pending:
        branch, name, version = pending.pop()
        category = dug(branch, "category")
        name = str(dug(branch, "name") or "") if category == "product_name" else name
        version = str(dug(branch, "name") or "") if category == _VERSION else version
        _add(found, dug(branch, "product"), name, version)
        pending += [(child, name, version) for child in listed(dug(branch, "branches"))]
    for product in listed(dug(tree, "full_product_names")):
        _add(found, product, "", "")
    for relation in listed(dug(tree, "relationships")):
        # The part is what is vulnerable; where it is known by its package URL, it is that package.
        part = found.get(str(dug(relation, "product_reference")))
        product = dug(relation, "full_product_name")
        _add(found, product, "", "")
        if part and part.purl and (id_ := dug(product, "product_id")):
            found[str(id_)] = part
    return found


def _add(found: dict[str, Component], product: Any, name: str, version: str) -> None:
    id_ = dug(product, "product_id")
    if not id_:
        return
    helper = dug(product, "product_identification_helper")
    purl = dug(helper, "purl") or next(iter(texts(dug(helper, "purls"))), "")
    full = str(dug(product, "name") or id_)
    found[str(id_)] = component(purl, name or full, version if name else "")


def _record(
    at: str, item: Mapping[str, Any], status: str, product: str, products: Mapping[str, Component]
) -> Iterator[Record]:
    if status == "recommended":  # names a version to move to: no statement of its own
        return
    if status in vex.ENDED:
        yield Passed(at=at)
    elif status not in vex.OPEN | vex.DENIED:
        yield Rejected(at=at, why=f"“{first_line(status, 60)}” is no status that says something of a product")
    else:
        yield _sighting(at, item, status, (product, products.get(product) or Component(ecosystem="", name=product)))


def _sighting(at: str, item: Mapping[str, Any], status: str, about: tuple[str, Component]) -> Record:
    product, of = about
    ids = texts([item.get("cve"), *(dug(other, "text") for other in listed(item.get("ids")))])
    title = first_line(item.get("title") or next(iter(ids), ""))
    if not title:
        return Rejected(at=at, why="it names no vulnerability (`cve`, `ids` or `title`)")
    notes = [dug(note, "text") for note in listed(item.get("notes"))]
    said = [dug(t, "details") for t in listed(item.get("threats")) if _is_about(t, product)]
    rated, scored = _rated(item, product)
    flags = [dug(flag, "label") for flag in listed(item.get("flags")) if _is_about(flag, product)]
    fixes = [dug(fix, "details") for fix in listed(item.get("remediations")) if _is_about(fix, product)]
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=next(iter(ids), title),
        title=f"{of.name}: {title}",
        severity=rated,
        confidence=Confidence.MEDIUM if status == "under_investigation" else Confidence.HIGH,
        message="\n\n".join(texts([*notes, *said])) or title,
        component=of,
        ids=ids,
        cwes=cwes(dug(item, "cwe", "id"), *(dug(weakness, "id") for weakness in listed(item.get("cwes")))),
        cvss=scored,
        evidence=": ".join(texts([status, *flags])),
        steps=texts(fixes),
        references=texts([dug(reference, "url") for reference in listed(item.get("references"))]),
        mark=vex.mark(status),
    )


def _is_about(told: Any, product: str) -> bool:
    """Without a list of products it is about all."""
    ids = texts(dug(told, "product_ids") or dug(told, "products"))
    return not ids or product in ids


def _rated(item: Mapping[str, Any], product: str) -> tuple[Severity, str]:
    """2.0 says `scores`, 2.1 `metrics` with a `content`."""
    told = [score for score in listed(item.get("scores")) if _is_about(score, product)]
    told += [dug(metric, "content") for metric in listed(item.get("metrics")) if _is_about(metric, product)]
    scores = [dug(score, key) for score in told for key in ("cvss_v4", "cvss_v3")]
    best = next((score for score in scores if isinstance(score, dict)), {})
    by_number = of_score(best.get("baseScore"), UNRATED)
    return severity(best.get("baseSeverity"), by_number), vector(*(dug(score, "vectorString") for score in scores))


def tool(document: Document) -> str:
    engine = dug(document.json, "document", "tracking", "generator", "engine")
    return f"{dug(engine, 'name') or ''} {dug(engine, 'version') or ''}".strip()


FORMAT = Format(
    id="csaf",
    title="CSAF",
    docs="https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html",
    recognises=recognises,
    records=records,
    tool=tool,
)
