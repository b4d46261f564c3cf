"""SSLyze's results, in JSON (version 3 and after) and in XML (before): each test of each server is a record."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_port
from vallum_engine.parsers.sslyze_xml import targets as of_xml
from vallum_engine.parsers.words import dug, first_line, listed
from vallum_engine.values import immutable

_CIPHERS = "_cipher_suites"
_DEPRECATED = {
    "ssl_2_0": ("SSL 2.0", Severity.HIGH),
    "ssl_3_0": ("SSL 3.0", Severity.HIGH),
    "tls_1_0": ("TLS 1.0", Severity.MEDIUM),
    "tls_1_1": ("TLS 1.1", Severity.MEDIUM),
}
# RFC 9325 §4.1: no encryption, no authentication, keys or blocks that are too short, RC4.
_WEAK = ("_NULL_", "EXPORT", "_anon_", "RC4", "_DES_", "3DES", "_DES40_", "_IDEA_", "_RC2_", "_MD5")


@immutable
class _Flaw:
    """What a test found, in words."""

    title: str
    severity: Severity
    ids: tuple[str, ...] = ()
    evidence: str = ""


_Judge = Callable[[Mapping[str, Any]], _Flaw | None]


def recognises(document: Document) -> bool:
    if document.xml is not None:
        return document.xml.tag == "document" and "SSLyzeVersion" in document.xml.attrib
    value = document.json
    return isinstance(value, dict) and "sslyze_version" in value and isinstance(value.get("server_scan_results"), list)


def records(document: Document) -> Iterator[Record]:
    found = of_xml(document.xml) if document.xml is not None else _of_json(document.json)
    for at, locations, results in found:
        if isinstance(results, str):
            yield Rejected(at=at, why=results)
            continue
        for name, result in results.items():
            yield from _test(f"{at}.{name}", name, locations, result)


def _of_json(value: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Location, ...], Mapping[str, Any] | str]]:
    """Where each server stands, where it is, and by test the result, or an error as text; or why there is none of it."""
    for index, error in enumerate(listed(value.get("server_connectivity_errors"))):
        yield f"server_connectivity_errors[{index}]", (), f"no connection: {dug(error, 'error_message') or 'unknown'}"
    for index, server in enumerate(value["server_scan_results"]):
        at = f"server_scan_results[{index}]"
        place = dug(server, "server_location") or dug(server, "server_info", "server_location")
        locations = at_port(dug(place, "hostname") or dug(place, "ip_address"), dug(place, "port"), "tcp")
        if dug(server, "connectivity_status") == "ERROR":
            yield at, locations, "no connection"
            continue
        old, new = dug(server, "scan_commands_results"), dug(server, "scan_result")
        if not locations or not isinstance(old or new, dict):
            yield at, locations, "it has no address or no results"
            continue
        failed = dug(server, "scan_commands_errors")
        errors = dict.fromkeys(failed, "it could not be tested") if isinstance(failed, dict) else {}
        yield at, locations, {**(old or {name: _outcome(test) for name, test in new.items()}), **errors}


def _outcome(test: Any) -> Any:
    """Of a test: its result, an error as text, or None for one that was not asked for."""
    if dug(test, "status") == "ERROR":
        return f"it could not be tested: {dug(test, 'error_reason') or 'unknown'}"
    return dug(test, "result")


def _test(at: str, name: str, locations: tuple[Location, ...], result: Any) -> Iterator[Record]:
    judge = _JUDGES.get(name)
    if judge is None or result is None:
        return
    if not isinstance(result, dict):
        yield Rejected(at=at, why=str(result))
        return
    flaw = judge(result)
    if flaw is None:
        yield Passed(at=at)
        return
    yield Sighting(
        at=at,
        kind=Kind.VULNERABILITY if flaw.ids else Kind.MISCONFIGURATION,
        rule=name,
        title=flaw.title,
        severity=flaw.severity,
        confidence=Confidence.HIGH,
        message=f"{flaw.title}." + (f" {flaw.evidence}" if flaw.evidence else ""),
        locations=locations,
        ids=flaw.ids,
        evidence=first_line(flaw.evidence),
        references=tuple(f"https://nvd.nist.gov/vuln/detail/{id_}" for id_ in flaw.ids),
    )


def _says(key: str, flaw: _Flaw) -> _Judge:
    return lambda result: flaw if result.get(key) is True else None


def _renegotiation(result: Mapping[str, Any]) -> _Flaw | None:
    if result.get("supports_secure_renegotiation") is False:
        return _Flaw(title="Renegotiation is insecure", severity=Severity.MEDIUM, ids=("CVE-2009-3555",))
    if result.get("accepts_client_renegotiation") or result.get("is_vulnerable_to_client_renegotiation_dos"):
        return _Flaw(title="Clients can renegotiate, which wears the server out", severity=Severity.MEDIUM)
    return None


def _robot(result: Mapping[str, Any]) -> _Flaw | None:
    word = str(result.get("robot_result") or "")
    if not word.startswith("VULNERABLE"):
        return None
    return _Flaw(title="Open to ROBOT", severity=Severity.HIGH, ids=("CVE-2017-13099",), evidence=word)


def _certificate(result: Mapping[str, Any]) -> _Flaw | None:
    """By the worst that can be said of any certificate that is deployed."""
    for deployment in listed(result.get("certificate_deployments")):
        # Version 3 does not say that a path is valid: it shows the chain that is.
        paths = [
            dug(path, "was_validation_successful") or dug(path, "verified_certificate_chain")
            for path in listed(dug(deployment, "path_validation_results"))
        ]
        if paths and not any(paths):
            return _Flaw(title="No trust store accepts the certificate", severity=Severity.MEDIUM)
        if dug(deployment, "leaf_certificate_subject_matches_hostname") is False:
            return _Flaw(title="The certificate is of another name", severity=Severity.MEDIUM)
        if dug(deployment, "verified_chain_has_sha1_signature") is True:
            return _Flaw(title="The certificate is signed with SHA-1", severity=Severity.MEDIUM)
    return None


def _accepted(result: Mapping[str, Any]) -> list[str]:
    names = (dug(suite, "cipher_suite", "name") for suite in listed(result.get("accepted_cipher_suites")))
    return sorted(str(name) for name in names if name)


def _old(title: str, severity: Severity) -> _Judge:
    def judge(result: Mapping[str, Any]) -> _Flaw | None:
        accepted = _accepted(result)
        return _Flaw(title=f"{title} is offered", severity=severity, evidence=", ".join(accepted)) if accepted else None

    return judge


def _current(title: str) -> _Judge:
    def judge(result: Mapping[str, Any]) -> _Flaw | None:
        weak = [name for name in _accepted(result) if any(part in name for part in _WEAK)]
        if not weak:
            return None
        return _Flaw(title=f"Weak ciphers with {title}", severity=Severity.MEDIUM, evidence=", ".join(weak))

    return judge


_JUDGES: Mapping[str, _Judge] = {
    "heartbleed": _says(
        "is_vulnerable_to_heartbleed",
        _Flaw(title="Open to Heartbleed", severity=Severity.CRITICAL, ids=("CVE-2014-0160",)),
    ),
    "openssl_ccs_injection": _says(
        "is_vulnerable_to_ccs_injection",
        _Flaw(title="Open to CCS injection", severity=Severity.HIGH, ids=("CVE-2014-0224",)),
    ),
    "tls_compression": _says(
        "supports_compression",
        _Flaw(title="TLS compression is on (CRIME)", severity=Severity.MEDIUM, ids=("CVE-2012-4929",)),
    ),
    "session_renegotiation": _renegotiation,
    "robot": _robot,
    "certificate_info": _certificate,
    **{name + _CIPHERS: _old(*known) for name, known in _DEPRECATED.items()},
    "tls_1_2_cipher_suites": _current("TLS 1.2"),
    "tls_1_3_cipher_suites": _current("TLS 1.3"),
}


def tool(document: Document) -> str:
    if document.xml is not None:
        return document.xml.get("SSLyzeVersion", "")
    return str(document.json.get("sslyze_version") or "")


FORMAT = Format(
    id="sslyze",
    title="SSLyze",
    docs="https://nabla-c0d3.github.io/sslyze/documentation/json-output.html",
    recognises=recognises,
    records=records,
    tool=tool,
)
