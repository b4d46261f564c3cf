"""Private repositories: their token goes in, reaches git, and is seen nowhere else."""

import json
import logging
import re
import shutil
import subprocess

import making
import pytest
from django.test import Client

# A code host on loopback that speaks real git over real TLS.
from guard.tests.conftest import host, repository, running_host
from vallum_guard.errors import BadUrl, RepositoryNotFound
from vallum_guard.git import Credential as Proof
from vallum_web.accounts import tokens
from vallum_web.accounts.matrix import Role
from vallum_web.embedded import dump
from vallum_web.ingest import work
from vallum_web.repositories import checkout, services
from vallum_web.repositories.models import Credential, Repository
from vallum_web.repositories.userinfo import apart, credential
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy import keyring
from vallum_web.tenancy.keyring import errors, rotation
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

__all__ = ["host", "repository", "running_host"]

ADD = "/acme/assets/add/"
TOKEN = "canary-" + "5e1f" * 6
URL = "https://code.example.test/team/shop.git"


@pytest.fixture
def reachable(host, monkeypatch):
    """The operator has opened the test's code host, and trusts its authority."""
    monkeypatch.setenv("VALLUM_EGRESS_ALLOW", f"127.0.0.1/32:{host.port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(host.authorities))
    return host


def kept(org):
    with scope(org.pk):
        return Credential.objects.of(org).first()


def facts(org):
    with scope(org.pk):
        return [(event.kind, event.data) for event in Event.objects.of(org).order_by("id")]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (URL, (URL, "", "")),
        ("https://alice:s3cret@code.example.test/team/shop.git", (URL, "alice", "s3cret")),
        ("https://x-access-token:a%2Fb@code.example.test/team/shop.git", (URL, "x-access-token", "a/b")),
        (f"https://{TOKEN}@code.example.test/team/shop.git", (URL, "", TOKEN)),
        (f"https://{TOKEN}:@code.example.test/team/shop.git", (URL, "", TOKEN)),
        (f"https://{TOKEN}:x-oauth-basic@code.example.test/team/shop.git", (URL, "", TOKEN)),
        ("https://alice@code.example.test/team/shop.git", (URL, "alice", "")),
        ("https://a@b:c@code.example.test/team/shop.git", (URL, "a@b", "c")),
        ("git@code.example.test:team/shop.git", ("git@code.example.test:team/shop.git", "", "")),
        ("https://code.example.test/team/shop@2.git", ("https://code.example.test/team/shop@2.git", "", "")),
    ],
)
def test_a_credential_in_an_address_is_taken_out_of_it(address, expected):
    assert apart(address) == expected


@pytest.mark.parametrize(
    ("user", "token"), [("a:b", "x"), ("", "two words"), ("", "line\nline"), ("ü", "x"), ("", "tökén")]
)
def test_what_no_request_could_carry_is_refused_without_repeating_it(user, token):
    with pytest.raises(BadUrl) as refused:
        credential(user, token)
    assert token not in str(refused.value)


@pytest.mark.policy("PP-5b")
@pytest.mark.policy("PP-1.2a")
@pytest.mark.asvs("13.3.1", "14.2.6")
def test_a_token_given_with_a_repository_is_sealed_and_never_shown(signed_in, bob, org):
    browser = signed_in(bob)
    answer = browser.post(ADD, {"url": URL, "token": TOKEN, "user": "oauth2"})
    assert answer.status_code == 302
    row = kept(org)
    assert re.fullmatch(r"v1\.1\.gAAAA[\w=-]+", row.token)
    assert row.user == "oauth2"
    for path in (answer["Location"], f"{answer['Location']}token/"):
        page = browser.get(path).content.decode()
        assert TOKEN not in page
        assert row.token not in page
    assert row.digest in page
    assert facts(org)[-2:][0] == ("repository.token_set", {"digest": row.digest})
    assert TOKEN not in str(facts(org))


def test_a_token_in_the_address_moves_to_its_field(signed_in, bob, org):
    browser = signed_in(bob)
    browser.post(ADD, {"url": f"https://bob:{TOKEN}@code.example.test/team/shop.git"})
    with scope(org.pk):
        repository = Repository.objects.of(org).get()
    assert repository.url == URL
    assert kept(org).user == "bob"
    assert services.proof(repository) == Proof(token=TOKEN, user="bob")


def test_a_form_that_is_refused_repeats_no_token(signed_in, bob, org):
    browser = signed_in(bob)
    typed = {"url": f"https://bob:{TOKEN}@code.example.test/team/shop.git", "branch": "-bad"}
    answer = browser.post(ADD, typed)
    assert answer.status_code == 422
    assert TOKEN not in answer.content.decode()
    assert "code.example.test/team/shop.git" in answer.content.decode()
    spaced = browser.post(ADD, {"url": URL, "token": f"{TOKEN} x"})
    assert spaced.status_code == 422
    assert TOKEN not in spaced.content.decode()


@pytest.mark.asvs("11.4.3")
def test_a_fingerprint_differs_between_organizations(people):
    for org in (people.org, people.elsewhere):
        services.add_by_url(org, None, url=URL, credential=Proof(token=TOKEN))
    assert kept(people.org).digest != kept(people.elsewhere).digest
    assert len(kept(people.org).digest) == 12


def test_a_token_is_replaced_and_removed_by_one_click(signed_in, bob, org):
    browser = signed_in(bob)
    asset = browser.post(ADD, {"url": URL, "token": TOKEN})["Location"]
    first = kept(org)
    assert browser.post(f"{asset}token/", {"token": "another-" + TOKEN}).status_code == 302
    second = kept(org)
    assert second.pk != first.pk
    assert second.digest != first.digest
    page = browser.get(f"{asset}token/").content.decode()
    assert second.digest in page
    assert first.digest not in page
    answer = browser.post(f"{asset}token/remove/", follow=True)
    assert "Revoke it at the code host as well" in answer.content.decode()
    assert "cloned as a public one" in answer.content.decode()
    assert kept(org) is None
    assert [kind for kind, _ in facts(org) if "token" in kind] == [
        "repository.token_set",
        "repository.token_set",
        "repository.token_removed",
    ]
    browser.post(f"{asset}token/remove/")
    assert [kind for kind, _ in facts(org)].count("repository.token_removed") == 1


def test_only_what_is_cloned_has_a_token(signed_in, bob, org, tmp_path):
    folder = services.add_folder(org, name="here", folder=tmp_path)
    browser = signed_in(bob)
    assert browser.get(f"/acme/assets/{folder.asset_id}/token/").status_code == 404
    assert browser.post(f"/acme/assets/{folder.asset_id}/token/", {"token": TOKEN}).status_code == 404
    with pytest.raises(services.NotClonedError):
        services.set_credential(org, None, asset=folder.asset_id, credential=Proof(token=TOKEN))


@pytest.fixture
def caller(alice, org):
    """A machine with Alice's token."""
    _, text = tokens.make(org, alice, tokens.Wanted(name="ci", role=Role.DEVELOPER))
    machine = Client(headers={"Authorization": f"Bearer {text}"})

    def call(body):
        return machine.post("/api/v1/repositories", json.dumps(body), content_type="application/json")

    return call


@pytest.mark.asvs("14.2.6")
def test_the_api_takes_a_token_and_answers_with_its_fingerprint(caller, org):
    answer = caller({"url": URL, "token": TOKEN, "user": "oauth2"})
    assert answer.status_code == 201
    assert answer.json()["token"] == kept(org).digest
    assert TOKEN not in answer.content.decode()
    assert caller({"url": f"{URL}2"}).json()["token"] == ""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"url": URL, "token": TOKEN * 200}, id="too long"),
        pytest.param({"url": URL, "token": [TOKEN]}, id="a list"),
        pytest.param({"url": URL, "token": f"{TOKEN} x"}, id="a space"),
        pytest.param({"url": URL, "tokn": TOKEN}, id="misspelt"),
        pytest.param({"url": f"http://a:{TOKEN}@code.example.test/x"}, id="in an address that may not be"),
    ],
)
def test_the_api_refuses_without_repeating_a_token(caller, body):
    answer = caller(body)
    assert answer.status_code == 422
    assert TOKEN not in answer.content.decode()


def test_a_token_moved_to_another_repository_or_sent_elsewhere_does_not_open(org, tmp_path, caplog):
    mine = services.add_by_url(org, None, url=URL, credential=Proof(token=TOKEN))
    other = services.add_by_url(org, None, url="https://evil.example.test/other/shop.git", credential=Proof(token="x"))
    with scope(org.pk):
        stolen = Credential.objects.of(org).get(repository=mine).token
        Credential.objects.of(org).filter(repository=other).update(token=stolen)
        Repository.objects.of(org).filter(pk=mine.pk).update(url="https://evil.example.test/team/shop.git")
        mine.refresh_from_db()
    for attempt in (mine, other):
        with pytest.raises(errors.NotOursError, match="another place"):
            services.proof(attempt)
        with pytest.raises(checkout.SourceGoneError, match="give the token again"):
            checkout.bring(attempt, tmp_path, progress=print)
    assert TOKEN not in caplog.text


def test_a_rotation_keeps_tokens_open_for_their_host(org):
    mine = services.add_by_url(org, None, url=URL, credential=Proof(token=TOKEN))
    assert rotation.rotate(org.pk)
    assert services.proof(mine) == Proof(token=TOKEN)
    assert kept(org).token.startswith("v1.2.")


@pytest.mark.policy("PP-1.2a")
@pytest.mark.slow
@pytest.mark.asvs("13.3.2", "14.2.4")
def test_a_private_repository_is_brought_and_its_token_is_left_nowhere(
    reachable, repository, live_database, server, tmp_path, caplog, settings
):
    """The whole way: form to sealed row to git to scan; then everything that stayed is searched."""
    caplog.set_level(logging.DEBUG)
    org = making.people().org
    address = repository[0].replace("/project.git", "/locked/project.git")
    mine = services.add_by_url(org, None, url=address, credential=Proof(token=TOKEN))
    folder = tmp_path / "scratch"
    folder.mkdir()
    said = []
    job = checkout.bring(mine, folder, progress=said.append)
    assert job.facts["commit"] == repository[1]
    assert (folder / "repository" / "README").exists()
    assert kept(org).used_at is not None
    assert {request[2].get("Authorization") for request in reachable.requests} == {f"Basic {Proof(token=TOKEN).proof}"}

    telltale = repository[0].replace("/project.git", "/telltale/project.git")
    theirs = services.add_by_url(org, None, url=telltale, credential=Proof(token=TOKEN))
    scan = scans.request(org, theirs.asset_id, None)
    work.run(org.pk, scan.pk)
    with scope(org.pk):
        failed = Scan.objects.of(org).get(pk=scan.pk)
    assert "needs a credential" in failed.failure

    ran = subprocess.run(
        [dump._tool(server.cluster, "pg_dump"), "live"],
        env=dump._environment(server.cluster),
        capture_output=True,
        check=True,
    )
    assert kept(org).token.encode() in ran.stdout
    left = b"".join(
        [ran.stdout, caplog.text.encode(), " ".join(said).encode()]
        + [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    )
    for canary in (TOKEN, Proof(token=TOKEN).proof):
        assert canary.encode() not in left

    services.remove_credential(org, None, asset=mine.asset_id)
    shutil.rmtree(folder / "repository")
    with pytest.raises(RepositoryNotFound, match="needs a credential"):
        checkout.bring(mine, folder, progress=print)


@pytest.mark.policy("PP-5b")
@pytest.mark.asvs("13.3.1")
def test_what_is_sealed_does_not_open_on_a_machine_without_the_keyring(org, settings, tmp_path):
    mine = services.add_by_url(org, None, url=URL, credential=Proof(token=TOKEN))
    for with_kek in (True, False):
        settings.HOME = tmp_path / str(with_kek)
        if not with_kek:
            settings.KEK_FILE = tmp_path / "another_key"
        with pytest.raises(errors.NoSuchKeyError):
            services.proof(mine)


def test_no_schema_of_the_api_gives_a_sealed_field_away():
    description = json.dumps(Client().get("/api/v1/openapi.json").json())
    assert '"writeOnly": true' in description
    for place in keyring.field.sealed_columns():
        assert place not in description
    answers = Client().get("/api/v1/openapi.json").json()["components"]["schemas"]["RepositoryOut"]["properties"]
    assert answers["token"]["description"].startswith("A fingerprint")
