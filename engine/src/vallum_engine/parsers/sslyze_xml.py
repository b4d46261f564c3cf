"""SSLyze's XML (before version 3) as its JSON would put it."""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.model.finding import Location
from vallum_engine.parsers.network import at_port

# By element: the test in the JSON, the element that holds the answer, and by attribute the key of the JSON.
_FLAGS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "heartbleed": ("heartbleed", "openSslHeartbleed", {"isVulnerable": "is_vulnerable_to_heartbleed"}),
    "openssl_ccs": ("openssl_ccs_injection", "openSslCcsInjection", {"isVulnerable": "is_vulnerable_to_ccs_injection"}),
    "compression": ("tls_compression", "compressionMethod", {"isSupported": "supports_compression"}),
    "reneg": (
        "session_renegotiation",
        "sessionRenegotiation",
        {"canBeClientInitiated": "accepts_client_renegotiation", "isSecure": "supports_secure_renegotiation"},
    ),
}
_PROTOCOLS = {
    "sslv2": "ssl_2_0",
    "sslv3": "ssl_3_0",
    "tlsv1": "tls_1_0",
    "tlsv1_1": "tls_1_1",
    "tlsv1_2": "tls_1_2",
    "tlsv1_3": "tls_1_3",
}
_ANSWERS = {"True": True, "False": False}


def targets(root: Element) -> Iterator[tuple[str, tuple[Location, ...], Mapping[str, Any] | str]]:
    """Where each server stands, where it is, and by test the result, or an error as text; or why there is none of it."""
    for index, target in enumerate(root.iterfind("results/target")):
        results = {name: result for test in target for name, result in _result(test)}
        locations = at_port(target.get("host") or target.get("ip"), target.get("port"), "tcp")
        yield f"target[{index}]", locations, results if locations else "it has no address"
    for index, target in enumerate(root.iterfind("invalidTargets/invalidTarget")):
        yield f"invalidTarget[{index}]", (), f"no connection: {target.get('error') or 'unknown'}"


def _result(test: Element) -> Iterator[tuple[str, Any]]:
    failed = f"it could not be tested: {test.get('exception')}" if test.get("exception") else ""
    if test.tag in _FLAGS:
        name, holder, keys = _FLAGS[test.tag]
        found = test.find(holder)
        if found is not None or failed:
            attributes = found.attrib if found is not None else {}
            yield name, failed or {key: _ANSWERS.get(attributes.get(flag, "")) for flag, key in keys.items()}
    elif test.tag in _PROTOCOLS:
        suites = [
            {"cipher_suite": {"name": suite.get("name")}} for suite in test.iterfind("acceptedCipherSuites/cipherSuite")
        ]
        suites += [{"cipher_suite": {"name": s.get("name")}} for s in test.iterfind("preferredCipherSuite/cipherSuite")]
        yield f"{_PROTOCOLS[test.tag]}_cipher_suites", failed or {"accepted_cipher_suites": suites}
    elif test.tag == "robot":
        robot = test.find("robotAttack")
        yield "robot", failed or {"robot_result": robot.get("resultEnum") if robot is not None else ""}
    elif test.tag == "certinfo":
        yield "certificate_info", failed or {"certificate_deployments": [_deployment(test)]}


def _deployment(test: Element) -> dict[str, Any]:
    name = test.find("certificateValidation/hostnameValidation")
    chain = test.find("certificateValidation/verifiedCertificateChain")
    return {
        "path_validation_results": [
            {"was_validation_successful": path.get("validationResult") == "ok"}
            for path in test.iterfind("certificateValidation//pathValidation")
        ],
        "leaf_certificate_subject_matches_hostname": _ANSWERS.get(
            name.get("certificateMatchesServerHostname", "") if name is not None else ""
        ),
        "verified_chain_has_sha1_signature": _ANSWERS.get(
            chain.get("hasSha1SignedCertificate", "") if chain is not None else ""
        ),
    }
