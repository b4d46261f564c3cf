"""Lists come in pages, and none of them reads what only one scan's own page shows."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from making import report, secret

from vallum_engine.model.report import Problem
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import services as findings
from vallum_web.scans import queries
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope


@pytest.fixture
def machine(org, alice):
    _, text = tokens.make(org, alice, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER))
    return Client(headers={"Authorization": f"Bearer {text}"})


@pytest.fixture
def scan(org, alice):
    asset = assets.add(org, "repository", "shop", alice.pk)
    made, said = scans.uploaded(asset, None), report(secret(), errors=(Problem(what="broke", path="x", todo="mend"),))
    with scope(org.pk):
        findings.digest(made, said)
        scans.finish(made, said, engine="0.1.0", outcome={"new": 1})
    return made


def test_no_list_reads_the_errors_of_scans(signed_in, alice, machine, scan):
    browser = signed_in(alice)
    finding = machine.get("/api/v1/findings").json()["items"][0]["id"]
    for client, address in (
        (machine, "/api/v1/scans"),
        (machine, f"/api/v1/findings/{finding}"),
        (browser, f"/acme/findings/{finding}/"),
        (browser, f"/acme/assets/{scan.asset_id}/"),
        (browser, "/acme/assets/"),
        (browser, "/acme/"),
    ):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        assert [query["sql"] for query in asked if '"errors"' in query["sql"]] == [], address
    assert "errors" not in machine.get("/api/v1/scans").json()["items"][0]
    assert machine.get(f"/api/v1/scans/{scan.pk}").json()["errors"] == [{"what": "broke", "path": "x", "todo": "mend"}]


def test_assets_and_tokens_come_in_pages(org, alice, machine):
    for number in range(60):
        assets.add(org, "repository", f"asset {number:02}", alice.pk)
        tokens.make(org, alice, tokens.Wanted(name=f"token {number:02}", role=Membership.Role.AUDITOR))
    for address, first, last in (("/api/v1/assets", "asset 00", "asset 59"), ("/api/v1/tokens", "token 59", "ci")):
        page = machine.get(address).json()
        rest = machine.get(address, {"after": page["after"]}).json()
        assert (len(page["items"]), page["items"][0]["name"]) == (50, first)
        assert (rest["items"][-1]["name"], rest["after"]) == (last, "")


def test_what_one_scanner_looked_at_fills_no_gap_of_another(org, alice):
    asset = assets.add(org, "repository", "shop", alice.pk)

    def said(**more):
        made = scans.uploaded(asset, None)
        with scope(org.pk):
            scans.finish(made, report(**more), engine="0.1.0", outcome={})
            return queries.standing(org)

    gap = (Problem(what="broke", path="x", todo="mend"),)
    trivy = {"target": {"report": "trivy"}}
    assert said(errors=gap).gaps == 1
    assert said(**trivy).gaps == 1, "Trivy is content, and our own scan has its gap all the same"
    assert said().gaps == 0
    assert said(errors=gap, **trivy).gaps == 1
    assert said().gaps == 1
    assert said(**trivy).gaps == 0
    with scope(org.pk):
        assert [row.tool for row in queries.sources(org, asset.pk)] == ["", "trivy"]
