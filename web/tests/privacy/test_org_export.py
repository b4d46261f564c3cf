"""The copy of everything of an organization: every table, findings that can be imported again, packages; audited."""

import io
import json
import zipfile
from collections import Counter
from uuid import UUID

import pytest
from making import report, secret, stored, vulnerability

from vallum_engine.model.finding import Location
from vallum_engine.parsers.read import parse
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import services as findings
from vallum_web.findings.models import Finding
from vallum_web.privacy.exports import services, tables, work
from vallum_web.privacy.exports.models import OrgExport
from vallum_web.scans import services as scans
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.scope import scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-6d")]


def fill(org, by, name="shop"):
    """Findings of two sorts on an asset."""
    with scope(org.pk):
        asset = assets.add(org, "repository", name, by.pk)
        place = Location(path="conf/a b.tf", line=7, end_line=7)
        findings.digest(
            scans.uploaded(asset, by.pk),
            report(
                secret("one"),
                secret("two", path="other.py", line=9, rule="other-token"),
                secret("three", locations=(place,), rule="open-bucket", title="=1+1"),
                vulnerability("left-pad", "CVE-2024-0001"),
                vulnerability("left-pad", "CVE-2024-0002"),
                vulnerability("qs", "CVE-2024-0003"),
            ),
        )
    return asset


def written(org, by):
    row = services.ask_for_org(org, by.pk)
    work.run(OrgExport, org.pk, row.pk)
    with scope(org.pk):
        row = OrgExport.objects.get(pk=row.pk)
    assert row.status == "done", row.failure
    data = b"".join(stored(org.pk, UUID(part["blob"]), services.SHELF) for part in row.parts)
    return row, zipfile.ZipFile(io.BytesIO(data))


def all_rows(archive, label):
    names = [name for name in archive.namelist() if name.startswith(f"json/{label}-")]
    return [row for name in names for row in json.loads(archive.read(name))]


def same(found):
    """What of findings means the same in another organization: neither ids nor fingerprints do."""
    return Counter((finding.rule, finding.path, finding.line, finding.message) for finding in found)


def test_every_table_is_in_it_whole_and_no_other_organization_s(people, monkeypatch):
    monkeypatch.setattr(tables, "PAGE", 2)
    monkeypatch.setattr(work, "PART_ROWS", 5)
    fill(people.org, people.alice)
    fill(people.elsewhere, people.charlie, "canary-elsewhere")
    row, archive = written(people.org, people.alice)
    assert len(row.parts) > 5
    assert archive.testzip() is None
    with scope(people.org.pk):
        for label, table in tables.of_organization().items():
            if label == "tenancy.Event" or label.startswith("audit."):
                continue  # writing the copy itself adds to them
            held = {key for page in pages(table, people.org.pk) for key, _ in page}
            assert len(all_rows(archive, label)) == len(held), label
    text = b"".join(archive.read(name) for name in archive.namelist())
    for canary in (b"canary-elsewhere", str(people.elsewhere.pk).encode(), people.charlie.email.encode()):
        assert canary not in text
    assert b"'=1+1" in archive.read("csv/findings.Finding-0001.csv") or b"'=1+1" in text


def pages(table, owner):
    after = None
    while rows := table.page(owner, after):
        yield rows
        after = rows[-1][0]


def test_findings_come_back_the_same_in_another_organization(people):
    """Out as SARIF, read by the engine's own reader, into an organization that knew nothing: the same, each once."""
    asset = fill(people.org, people.alice)
    _, archive = written(people.org, people.alice)
    (name,) = [name for name in archive.namelist() if name.startswith("findings/")]
    assert str(asset.pk)[-12:] in name
    taken = parse(archive.read(name), name=name)
    with scope(people.elsewhere.pk):
        there = assets.add(people.elsewhere, "repository", "shop", people.charlie.pk)
        findings.digest(scans.uploaded(there, people.charlie.pk), taken)
        again = list(Finding.objects.of(people.elsewhere))
    with scope(people.org.pk):
        first = list(Finding.objects.of(people.org))
    assert same(again) == same(first)
    assert len(again) == 6
    _, other = written(people.elsewhere, people.charlie)
    (name,) = [name for name in other.namelist() if name.startswith("findings/")]
    assert len(json.loads(other.read(name))["runs"][0]["results"]) == 6


def test_packages_are_a_bill_of_materials(people):
    fill(people.org, people.alice)
    _, archive = written(people.org, people.alice)
    (name,) = [name for name in archive.namelist() if name.startswith("packages/")]
    bill = json.loads(archive.read(name))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert [each["purl"] for each in bill["components"]] == ["pkg:npm/left-pad@1.0.0", "pkg:npm/qs@1.0.0"]


def test_owners_and_admins_fetch_it_and_the_audit_log_knows(people, signed_in):
    fill(people.org, people.alice)
    owner, developer = signed_in(people.alice), signed_in(people.bob)
    assert developer.get("/acme/settings/privacy/").status_code == 403
    assert developer.post("/acme/settings/privacy/copies/make/").status_code == 403
    assert owner.post("/acme/settings/privacy/copies/make/").status_code == 302
    assert "is being written" in owner.post("/acme/settings/privacy/copies/make/", follow=True).content.decode()
    with scope(people.org.pk):
        row = OrgExport.objects.get()
    work.run(OrgExport, people.org.pk, row.pk)
    page = owner.get("/acme/settings/privacy/").content.decode()
    path = f"/acme/settings/privacy/copies/{row.pk}/download/"
    assert path in page
    assert zipfile.ZipFile(io.BytesIO(b"".join(owner.get(path)))).testzip() is None
    assert developer.get(path).status_code == 403
    assert signed_in(people.charlie).get(path).status_code == 404
    assert "reauthenticate" in signed_in(people.alice, fresh=False).get(path)["Location"]
    with scope(people.org.pk):
        kinds = set(Entry.objects.of(people.org).values_list("kind", flat=True))
        Membership.objects.of(people.org).filter(user=people.bob).update(role="admin")
    assert {"export.everything_asked", "export.everything_downloaded"} <= kinds
    assert developer.get("/acme/settings/privacy/").status_code == 200
