"""Kubescape's JSON (format version v2): resources, each with the controls that were checked on it."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import dug, first_line, listed, of_score, place, texts

_EXCEPTED = "w/exceptions"
# What a rule points at in a resource, and how to say it.
_HINTS = (("failedPath", "Look at"), ("reviewPath", "Look at"), ("deletePath", "Remove"), ("fixCommand", "Run"))


def recognises(document: Document) -> bool:
    return isinstance(document.json, dict) and {"summaryDetails", "results"} <= document.json.keys()


def records(document: Document) -> Iterator[Record]:
    value = document.json
    resources = {str(r.get("resourceID")): r for r in listed(value.get("resources")) if isinstance(r, dict)}
    known = dug(value, "summaryDetails", "controls")
    controls = known if isinstance(known, dict) else {}
    for number, result in enumerate(listed(value["results"])):
        at = f"results[{number}]"
        if not isinstance(result, dict):
            yield Rejected(at=at, why=NO_OBJECT)
            continue
        name = str(result.get("resourceID") or "")
        resource = resources.get(name) or {}
        make = partial(_control, controls, _names(name, resource))
        yield from each(result.get("controls"), f"{at}.controls", make)


def _names(resource_id: str, resource: Mapping[str, Any]) -> tuple[str, str]:
    """What the resource is called, and the file it was read from, if any."""
    described = resource.get("object")
    kind = dug(described, "kind")
    name, namespace = dug(described, "metadata", "name"), dug(described, "metadata", "namespace")
    # `path=<number>/api=apps/v1/<namespace>/<kind>/<name>`: the number is a hash of a path of that machine.
    spoken = resource_id.partition("/api=")[2] or resource_id
    own = "/".join(str(part) for part in (namespace, kind, name) if part) if kind and name else spoken
    source = dug(resource, "source", "relativePath") or dug(described, "sourcePath")
    return own, str(source or "").rpartition(":")[0] or str(source or "")


def _control(controls: Mapping[str, Any], names: tuple[str, str], at: str, control: Mapping[str, Any]) -> Record:
    status = dug(control, "status", "status")
    excepted = dug(control, "status", "subStatus") == _EXCEPTED
    if status != "failed" and not excepted:
        # Skipped: it does not apply, or a person has to look: nothing is said to be wrong.
        return Passed(at=at) if status in {"passed", "skipped"} else Rejected(at=at, why="it has no known status")
    resource, file = names
    name = str(control.get("name") or "")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(control.get("controlID") or ""),
        title=first_line(name),
        severity=of_score(
            dug(controls, str(control.get("controlID")), "scoreFactor") or control.get("scoreFactor") or 5
        ),
        confidence=Confidence.HIGH,
        message=f"{resource}: {name}",
        locations=place(file or resource),
        evidence=resource,
        steps=texts(list(_steps(control))),
        anchor=(resource,),
        mark=Mark.SUPPRESSED if excepted else Mark.NONE,
    )


def _steps(control: Mapping[str, Any]) -> Iterator[str]:
    for rule in listed(control.get("rules")):
        for hint in listed(dug(rule, "paths")):
            if path := dug(hint, "fixPath", "path"):
                yield f"Set {path} to {dug(hint, 'fixPath', 'value')}"
            for key, verb in _HINTS:
                if value := dug(hint, key):
                    yield f"{verb} {value}"


def tool(document: Document) -> str:
    return str(dug(document.json, "metadata", "scanMetadata", "kubescapeVersion") or "")


FORMAT = Format(
    id="kubescape",
    title="Kubescape",
    docs="https://kubescape.io/docs/",
    recognises=recognises,
    records=records,
    tool=tool,
)
