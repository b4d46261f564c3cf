"""Microsoft Defender for Endpoint: vulnerabilities by machine as its API lists them, alone or zipped with the machines."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import UNRATED, dug, listed, place, severity

_KEYS = frozenset({"cveId", "machineId", "productName"})
_FOLDERS = ("machines/", "vulnerabilities/")
# How the service's hosts are called, in the context of an answer without entries.
_HOSTS = ("securitycenter.", ".security.microsoft.")


def recognises(document: Document) -> bool:
    value = document.json
    if isinstance(value, dict) and "@odata.context" in value:
        if value.get("value") == []:
            return any(host in str(value["@odata.context"]) for host in _HOSTS)
        return leading(value.get("value")).keys() >= _KEYS
    return all(any(name.startswith(folder) for name in document.members) for folder in _FOLDERS)


def records(document: Document) -> Iterator[Record]:
    if not document.members:
        yield from each(document.json["value"], "value", partial(_vulnerability, {}))
        return
    parts = {name: Document(data, name).json for name, data in document.members.items() if name.endswith(".json")}
    machines = {
        str(machine.get("id")): machine
        for name, part in parts.items()
        if name.startswith(_FOLDERS[0])
        for machine in listed(dug(part, "value"))
        if isinstance(machine, dict)
    }
    for name, part in sorted(parts.items()):
        if not name.startswith(_FOLDERS[0]):
            if not isinstance(part, dict):
                yield Rejected(at=name, why="it is no JSON of the service")
                continue
            yield from each(part.get("value"), f"{name}: value", partial(_vulnerability, machines))


def _vulnerability(machines: Mapping[str, Any], at: str, item: Mapping[str, Any]) -> Record:
    known, name = str(item.get("cveId") or ""), str(item.get("productName") or "")
    if not known or not name:
        return Rejected(at=at, why="it names no vulnerability or no product")
    vendor, version = str(item.get("productVendor") or ""), str(item.get("productVersion") or "")
    fix = item.get("fixingKbId")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=known,
        title=f"{name}: {known}",
        severity=severity(item.get("severity"), UNRATED),
        confidence=Confidence.HIGH,
        message=f"{known} in {vendor} {name} {version}.",
        locations=_machine(str(item.get("machineId") or ""), machines),
        component=Component(ecosystem="", name=f"{vendor}/{name}" if vendor else name, version=version),
        ids=(known,),
        steps=(f"Install KB{fix}.",) if fix else (),
    )


def _machine(machine_id: str, machines: Mapping[str, Any]) -> tuple[Location, ...]:
    machine = machines.get(machine_id) or {}
    return place(machine.get("computerDnsName") or machine.get("lastIpAddress") or machine_id)


FORMAT = Format(
    id="ms-defender",
    title="Microsoft Defender for Endpoint",
    docs="https://learn.microsoft.com/en-us/defender-endpoint/api/get-all-vulnerabilities-by-machines",
    recognises=recognises,
    records=records,
)
