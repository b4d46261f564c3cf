"""Files without a row go, rows and their files stay; the worker enters only where a scan waits."""

from datetime import timedelta

from vallum_web.assets import services as assets
from vallum_web.ingest import services, sweep, tasks
from vallum_web.repositories import services as repositories
from vallum_web.repositories.models import Repository
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy import blobs, clock, lookups
from vallum_web.tenancy.scope import scope


def blob(org, data=b"x"):
    with blobs.create(org.pk, limit=10) as written:
        written.write(data)
    return written


def test_a_blob_that_no_row_names_goes_after_a_day(org, alice, tmp_path):
    (tmp_path / "sent").write_bytes(b"PK")
    archive = repositories.upload(org, alice.pk, name="shop", archive_name="shop.zip", file=tmp_path / "sent").archive
    scan = scans.uploaded(assets.add(org, "repository", "elsewhere", alice.pk), alice.pk)
    report = services.keep(scan, blob(org)).blob
    lost = blob(org).id
    assert sweep.blobs_without_a_row(org.pk) == 0
    with clock.travelled(timedelta(days=1, minutes=1)):
        assert sweep.blobs_without_a_row(org.pk) == 1
        assert sweep.blobs_without_a_row(org.pk) == 0
    assert [blobs.path(org.pk, key).exists() for key in (archive, report, lost)] == [True, True, False]


def test_another_organizations_blobs_are_nobodys_but_theirs(people):
    theirs = blob(people.elsewhere).id
    with clock.travelled(timedelta(days=2)):
        assert sweep.blobs_without_a_row(people.org.pk) == 0
    assert blobs.path(people.elsewhere.pk, theirs).exists()


def test_only_organizations_with_an_unfinished_scan_are_looked_into(people, alice):
    assert lookups.unfinished() == []
    asset = assets.add(people.org, "repository", "shop", alice.pk)
    with scope(people.org.pk):
        Repository.objects.create(org=people.org, asset=asset, url="https://code.example/shop.git")
    scan = scans.request(people.org, asset.pk, alice.pk)
    assert lookups.unfinished() == [people.org.pk]
    tasks.pick_up_abandoned()
    with scope(people.org.pk):
        Scan.objects.of(people.org).filter(pk=scan.pk).update(status="done")
    assert lookups.unfinished() == []
