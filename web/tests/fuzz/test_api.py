"""The API under schemathesis: every operation of its own description, from examples to stateful links, over real HTTP.

A short run in every test run; `make fuzz` runs it long (VALLUM_FUZZ is the number of examples an operation gets in a phase).
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import making
import pytest

from vallum_web.accounts import matrix, throttle, tokens
from vallum_web.accounts.matrix import Role
from vallum_web.findings import services as findings
from vallum_web.gates import ready
from vallum_web.gates import services as gates
from vallum_web.gates.reach import Reach
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy.limits import catalogue
from vallum_web.tenancy.limits import services as limits
from vallum_web.tenancy.limits.rate import Rate

pytestmark = [pytest.mark.slow, pytest.mark.asvs("2.2.1", "16.5.3")]

LONG = "VALLUM_FUZZ" in os.environ
EXAMPLES = int(os.environ.get("VALLUM_FUZZ", "3"))
CHECKS = (
    "not_a_server_error,content_type_conformance,response_schema_conformance,ignored_auth,"
    "use_after_free,unsupported_method,missing_required_header"
)
_ID = re.compile(r"/[0-9a-f]{8}-[0-9a-f-]{27}")
# Every limit of every parameter, one by one, is two minutes by itself: the long run has them.
PHASES = "examples,coverage,fuzzing,stateful" if LONG else "examples,fuzzing,stateful"


PLENTY = Rate(count=10**6, period=timedelta(seconds=1), burst=10**6)


@pytest.fixture
def token(live_database, monkeypatch):
    """An owner's token with every scope, in an organization that holds one of everything; nobody limits it."""
    # Each operation is asked without a token as well, all from one address.
    monkeypatch.setattr(throttle, "API_PER_IP", replace(throttle.API_PER_IP, rate=PLENTY))
    people = making.people()
    asset = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    findings.digest(scans.uploaded(asset, people.alice.pk), making.report(making.secret("1"), making.secret("2")))
    wanted = gates.Wanted(name="No secret", policy=ready.READY["no-secret"].policy, scope=Reach())
    gates.make(people.org, people.alice.pk, wanted)
    for limit in catalogue.all_limits().values():
        if limit.of_org:
            limits.override(people.org.pk, limit, PLENTY)
    wanted = tokens.Wanted(name="fuzz", role=Role.OWNER, scopes=sorted(matrix.actions()))
    return tokens.make(people.org, people.alice, wanted)[1]


# A run that ends its own token learns nothing more: the door that ends tokens has a run of its own.
ENDING = "token_revoke"
RUNS = {
    "everything": (EXAMPLES, 20, ["--exclude-operation-id", ENDING]),
    "ending tokens": (min(EXAMPLES, 20), 1, ["--include-operation-id", ENDING, "--include-operation-id", "token_make"]),
}


@pytest.mark.parametrize("run", RUNS)
def test_no_input_makes_it_fail(run, token, site, tmp_path):
    examples, least, which = RUNS[run]
    # The first answer waits for everything to load, and the run itself waits no more than ten seconds for it.
    urllib.request.urlopen(f"{site}/api/v1/openapi.json", timeout=120).close()
    report, record = tmp_path / "report.json", tmp_path / "record.yaml"
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{site}/api/v1/openapi.json", "--phases", PHASES, "--checks", CHECKS),
        *("--max-examples", str(examples), "--header", f"Authorization: Bearer {token}", "--continue-on-failure"),
        *which,
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
        *("--report", "vcr", "--report-vcr-path", str(record)),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    sys.stdout.write(ended.stdout[-6000:])
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    cases = int(re.search(r"(\d[\d,]*) generated", ended.stdout)[1].replace(",", ""))
    assert cases > examples * least
    # What only an id of this organization leads to was reached: by the links of the description.
    reached = behind_ids(record)
    sys.stdout.write(f"\nBehind ids, answered well: {dict(sorted(reached.items()))}\n")
    assert reached or run != "everything"
    assert json.loads(report.read_text("utf-8"))


def behind_ids(record):
    """The operations that an id stands in the address of, and that answered well, by how often."""
    found, address = Counter(), ""
    with record.open(encoding="utf-8") as lines:
        for line in lines:
            if uri := re.match(r" {4}uri: '?([^\s'?]+)", line):
                address = uri[1]
            elif re.match(r" +code: '?2\d\d'?$", line) and _ID.search(address):
                found[_ID.sub("/{id}", address.partition("/api/v1")[2])] += 1
    return found
