"""What a scan says of vulnerabilities in packages, as VEX: for who uses what was scanned, and for other scanners.

Only what somebody stated is a verdict: by an ignore, or in a VEX document that was applied. Whatever else was found, hidden or not, is
under investigation. A package URL says nothing of files: where a part of a package's places is ignored, the places that show speak.
"""

import json
from collections.abc import Iterable
from typing import Any

from vallum_engine.digests import blake2b
from vallum_engine.errors import NothingToState
from vallum_engine.model import plain
from vallum_engine.model.finding import Finding, Kind
from vallum_engine.model.naming import generic
from vallum_engine.model.report import Report
from vallum_engine.model.statement import HIDING, UNDECIDED, Statement
from vallum_engine.sbom import cyclonedx_vex, openvex
from vallum_engine.values import immutable, replace

Json = dict[str, Any]
_WHOLE = "scanned"
"""What CycloneDX calls what was scanned, within the document."""


@immutable
class _Stated:
    finding: Finding
    said: Statement


def render_openvex(report: Report, *, at: str, author: str = "") -> bytes:
    """A statement for each vulnerability in a package. `at` is the time of writing, RFC 3339 in UTC. Raises NothingToState."""
    statements = [
        openvex.statement(
            stated.said, names=_names(stated.finding), products=[openvex.product(_purl(stated.finding, report))]
        )
        for stated in _stated(report, at)
    ]
    if not statements:
        raise NothingToState(
            "No vulnerability was found, and an OpenVEX document without a statement is none: ask for --format cyclonedx-vex."
        )
    head = openvex.head(identifier=_identifier(statements), author=author or _name(report), at=at)
    return _written({**head, "statements": statements})


def render_cyclonedx(report: Report, *, at: str, author: str = "") -> bytes:
    """The vulnerabilities and the packages that have them, as CycloneDX 1.6. `at` as above."""
    stated = _stated(report, at)
    body = {
        "components": [
            cyclonedx_vex.component(ref, facts) for ref, facts in _packages(each.finding for each in stated).items()
        ],
        "vulnerabilities": [cyclonedx_vex.vulnerability(_told(each)) for each in stated],
    }
    metadata = {
        "timestamp": at,
        **({"authors": [{"name": author}]} if author else {}),
        "component": {"type": "application", "bom-ref": _WHOLE, "name": _name(report)},
    }
    return _written({**cyclonedx_vex.head(identifier=_identifier(body), metadata=metadata), **body})


def _stated(report: Report, at: str) -> list[_Stated]:
    """One for each vulnerability of a package, in the order of their names. Of several the one that hides least speaks."""
    found: dict[tuple[str, str], _Stated] = {}
    shown = [(finding, finding.statement) for finding in report.findings]
    hidden = [(finding, finding.statement) for finding in report.suppressed]
    for finding, said in (*shown, *sorted(hidden, key=lambda each: bool(each[1] and each[1].status in HIDING))):
        if finding.kind is Kind.VULNERABILITY:
            statement = said or Statement(status=UNDECIDED, words=finding.reason)
            statement = replace(statement, at=statement.at or at)
            found.setdefault((finding.rule, _purl(finding, report)), _Stated(finding=finding, said=statement))
    return [found[key] for key in sorted(found)]


def _names(finding: Finding) -> tuple[str, ...]:
    return openvex.names(finding.rule, [{"id": each.id, "aliases": each.aliases} for each in finding.advisories])


def _purl(finding: Finding, report: Report) -> str:
    """The package's URL; of one that has none a generic one, and where no package is named, of what was scanned."""
    if finding.package is None:
        return generic(_name(report))
    return finding.package.purl or generic(finding.package.name, finding.package.version)


def _name(report: Report) -> str:
    return report.target.get("name") or report.target.get("image") or "unnamed"


def _packages(findings: Iterable[Finding]) -> dict[str, Json]:
    """By reference, sorted."""
    told = {_ref(finding): plain.from_package_ref(finding.package) for finding in findings if finding.package}
    return dict(sorted(told.items()))


def _ref(finding: Finding) -> str:
    if finding.package is None:
        return _WHOLE
    return finding.package.purl or f"{finding.package.name}@{finding.package.version}"


def _told(stated: _Stated) -> cyclonedx_vex.Told:
    finding = stated.finding
    return cyclonedx_vex.Told(
        ref=f"{finding.rule}/{_ref(finding)}",
        rule=finding.rule,
        title=finding.title,
        message=finding.message,
        severity=finding.severity.value,
        facts=plain.from_finding(finding),
        analysis=cyclonedx_vex.analysis(stated.said),
        affects=_ref(finding),
        properties={"vallum:fingerprint": finding.fingerprint},
    )


def _identifier(body: object) -> str:
    """A UUID of version 8 (RFC 9562) that is the same for the same statements."""
    made = bytearray(blake2b(_written(body), digest_size=16).digest())
    made[6] = made[6] & 0x0F | 0x80
    made[8] = made[8] & 0x3F | 0x80
    digits = made.hex()
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _written(document: object) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
