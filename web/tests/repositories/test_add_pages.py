"""Adding a repository by its address or as an archive: what is refused keeps what was typed."""

import io
from pathlib import Path

import making
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from vallum_web.accounts import services as accounts
from vallum_web.accounts.models import Membership
from vallum_web.assets.models import Asset
from vallum_web.repositories import uploads
from vallum_web.repositories.models import Repository
from vallum_web.scans.models import Scan
from vallum_web.tenancy import blobs
from vallum_web.tenancy.scope import current_org, scope

ADD = "/acme/assets/add/"
UPLOAD = "/acme/assets/add/archive/"


def archive(name="shop.zip", size=2000):
    return SimpleUploadedFile(name, b"PK\x03\x04" + b"x" * size)


def kept(org):
    folder = blobs.path(org.pk, org.pk).parent
    return sorted(folder.iterdir()) if folder.exists() else []


def test_an_added_repository_is_scanned_at_once(signed_in, bob, org):
    browser = signed_in(bob)
    assert "Add and scan" in browser.get(ADD).content.decode()
    answer = browser.post(ADD, {"url": "https://code.example/team/shop.git", "branch": "main"})
    with scope(org.pk):
        repository, scan = Repository.objects.of(org).get(), Scan.objects.of(org).get()
    assert answer["Location"] == f"/acme/assets/{repository.asset_id}/"
    assert (repository.url, repository.branch) == ("https://code.example/team/shop.git", "main")
    assert (scan.asset_id, scan.by, scan.status) == (repository.asset_id, bob.pk, "queued")
    assert "team/shop" in browser.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    ("url", "branch"),
    [
        pytest.param("http://127.0.0.1/team/shop.git", "", id="this machine"),
        pytest.param("https://169.254.169.254/latest", "", id="a metadata address"),
        pytest.param("file:///etc/passwd", "", id="a file"),
        pytest.param("ext::sh -c id", "", id="a command"),
        pytest.param("https://code.example/team/shop.git", "--upload-pack=id", id="a branch that is an option"),
        pytest.param("not an address", "", id="no address"),
    ],
)
def test_an_address_that_may_not_be_says_so_and_stays(signed_in, bob, org, url, branch):
    answer = signed_in(bob).post(ADD, {"url": url, "branch": branch, "name": "kept name"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "errorlist" in page
    assert "kept name" in page
    with scope(org.pk):
        assert not Asset.objects.of(org).exists()


def test_a_name_is_taken_once(signed_in, bob, org):
    browser = signed_in(bob)
    browser.post(ADD, {"url": "https://code.example/team/shop.git"})
    answer = browser.post(ADD, {"url": "https://code.example/team/shop.git", "branch": "next"})
    assert answer.status_code == 422
    assert "already" in answer.content.decode()
    assert 'value="next"' in answer.content.decode()


def test_an_archive_is_kept_whole_and_scanned(signed_in, bob, org):
    browser = signed_in(bob)
    assert "512 MiB" in browser.get(UPLOAD).content.decode()
    answer = browser.post(UPLOAD, {"name": "shop", "archive": archive()})
    with scope(org.pk):
        repository = Repository.objects.of(org).get()
        assert Scan.objects.of(org).get().asset_id == repository.asset_id
    assert answer["Location"] == f"/acme/assets/{repository.asset_id}/"
    assert making.stored(org.pk, repository.archive) == archive().read()
    assert repository.archive_name == "shop.zip"


def test_a_refused_archive_leaves_nothing_behind(signed_in, bob, org):
    browser = signed_in(bob)
    before = kept(org)
    browser.post(UPLOAD, {"name": "shop", "archive": archive()})
    once = kept(org)
    assert len(once) == len(before) + 1
    for values in (
        {"name": "shop", "archive": archive()},
        {"name": "other", "archive": archive("shop.rar")},
        {"name": "other"},
    ):
        answer = browser.post(UPLOAD, values)
        assert answer.status_code == 422
        assert f'value="{values["name"]}"' in answer.content.decode()
    assert kept(org) == once


def test_an_archive_over_the_limit_is_cut_off_and_the_input_stays(signed_in, bob, org, monkeypatch):
    monkeypatch.setattr(uploads, "ARCHIVE_BYTES", 100_000)
    answer = signed_in(bob).post(UPLOAD, {"name": "large", "archive": archive(size=300_000)})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "larger than" in page
    assert 'value="large"' in page
    with scope(org.pk):
        assert not Asset.objects.of(org).exists()


def test_an_archive_is_taken_over_and_no_transaction_waits_for_it(signed_in, bob, org, monkeypatch):
    taken = []

    def take(key, file):
        taken.append(current_org())
        return kept_as(key, file)

    kept_as = blobs.take
    monkeypatch.setattr(blobs, "take", take)
    signed_in(bob).post(UPLOAD, {"name": "shop", "archive": archive()})
    assert taken == [None]
    assert not list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())


class TestANewerArchive:
    @pytest.fixture
    def asset(self, signed_in, bob, org):
        signed_in(bob).post(UPLOAD, {"name": "shop", "archive": archive()})
        with scope(org.pk):
            return Repository.objects.of(org).get().asset

    @pytest.fixture
    def address(self, asset):
        return f"/acme/assets/{asset.pk}/archive/"

    def test_takes_the_place_of_the_present_one_and_is_scanned(
        self, signed_in, bob, org, asset, address, django_capture_on_commit_callbacks
    ):
        browser = signed_in(bob)
        assert f'href="{address}"' in browser.get(f"/acme/assets/{asset.pk}/").content.decode()
        assert "shop.zip" in browser.get(address).content.decode()
        with scope(org.pk):
            former = Repository.objects.of(org).get().archive
            Scan.objects.of(org).update(status="done")
        with django_capture_on_commit_callbacks(execute=True):
            answer = browser.post(address, {"archive": archive("newer.zip", 99)})
        assert answer["Location"] == f"/acme/assets/{asset.pk}/"
        with scope(org.pk):
            repository = Repository.objects.of(org).get()
            assert sorted(Scan.objects.of(org).values_list("status", flat=True)) == ["done", "queued"]
        assert repository.archive_name == "newer.zip"
        assert making.stored(org.pk, repository.archive) == archive(size=99).read()
        assert not blobs.path(org.pk, former).exists()

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            pytest.param({}, "This field is required", id="nothing"),
            pytest.param({"archive": archive("newer.rar")}, "no archive we can read", id="no archive"),
            pytest.param({"archive": archive("newer.zip")}, "is being scanned", id="while a scan runs"),
        ],
    )
    def test_is_refused_with_a_reason_and_leaves_nothing(self, signed_in, bob, org, address, values, said):
        with scope(org.pk):
            Scan.objects.of(org).update(status="running")
        before = kept(org)
        answer = signed_in(bob).post(address, values)
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
        assert kept(org) == before

    def test_is_for_archives_and_for_those_who_may_write(self, signed_in, bob, charlie, org, address):
        browser = signed_in(bob)
        added = browser.post(ADD, {"url": "https://code.example/team/shop.git"})["Location"]
        assert browser.get(f"{added}archive/").status_code == 404
        assert "newer archive" not in browser.get(added).content.decode()
        assert signed_in(charlie).get(address).status_code == 404
        accounts.join(org, charlie, Membership.Role.AUDITOR)
        assert signed_in(charlie).get(address).status_code == 403


def test_a_name_with_a_path_in_it_is_only_a_name(signed_in, bob, org):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nshop\r\n'
        b'--x\r\nContent-Disposition: form-data; name="archive"; filename="../../etc/cron.d/shop.zip"\r\n\r\nPK\r\n--x--\r\n'
    )
    browser = signed_in(bob)
    browser.generic("POST", UPLOAD, io.BytesIO(body).read(), content_type="multipart/form-data; boundary=x")
    with scope(org.pk):
        assert Repository.objects.of(org).get().archive_name == "shop.zip"
