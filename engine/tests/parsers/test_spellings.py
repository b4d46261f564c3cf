"""What one tool writes in several ways comes out the same, and what no example holds: archives, tokens, other versions."""

import io
import json
import zipfile

import pytest

from vallum_engine.model.finding import Severity
from vallum_engine.parsers.read import parse

OCSF = {
    "metadata": {"event_code": "s3_logging", "product": {"name": "Prowler", "version": "5.4.0"}},
    "status": "New",
    "status_code": "FAIL",
    "severity": "High",
    "finding_info": {"title": "Bucket logs", "desc": "Checks it."},
    "resources": [{"uid": "arn:aws:s3:::logs", "name": "logs", "region": "eu-west-1"}],
    "cloud": {"account": {"uid": "123456789012"}},
}
JSON_3 = {
    "Provider": "aws",
    "CheckID": "s3_logging",
    "CheckTitle": "Bucket logs",
    "Status": "FAIL",
    "StatusExtended": "Bucket logs does not log.",
    "Severity": "high",
    "AccountId": "123456789012",
    "Region": "eu-west-1",
    "ResourceId": "logs",
    "ResourceArn": "arn:aws:s3:::logs",
}
TABLE = (
    "ACCOUNT_UID;PROVIDER;CHECK_ID;CHECK_TITLE;STATUS;STATUS_EXTENDED;MUTED;SEVERITY;RESOURCE_UID;RESOURCE_NAME;REGION\n"
    "123456789012;aws;s3_logging;Bucket logs;FAIL;It does not log.;False;high;arn:aws:s3:::logs;logs;eu-west-1\n"
)
JSON_2 = {
    "Account Number": "123456789012",
    "Control": "[check26] Ensure the bucket logs",
    "Control ID": "2.6",
    "Message": "eu-west-1: logs does not log",
    "Severity": "Medium",
    "Status": "FAIL",
    "Region": "eu-west-1",
    "Resource ID": "logs",
}
TABLE_2 = (
    "ACCOUNT_NUM,REGION,TITLE_ID,CHECK_RESULT,TITLE_TEXT,CHECK_RESULT_EXTENDED,CHECK_SEVERITY\n"
    '123456789012,eu-west-1,2.6,FAIL,"[check26] Ensure the bucket logs",logs does not log,Medium\n'
    '123456789012,eu-west-1,2.6,PASS,"[check26] Ensure the bucket logs",all is well,Medium\n'
    '123456789012,eu-west-1,2.6,WARNING,"[check26] Ensure the bucket logs",it is allowed,Medium\n'
)


def read(value, **options):
    data = (
        value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()
    )
    return parse(data, **options)


@pytest.mark.parametrize("other", [[JSON_3], TABLE], ids=["its own JSON", "its table"])
def test_prowler_finds_the_same_in_every_spelling(other):
    (ocsf,), (same,) = read([OCSF]).findings, read(other).findings
    assert same.fingerprint == ocsf.fingerprint
    assert (same.rule, same.title, same.severity) == ("s3_logging", "Bucket logs", Severity.HIGH)
    assert same.locations[0].path == "arn:aws:s3:::logs"


@pytest.mark.parametrize("old", [JSON_2, TABLE_2], ids=["JSON lines", "table"])
def test_prowler_2_names_its_check_in_the_title(old):
    report = read(old)
    assert [(f.rule, f.title) for f in report.findings] == [("check26", "Ensure the bucket logs")]
    assert report.target["report"] == "prowler"


def test_prowler_2_calls_what_is_allowed_a_warning():
    report = read(TABLE_2)
    assert (len(report.suppressed), report.stats.passed) == (1, 1)


def test_defender_names_the_machine_that_lies_in_the_archive():
    archive = io.BytesIO()
    flaw = {"cveId": "CVE-2024-99999", "machineId": "m1", "productName": "tools", "severity": "High"}
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("machines/machines.json", json.dumps({"value": [{"id": "m1", "computerDnsName": "pc.example"}]}))
        files.writestr("vulnerabilities/one.json", json.dumps({"value": [flaw, {**flaw, "machineId": "m2"}]}))
        files.writestr("vulnerabilities/two.json", "no JSON")
    report = read(archive.getvalue())
    assert [place.path for finding in report.findings for place in finding.locations] == ["m2", "pc.example"]
    assert [problem.path for problem in report.errors] == ["vulnerabilities/two.json"]
    assert not report.coverage.complete


def test_wazuh_reads_its_index_as_it_read_its_interface():
    hit = {
        "agent": {"name": "host.example", "version": "v4.9.0"},
        "host": {"os": {"platform": "ubuntu"}},
        "package": {"name": "parcel", "version": "1.2", "type": "deb"},
        "vulnerability": {
            "id": "CVE-2024-99999",
            "severity": "-",
            "score": {"base": 9.8},
            "scanner": {"condition": "Package less than 1.4"},
            "reference": "https://advisories.example/1, https://advisories.example/2",
        },
    }
    report = read({"hits": {"hits": [{"_index": "wazuh-states-vulnerabilities", "_source": hit}, {"_source": 7}]}})
    (finding,) = report.findings
    assert (finding.rule, finding.severity, finding.package.ecosystem) == (
        "CVE-2024-99999",
        Severity.CRITICAL,
        "Ubuntu",
    )
    assert finding.remediation.upgrade_to == "1.4"
    assert [place.path for place in finding.locations] == ["host.example"]
    assert len(report.errors) == 1


def test_policy_reports_are_read_as_yaml_too():
    text = (
        "apiVersion: wgpolicyk8s.io/v1alpha2\nkind: PolicyReport\nmetadata: {name: r, namespace: shop}\n"
        "scope: {kind: Pod, name: web}\n"
        "results:\n- {policy: disallow-latest, rule: tag, result: fail, message: A tag is required, source: kyverno}\n"
    )
    (finding,) = read(text).findings
    assert (finding.rule, finding.locations[0].path) == ("disallow-latest/tag", "shop/Pod/web")


def test_generic_tables_are_read_and_addresses_lose_their_values():
    text = (
        "Date,Title,CweId,Url,Severity,Description,Mitigation,Active,FalsePositive\n"
        "2024-01-01,Open door,CWE-79,https://shop.example/a?token=s3cret,High,It is open.,Close it,TRUE,FALSE\n"
        "2024-01-01,Not so,79,,Low,It is not.,,TRUE,TRUE\n"
    )
    report = read(text)
    (finding,) = report.findings
    assert (finding.title, report.stats.passed) == ("Open door", 1)
    assert [place.path for place in finding.locations] == ["https://shop.example/a?token"]


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(
            {
                "nodes": [],
                "services": [],
                "vulnerabilities": [
                    {
                        "vid": "KHV050",
                        "vulnerability": "Read access to the token",
                        "evidence": "eyJhbGciOiJub25lIn0.e30.",
                    }
                ],
            },
            id="kube-hunter shows the token it could read",
        ),
        pytest.param(
            {
                "queries_total": 1,
                "queries": [
                    {
                        "query_name": "Passwords And Secrets - Generic Token",
                        "query_id": "1",
                        "files": [{"file_name": "a.tf", "actual_value": "eyJhbGciOi", "search_key": "eyJhbGciOi"}],
                    }
                ],
            },
            id="KICS shows what it looked for",
        ),
        pytest.param(
            [
                {
                    "check_type": "secrets",
                    "results": {
                        "failed_checks": [
                            {
                                "check_id": "CKV_SECRET_9",
                                "check_name": "JSON Web Token",
                                "code_block": [[1, "token = eyJhbGciOi"]],
                                "file_path": "/a.env",
                                "resource": "0f3a",
                            }
                        ]
                    },
                }
            ],
            id="Checkov shows the line",
        ),
    ],
)
def test_no_secret_that_a_report_shows_goes_further(report):
    (finding,) = read(report).findings
    assert "eyJhbGciOi" not in repr(finding)


def test_a_package_of_checkov_is_what_its_lockfile_holds():
    check = {
        "check_id": "CKV_CVE_1",
        "check_name": "SCA",
        "check_result": {"result": "FAILED"},
        "file_path": "/web/go.mod",
        "vulnerability_details": {
            "id": "CVE-2024-99999",
            "package_name": "example.org/mod",
            "package_version": "v1.2.0",
            "lowest_fixed_version": "1.4.0",
        },
    }
    (finding,) = read({"check_type": "sca_package", "results": {"failed_checks": [check]}}).findings
    assert (finding.package.ecosystem, finding.package.version) == ("Go", "1.2.0")
    assert finding.remediation.upgrade_to == "1.4.0"
