"""Bad input on the worker's own path, sandbox included: a clear word on the scan, and nothing of what was known is lost."""

import io
import json
import os
import secrets
import string
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import making
import pytest
from django.conf import settings
from ingest import forge as forges

from vallum_web.findings.models import Finding
from vallum_web.ingest import work
from vallum_web.ingest.models import Upload
from vallum_web.repositories import services as repositories
from vallum_web.repositories.models import Repository
from vallum_web.scans import command
from vallum_web.scans import services as scans
from vallum_web.scans.models import Coverage, Scan
from vallum_web.tenancy import blobs, egress
from vallum_web.tenancy.models import Departure
from vallum_web.tenancy.scope import scope

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(command.isolation().level.value == "none", reason="this machine cannot isolate anything"),
]

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
# Without vowels: among thousands of tokens one would hold "fake", and be taken for an example.
LETTERS = "".join(letter for letter in BASE62 if letter not in "AEIOUaeiou")
LOCK = json.dumps({"lockfileVersion": 3, "packages": {"node_modules/left-pad": {"version": "1.0.0"}}}, indent=1)
ADVISORY = {
    "id": "TEST-1",
    "modified": "2024-01-01T00:00:00Z",
    "summary": "left-pad pads on the right",
    "affected": [
        {
            "package": {"ecosystem": "npm", "name": "left-pad"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.3.0"}]}],
        }
    ],
}


@pytest.fixture(scope="module", autouse=True)
def advisories(tmp_path_factory) -> Iterator[None]:
    """A database of one advisory: with the starter set no scan of packages would ever be complete."""
    folder = tmp_path_factory.mktemp("osv")
    with zipfile.ZipFile(folder / "npm.zip", "w") as archive:
        archive.writestr("TEST-1.json", json.dumps(ADVISORY))
    environment = {**os.environ, "VALLUM_HOME": str(settings.HOME)}
    subprocess.run(
        [str(command.program()), "db", "import", str(folder / "npm.zip")],
        env=environment,
        capture_output=True,
        check=True,
    )
    yield
    for path in Path(settings.HOME, "advisories").glob("*.sqlite"):
        path.unlink()


@pytest.fixture
def org(live_database) -> Iterator[object]:
    """Committed: the proxy writes its ledger from a thread of its own."""
    people: SimpleNamespace = making.people()
    return people.org


def token() -> str:
    body = "".join(secrets.choice(LETTERS) for _ in range(30))
    value, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, rest = divmod(value, 62)
        check = BASE62[rest] + check
    return f"ghp_{body}{check}"


GOOD = {"app.env": f"GH_TOKEN={token()}\n".encode(), "package-lock.json": LOCK.encode()}
FOUND = {("secrets", "app.env"), ("packages/npm", "package-lock.json")}


def scanned(repository: Repository) -> Scan:
    scan = scans.request(repository.org_id, repository.asset_id, None)
    work.run(repository.org_id, scan.pk)
    with scope(repository.org_id):
        scan.refresh_from_db()
    assert scan.finished_at, "every end is written down"
    assert not (Path(os.environ["VALLUM_HOME"]) / "scratch" / str(scan.pk)).exists()
    return scan


def standing(repository: Repository, status: str = "open") -> set[tuple[str, str]]:
    with scope(repository.org_id):
        rows = Finding.objects.of(repository.org_id).filter(asset=repository.asset_id, status=status)
        return set(rows.values_list("ruleset", "path"))


def gaps(scan: Scan) -> str:
    with scope(scan.org_id):
        rows = Coverage.objects.of(scan.org_id).filter(scan=scan, covered=False)
        said = [f"{row.ruleset} {row.path}: {row.why}" for row in rows]
    return "\n".join([*said, *(problem["what"] for problem in scan.errors)])


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def zipped(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def linked() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in GOOD.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name, target in (("passwd", "/etc/passwd"), ("up", "../../../../etc/shadow")):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return data.getvalue()


def put(repository: Repository, name: str, data: bytes) -> None:
    """What a second upload for the same asset does."""
    with blobs.create(repository.org_id, limit=1 << 30) as blob:
        blob.write(data)
    with scope(repository.org_id):
        repository.archive, repository.archive_name = blob.id, name
        repository.save(update_fields=["archive", "archive_name"])


@pytest.fixture
def archive(org, tmp_path) -> Repository:
    """An asset whose first archive was good: both of its findings are known."""
    (tmp_path / "sent").write_bytes(zipped(GOOD))
    made = repositories.upload(org, None, name="shop", archive_name="shop.zip", file=tmp_path / "sent")
    assert scanned(made).status == "done"
    assert standing(made) == FOUND
    return made


BOMB = {**GOOD, **{f"bomb/{n}.txt": b"bomb " * 400_000 for n in range(20)}}
ARCHIVES = [
    pytest.param("bomb.zip", lambda: zipped(BOMB), "as only an archive bomb does", id="zip bomb"),
    pytest.param(
        "climb.zip",
        lambda: zipped({**GOOD, "../../etc/cron.d/job": b"* * * * *\n"}),
        "leads out of the archive",
        id="path traversal",
    ),
    pytest.param(
        "abs.zip", lambda: zipped({**GOOD, "/etc/job": b"x\n"}), "leads out of the archive", id="absolute path"
    ),
    pytest.param("cut.zip", lambda: zipped(GOOD)[:-40], "it was cut off. Fetch it again", id="truncated zip"),
    pytest.param("cut.tar.gz", lambda: linked()[:-40], "damaged or cut off", id="truncated tar"),
    pytest.param("text.zip", lambda: b"this is no archive\n" * 100, "no archive that Vallum reads", id="no archive"),
    pytest.param("empty.zip", lambda: b"", "no archive that Vallum reads", id="empty file"),
]


@pytest.mark.parametrize(("name", "make", "words"), ARCHIVES)
def test_a_bad_archive_is_explained_and_ends_no_finding(archive, name, make, words):
    put(archive, name, make())
    scan = scanned(archive)
    assert scan.status == "incomplete"
    assert words in gaps(scan)
    assert standing(archive) == FOUND
    assert standing(archive, "resolved") == set()


def test_a_link_in_an_archive_leads_nowhere(archive):
    put(archive, "links.tar.gz", linked())
    scan = scanned(archive)
    assert standing(archive) == FOUND
    assert "root:" not in json.dumps(scan.errors) + gaps(scan)


def test_an_archive_that_is_gone_says_so_and_ends_no_finding(archive):
    blobs.delete(archive.org_id, archive.archive)
    scan = scanned(archive)
    assert (scan.status, scan.failure) == ("failed", "The uploaded archive is no longer kept: upload it again.")
    assert standing(archive) == FOUND


def sparse(folder: Path) -> None:
    """Text as far as anybody looks, and two gibibytes long."""
    (folder / "app.env").write_bytes(GOOD["app.env"] * 20_000)
    with (folder / "app.env").open("r+b") as file:
        file.truncate(2 << 30)


LOCKFILES = [
    pytest.param(
        lambda folder: (folder / "package-lock.json").write_text(LOCK[:-30]), "not valid JSON", id="malformed lockfile"
    ),
    pytest.param(
        lambda folder: (folder / "package-lock.json").write_bytes(LOCK.replace("left", "l\xe9ft").encode("latin-1")),
        "not UTF-8",
        id="lockfile that is not UTF-8",
    ),
    pytest.param(sparse, "app.env: larger than", id="a file of 2 GiB"),
]


@pytest.mark.parametrize(("spoil", "words"), LOCKFILES)
def test_what_cannot_be_read_covers_nothing(org, tmp_path, spoil: Callable[[Path], object], words):
    folder = write(tmp_path / "code", GOOD)
    made = repositories.add_folder(org, name="code", folder=folder)
    assert scanned(made).status == "done"
    spoil(folder)
    scan = scanned(made)
    assert scan.status == "incomplete"
    assert words in gaps(scan)
    assert standing(made) == FOUND
    write(folder, {**GOOD, "package-lock.json": LOCK.replace("1.0.0", "1.3.0").encode(), "app.env": b"\n"})
    assert scanned(made).status == "done"
    assert standing(made, "resolved") == FOUND, "where it was looked, silence counts"


def test_source_that_is_not_utf_8_is_scanned_as_it_is(org, tmp_path):
    folder = write(tmp_path / "code", {"latin.py": b"# caf\xe9 \xff\xfe\n" + GOOD["app.env"]})
    made = repositories.add_folder(org, name="code", folder=folder)
    assert scanned(made).status == "done"
    assert standing(made) == {("secrets", "latin.py")}


NAMES = {"code.example.org": ["10.0.0.1"], "metadata.example.org": ["169.254.169.254"]}


@pytest.fixture
def forge(tmp_path, monkeypatch) -> Iterator[forges.Forge]:
    """A code host, opened as an operator would, and a resolver that knows some names of the world outside."""

    def resolve(name: str, _port: int) -> list[str]:
        if name not in NAMES:
            raise OSError("Name or service not known")
        return NAMES[name]

    with forges.running(tmp_path) as forge:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", forge.opening)
        real = egress.route
        monkeypatch.setattr(
            egress, "route", lambda *about: replace(real(*about), resolver=resolve, authorities=forge.authority)
        )
        yield forge


def test_a_repository_is_cloned_and_scanned_and_the_departure_noted(org, forge, tmp_path):
    forge.publish("shop.git", write(tmp_path / "work", GOOD))
    made = repositories.add_by_url(org, None, url=forge.address("shop.git"))
    scan = scanned(made)
    assert (scan.status, scan.branch, len(scan.commit)) == ("done", "main", 40), scan.failure
    assert standing(made) == FOUND
    with scope(org.pk):
        assert {row.ok for row in Departure.objects.of(org)} == {True}
        assert Upload.objects.of(org).get(scan=scan).status == "digested"


ADDRESSES = [
    pytest.param("https://code.example.org/a.git", "resolves to 10.0.0.1", id="a name of a private address"),
    pytest.param("https://metadata.example.org/a.git", "169.254.169.254", id="a name of the metadata service"),
    pytest.param("https://nowhere.example.org/a.git", "cannot be resolved", id="a name nobody knows"),
    pytest.param("{}missing.git", "not found, or needs a credential", id="no such repository"),
    pytest.param("{}empty.git", "is empty: push a first commit", id="an empty repository"),
]


@pytest.mark.parametrize(("url", "words"), ADDRESSES)
def test_what_cannot_be_cloned_says_why(org, forge, url, words):
    forge.publish("empty.git", None)
    made = repositories.add_by_url(org, None, url=url.format(forge.address("")), name="shop")
    scan = scanned(made)
    assert scan.status == "failed"
    assert words in scan.failure
    assert standing(made) == set()


@pytest.mark.asvs("16.5.2")
def test_a_host_that_went_away_ends_no_finding(org, forge, tmp_path):
    forge.publish("shop.git", write(tmp_path / "work", GOOD))
    made = repositories.add_by_url(org, None, url=forge.address("shop.git"))
    assert scanned(made).status == "done"
    (forge.root / "shop.git").rename(forge.root / "gone")
    scan = scanned(made)
    assert (scan.status, "not found" in scan.failure) == ("failed", True)
    assert standing(made) == FOUND


def test_the_third_crash_ends_a_scan_with_a_reason(org, tmp_path):
    made = repositories.add_folder(org, name="code", folder=write(tmp_path / "code", GOOD))
    scan = scans.request(org, made.asset_id, None)
    for _ in range(scans.MAX_ATTEMPTS):
        assert scans.begin(org.pk, scan.pk)
    work.run(org.pk, scan.pk)
    with scope(org.pk):
        scan.refresh_from_db()
    assert scan.status == "failed"
    assert "Broken off 3 times" in scan.failure


def test_an_attempt_that_was_overtaken_ends_nothing(org, tmp_path):
    made = repositories.add_folder(org, name="code", folder=write(tmp_path / "code", GOOD))
    first = scans.begin(org.pk, scans.request(org, made.asset_id, None).pk)
    second = scans.begin(org.pk, first.pk)
    scans.fail(first, "Its worker woke up again.")
    scans.follow(first, "fetching")
    with scope(org.pk):
        second.refresh_from_db()
    assert (second.status, second.phase) == ("running", "starting")
