"""Keys and tokens that can be read: what they say of themselves decides how far they are trusted."""

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaged import BOOK, compiled

from vallum_engine.model.file import File
from vallum_engine.model.finding import Confidence, Finding, Severity
from vallum_engine.pipeline import scan
from vallum_engine.secrets import jwt, samples
from vallum_engine.secrets.detector import SecretsDetector

NOW = 1_700_000_000
SIGNATURE = samples.fill("{base64url:43}")
NAME = samples.fill("{base62:20}")


def found(text: str, now: int | None = NOW, path: str = "src/shop.ts") -> list[Finding]:
    return list(scan([File(path, text.encode())], [SecretsDetector(BOOK, now=now)], triggers=compiled()).findings)


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token(claims: object, header: object = None, signature: str = SIGNATURE) -> str:
    return f"{part(header or {'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.{signature}"


@pytest.mark.parametrize(
    ("text", "now", "confidence", "reason"),
    [
        pytest.param(token({"sub": NAME}), NOW, Confidence.MEDIUM, "what stands around it", id="no end"),
        pytest.param(
            token({"sub": NAME, "exp": NOW + 10}), NOW, Confidence.MEDIUM, "what stands around it", id="lives"
        ),
        pytest.param(
            token({"sub": NAME, "exp": NOW - 864_000}), NOW, Confidence.LOW, "it expired 10 days ago", id="expired"
        ),
        pytest.param(
            token({"sub": NAME, "exp": NOW - 7_300}), NOW, Confidence.LOW, "it expired 2 hours ago", id="just expired"
        ),
        pytest.param(
            token({"sub": NAME, "exp": NOW - 864_000}), None, Confidence.MEDIUM, "what stands around it", id="no clock"
        ),
        pytest.param(
            token({"sub": NAME, "iat": NOW, "exp": NOW + 600}), None, Confidence.LOW, "10 minutes only", id="short"
        ),
        pytest.param(token({"sub": NAME}, {"alg": "none"}, ""), NOW, Confidence.LOW, "nobody signed it", id="unsigned"),
        pytest.param(
            token({"sub": NAME}, {"alg": "None"}),
            NOW,
            Confidence.LOW,
            "nobody signed it",
            id="unsigned, with a signature",
        ),
        pytest.param(
            token({"sub": NAME, "exp": "soon"}),
            NOW,
            Confidence.MEDIUM,
            "what stands around it",
            id="an end that is none",
        ),
        pytest.param(
            token({"sub": NAME, "exp": True}), NOW, Confidence.MEDIUM, "what stands around it", id="a truth for an end"
        ),
        pytest.param(token({"sub": NAME, "exp": 10**30}), NOW, Confidence.MEDIUM, "what stands around it", id="never"),
    ],
)
def test_a_web_token_says_what_it_is_worth(text: str, now: int | None, confidence: Confidence, reason: str) -> None:
    (finding,) = found(f'bearer = "{text}"', now)
    assert (finding.rule, finding.confidence) == ("json-web-token", confidence)
    assert reason in finding.evidence


@pytest.mark.parametrize(
    "text",
    [
        token({"sub": NAME}, {"typ": "JWT"}),
        token({"sub": NAME}, ["alg"]),
        token({"sub": NAME}, {"alg": 1}),
        token({"sub": NAME}, signature=""),
        "eyJ" + NAME * 3 + "." + part({"sub": NAME}) + "." + SIGNATURE,
    ],
    ids=["no algorithm", "a list", "a number", "no signature", "no JSON"],
)
def test_what_is_no_web_token_is_none(text: str) -> None:
    assert [finding.rule for finding in found(text)] == []


@given(st.binary(max_size=200), st.one_of(st.none(), st.integers()))
def test_no_token_breaks_its_reader(value: bytes, now: int | None) -> None:
    assert jwt.is_token(value) in (True, False)
    assert all(jwt.doubts(value, now))
    deep = urlsafe_b64encode(b'{"a":' * 2_000)
    assert list(jwt.doubts(deep + b"." + deep, now)) == []


def test_both_halves_of_a_key_are_one_finding_with_evidence_of_both() -> None:
    text = samples.fill("[default]\naws_access_key_id = AKIA{base32:16}\naws_secret_access_key = {base64:40}\n")
    key, secret = (line.partition(" = ")[2] for line in text.splitlines()[1:])
    (finding,) = found(text, path="home/.aws/credentials")
    assert (finding.rule, finding.severity, finding.confidence) == (
        "aws-access-key",
        Severity.CRITICAL,
        Confidence.HIGH,
    )
    assert finding.evidence.startswith(f"{key[:3]}…{key[-3:]} with its secret access key {secret[:4]}…{secret[-4:]}. ")
    alone = found(f"aws_secret_access_key = {secret}\n")[0]
    assert {alone.fingerprint, *alone.aliases} & set(finding.aliases)


def test_a_client_secret_with_its_ids_is_graver() -> None:
    secret = samples.fill("{base62:3}8Q~{base62:34}")
    (alone,) = found(f'client_secret = "{secret}"')
    (both,) = found(samples.fill(f'tenant_id = "{{uuid}}"\nclient_id = "{{uuid}} "\nclient_secret = "{secret}"\n'))
    assert (alone.rule, alone.severity) == ("azure-entra-client-secret", Severity.HIGH)
    assert (both.rule, both.severity) == ("azure-entra-client-secret", Severity.CRITICAL)
    assert "client or tenant id" in both.evidence


@pytest.mark.parametrize("backwards", [False, True], ids=["as issued", "sorted backwards"])
def test_a_service_account_is_one_finding_in_any_order(*, backwards: bool) -> None:
    key = samples.fill("-----BEGIN PRIVATE KEY-----\n{pem:1600}\n-----END PRIVATE KEY-----\n")
    facts = {
        "type": "service_account",
        "project_id": "shop",
        "private_key": key,
        "client_email": "deploy@shop.iam.internal",
    }
    text = json.dumps(dict(sorted(facts.items(), reverse=backwards)), indent=2)
    (finding,) = found(text)
    assert finding.rule == "google-service-account-key"
    assert "with its account depl…rnal" in finding.evidence
