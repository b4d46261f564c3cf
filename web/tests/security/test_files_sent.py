"""Files in forms: only those of a door that takes them reach the disk, and nothing stays of what is refused or breaks off."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import making
import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from vallum_web.ingest import services as ingest
from vallum_web.repositories import checkout, uploads
from vallum_web.repositories import services as repositories
from vallum_web.repositories.models import Repository
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.scope import scope

PATH = "/acme/assets/add/archive/"


@pytest.fixture
def incoming(monkeypatch):
    """What is written to the folder of uploads: the number of bytes of each file that was begun."""
    begun = []

    class Watched(uploads.LimitedUpload):
        def new_file(self, *args, **kwargs):
            super().new_file(*args, **kwargs)
            begun.append(0)

        def receive_data_chunk(self, raw_data, start):
            super().receive_data_chunk(raw_data, start)
            begun[-1] += len(raw_data)

    monkeypatch.setattr(uploads, "LimitedUpload", Watched)
    return begun


def left():
    return list(Path(configured.FILE_UPLOAD_TEMP_DIR).iterdir())


def form(size=5000, name="shop.zip"):
    return {"name": "shop", "archive": SimpleUploadedFile(name, b"PK\x03\x04" + b"x" * size)}


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", PATH, "/nowhere/"])
def test_nobody_s_files_reach_the_disk(path, people, incoming):
    assert Client().post(path, form()).status_code in {200, 302, 404, 405}
    assert (incoming, left()) == ([], [])


def test_files_for_a_page_without_files_do_not_either(alice, signed_in, incoming):
    signed_in(alice).post("/acme/assets/add/", form())
    assert (incoming, left()) == ([], [])


@pytest.mark.asvs("5.2.1")
def test_a_body_that_says_it_is_too_large_is_not_begun(alice, org, signed_in, incoming, monkeypatch):
    monkeypatch.setattr(uploads, "ARCHIVE_BYTES", 1000)
    monkeypatch.setattr(uploads, "FORM_BYTES", 1000)
    answer = signed_in(alice).post(PATH, form())
    assert answer.status_code == 422
    assert "it was not kept" in answer.content.decode()
    assert 'value="shop"' in answer.content.decode()
    assert (incoming, left()) == ([], [])


def test_one_that_breaks_off_leaves_nothing(alice, incoming):
    head = b'--b\r\nContent-Disposition: form-data; name="archive"; filename="a.zip"\r\n\r\n' + b"x" * 200_000

    class Broken(io.BytesIO):
        def read(self, size=-1):
            data = super().read(size)
            if not data:
                raise OSError("the connection is gone")
            return data

    more = {
        "wsgi.input": Broken(head),
        "CONTENT_LENGTH": "900000",
        "CONTENT_TYPE": "multipart/form-data; boundary=b",
    }
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    browser.cookies["csrf"] = "a" * 32
    answer = browser.generic("POST", PATH, b"", **more)
    assert answer.status_code == 403
    assert incoming
    assert left() == []


def test_what_a_killed_process_had_begun_is_gone_after_a_day(org):
    begun = [
        Path(configured.FILE_UPLOAD_TEMP_DIR) / "x.upload.zip",
        blobs.path(org.pk, org.pk).with_suffix(".part"),
    ]
    for file in begun:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    assert (uploads.prune(), blobs.prune()) == (0, 0)
    assert all(file.exists() for file in begun)
    with clock.travelled(blobs.ABANDONED * 1.01):
        assert (uploads.prune(), blobs.prune()) == (1, 1)
    assert not any(file.exists() for file in begun)


@pytest.mark.parametrize("parts", [200, 5000])
def test_more_files_than_a_form_has_are_refused(parts, alice, signed_in):
    body = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="f%d"; filename="a.zip"\r\n\r\nx\r\n' % n for n in range(parts)
    )
    answer = signed_in(alice).generic("POST", PATH, body + b"--b--\r\n", "multipart/form-data; boundary=b")
    assert answer.status_code == 400
    assert left() == []


@pytest.mark.parametrize(
    "name", ["../../x.zip", "..\\x.zip", "/etc/passwd.zip", ".zip", "é" * 190 + ".zip", "a.zip\x00.zip", "-rf.zip"]
)
@pytest.mark.asvs("5.3.2", "5.4.1")
def test_a_file_s_name_leads_nowhere(name, alice, org, signed_in):
    answer = signed_in(alice).post(PATH, form(name=name))
    assert answer.status_code == 302
    with scope(org.pk):
        made = Repository.objects.of(org).get()
    assert "/" not in made.archive_name
    with TemporaryDirectory(dir=configured.HOME) as scratch:  # a copy, as in the folder of a scan
        job = brought(made, Path(scratch))
        assert job == Path(scratch) / "archive.zip"
        assert job.read_bytes() == making.stored(org.pk, made.archive)


@pytest.mark.parametrize("name", [".bashrc", "x.zip.exe", "zip", "x.zip "])
@pytest.mark.asvs("5.2.2")
def test_what_is_named_as_no_archive_is_refused(name, alice, org, signed_in):
    assert signed_in(alice).post(PATH, form(name=name)).status_code == 422


@pytest.mark.asvs("2.3.3")
def test_nothing_is_kept_of_what_could_not_be_recorded(org, alice, monkeypatch, tmp_path):
    (tmp_path / "sent").write_bytes(b"x")
    monkeypatch.setattr(repositories, "add_archive", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        repositories.upload(org, alice.pk, name="n", archive_name="a.zip", file=tmp_path / "sent")
    monkeypatch.setattr(ingest, "keep", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ingest.accept(org.pk, alice.pk, asset_name="n", chunks=[b"x"])
    assert list(blobs.path(org.pk, org.pk).parent.iterdir()) == []


def brought(repository, scratch):
    with scope(repository.org_id):
        return checkout.bring(repository, scratch, progress=print).path
