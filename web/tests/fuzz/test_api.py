"""The API under schemathesis: every operation of its own description, from examples to stateful links, over real HTTP.

A short run in every test run; `make fuzz` runs it long (VALLUM_FUZZ is the number of examples an operation gets in a phase).
"""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import making
import pytest

from vallum_web.accounts import matrix, tokens
from vallum_web.accounts.matrix import Role
from vallum_web.findings import services as findings
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy.limits import catalogue
from vallum_web.tenancy.limits import services as limits
from vallum_web.tenancy.limits.rate import Rate

pytestmark = [pytest.mark.slow, pytest.mark.asvs("2.2.1", "16.5.3")]

EXAMPLES = int(os.environ.get("VALLUM_FUZZ", "3"))
CHECKS = (
    "not_a_server_error,content_type_conformance,response_schema_conformance,ignored_auth,"
    "use_after_free,unsupported_method,missing_required_header"
)
PHASES = "examples,coverage,fuzzing,stateful"


@pytest.fixture
def token(live_database):
    """An owner's token with every scope, in an organization that holds one of everything; nobody limits it."""
    people = making.people()
    asset = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    findings.digest(scans.uploaded(asset, people.alice.pk), making.report(making.secret("1"), making.secret("2")))
    for limit in catalogue.all_limits().values():
        if limit.of_org:
            limits.override(people.org.pk, limit, Rate(count=10**6, period=timedelta(seconds=1), burst=10**6))
    wanted = tokens.Wanted(name="fuzz", role=Role.OWNER, scopes=sorted(matrix.actions()))
    return tokens.make(people.org, people.alice, wanted)[1]


def test_no_input_makes_it_fail(token, site, tmp_path):
    report = tmp_path / "report.json"
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{site}/api/v1/openapi.json", "--phases", PHASES, "--checks", CHECKS),
        *("--max-examples", str(EXAMPLES), "--header", f"Authorization: Bearer {token}", "--continue-on-failure"),
        *(
            "--suppress-health-check",
            "all",
            "--warnings",
            "off",
            "--request-timeout",
            "30",
            "--seed",
            "1",
            "--no-color",
        ),
        *("--report", "json", "--report-json-path", str(report)),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    sys.stdout.write(run.stdout[-6000:])
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    cases = int(re.search(r"(\d[\d,]*) generated", run.stdout)[1].replace(",", ""))
    assert cases > EXAMPLES * 20
    covered, selected = re.search(r"API Links:\s+(\d+) covered / (\d+) selected", run.stdout).groups()
    # The short run has too few sequences to take every one.
    assert int(covered) > int(selected) // 4
    assert json.loads(report.read_text("utf-8"))
