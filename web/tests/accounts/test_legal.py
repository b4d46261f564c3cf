"""What is accepted, by whom, when; and that nobody goes on without."""

import re
from datetime import date, timedelta

import making
import pytest
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.test import Client
from mailing import last

from vallum_web.accounts import services, tokens
from vallum_web.accounts.legal import documents, markdown
from vallum_web.accounts.legal.comparing import compare
from vallum_web.accounts.legal.documents import Document, Version, Weight, in_force, stamp
from vallum_web.accounts.legal.queries import held
from vallum_web.accounts.legal.services import accept, settle
from vallum_web.accounts.models import Acceptance, Membership, User
from vallum_web.accounts.services import invitations
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.origin import Origin, coming_from
from vallum_web.tenancy.scope import scope

SIGNUP = "/accounts/signup/"
ACCEPT = "/accounts/accept/"
TERMS_1 = Version(document=Document.TERMS, number=1, since=date(2026, 1, 1))
TERMS_2 = Version(document=Document.TERMS, number=2, since=date(2026, 6, 1))
PRIVACY_1 = Version(document=Document.PRIVACY, number=1, since=date(2026, 3, 1))
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"


@pytest.fixture(autouse=True)
def _fresh(settings, db):
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    cache.clear()


@pytest.fixture
def dora(db):
    """Somebody whose account was made for them: they have accepted nothing yet."""
    return User.objects.create_user("dora@example.test", "correct horse battery")


@pytest.mark.parametrize(
    ("on", "held"),
    [
        pytest.param(date(2025, 12, 31), "", id="before the first"),
        pytest.param(date(2026, 1, 1), "terms-1", id="on its day"),
        pytest.param(date(2026, 3, 1), "privacy-1 terms-1", id="a second document"),
        pytest.param(date(2026, 5, 31), "privacy-1 terms-1", id="announced is not in force"),
        pytest.param(date(2026, 6, 1), "privacy-1 terms-2", id="a new version"),
    ],
)
def test_a_version_holds_from_its_day_until_the_next_one_does(on, held):
    assert stamp(in_force((TERMS_2, PRIVACY_1, TERMS_1), on)) == held


def test_every_version_has_a_text_with_its_own_title():
    for version in documents.versions():
        assert next(markdown.blocks(version.text)).lines == (version.document.heading,)
        assert {block.kind for block in markdown.blocks(version.text)} > {markdown.Kind.HEADING, markdown.Kind.LIST}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "# T\n\n## A b\n\n### C", [("title", "T"), ("heading", "A b"), ("subheading", "C")], id="headings"
        ),
        pytest.param("one\ntwo\n\nthree", [("paragraph", "one two"), ("paragraph", "three")], id="paragraphs"),
        pytest.param("- one\n  more\n- two", [("list", "one more", "two")], id="a list"),
        pytest.param("<b>*x*</b> [y](z)", [("paragraph", "<b>*x*</b> [y](z)")], id="anything else is text"),
    ],
)
def test_of_markdown_only_the_little_that_is_needed(text, said):
    assert [(block.kind, *block.lines) for block in markdown.blocks(text)] == said


def test_sentences_may_have_names():
    block = next(markdown.blocks("One thing. {one} Two things.\nOf three. {two} And a tail. Another."))
    told = [(sentence.name, sentence.text) for sentence in block.parts[0]]
    assert told == [("one", "One thing."), ("two", "Two things. Of three."), ("", "And a tail."), ("", "Another.")]


def test_two_versions_are_compared_sentence_by_sentence():
    rows = compare("# T\n\nStays. Goes.\n\n## Old", "# T\n\nStays. {name}\n\n## New\n\n- Comes.")
    assert [(row.change.value, row.text) for row in rows] == [
        ("same", "T"),
        ("same", "Stays."),
        ("gone", "Goes."),
        ("gone", "Old"),
        ("new", "New"),
        ("new", "Comes."),
    ]


class TestDocuments:
    @pytest.mark.parametrize(
        "path", ["/legal/terms/", "/legal/privacy/", "/legal/acceptable-use/", "/legal/privacy/2/"]
    )
    def test_anybody_reads_them(self, path, dora, signed_in):
        for browser in (Client(), signed_in(dora)):
            page = browser.get(path)
            assert page.status_code == 200
            assert "Last updated 26 November 2026" in page.content.decode()

    @pytest.mark.parametrize("path", ["/legal/other/", "/legal/terms/0/", "/legal/terms/99/", "/legal/terms/x/"])
    def test_what_there_is_not_is_missing(self, path):
        assert Client().get(path).status_code == 404

    @pytest.mark.policy("PP-0.1", "PP-10a")
    def test_what_changed_between_two_versions_is_shown(self):
        page = Client().get("/legal/privacy/2/from/1/").content.decode()
        assert re.search(r"<ins>.{0,60}Your data lies on servers in Europe", page, re.DOTALL)
        assert re.search(r"<del>.{0,60}There are none at present", page, re.DOTALL)
        assert "These two say the same." in Client().get("/legal/privacy/2/from/2/").content.decode()
        assert Client().get("/legal/privacy/2/from/9/").status_code == 404

    @pytest.mark.policy("PP-10c")
    def test_last_updated_is_the_day_of_the_version_in_force(self, monkeypatch):
        later = Version(document=Document.PRIVACY, number=3, since=date(2027, 3, 1), weight=Weight.WORDING)
        monkeypatch.setattr(Version, "text", "# Privacy policy\n\nA text.")
        known = documents.versions()
        monkeypatch.setattr(documents, "versions", lambda: (*known, later))
        page = Client().get("/legal/privacy/").content.decode()
        assert "Last updated 26 November 2026" in page
        assert "From 1 March 2027 on" in page
        with clock.travelled(date(2027, 3, 2) - clock.now().date()):
            assert "Last updated 1 March 2027" in Client().get("/legal/privacy/").content.decode()

    def test_whom_to_ask_is_what_the_operator_says(self, settings):
        assert "have not named an address yet" in Client().get("/legal/privacy/").content.decode()
        settings.PRIVACY_CONTACT = "privacy@vallum.example"
        assert "mailto:privacy@vallum.example" in Client().get("/legal/privacy/").content.decode()

    def test_facts_of_the_policy_are_in_it(self):
        text = Client().get("/legal/privacy/").content.decode()
        for fact in ("bcrypt", "AES-128", "TLS 1.3", "90 days", "72 hours", "12 months", "under 18", "30 days before"):
            assert fact in text


class TestSignUp:
    @pytest.mark.policy("PP-0.2", "PP-2e", "PP-9a")
    def test_it_keeps_what_was_accepted_how_and_roughly_where(self):
        Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="192.0.2.77").post(
            SIGNUP, making.signup_form("dora@example.test")
        )
        dora = User.objects.get(email="dora@example.test")
        kept = Acceptance.objects.filter(user=dora.pk).order_by("document")
        assert [(row.document, row.version, row.method) for row in kept] == [
            ("privacy", 2, "signup"),
            ("terms", 2, "signup"),
        ]
        assert {(row.network, row.device) for row in kept} == {("192.0.2.0/24", "Firefox 131 on Linux")}
        assert clock.now() - dora.attested_adult_at < timedelta(minutes=1)

    @pytest.mark.policy("PP-0.2", "PP-9a")
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            pytest.param({"accept": ""}, "Without accepting both there is no account.", id="not accepted"),
            pytest.param({"adult": ""}, "Vallum is for people who are 18 or older.", id="not of age"),
            pytest.param(
                {"versions": "privacy-1 terms-0"}, "These texts have changed", id="shown with another version"
            ),
            pytest.param({"versions": ""}, "These texts have changed", id="shown with none"),
        ],
    )
    def test_without_a_tick_there_is_no_account(self, change, said):
        form = {name: value for name, value in (making.signup_form("dora@example.test") | change).items() if value}
        page = Client().post(SIGNUP, form)
        assert said in page.content.decode()
        assert not User.objects.filter(email="dora@example.test").exists()

    def test_what_changed_meanwhile_is_to_be_ticked_again_in_its_new_version(self):
        page = Client().post(SIGNUP, making.signup_form("dora@example.test") | {"versions": "terms-0"}).content.decode()
        assert 'name="versions" value="privacy-2 terms-2"' in page
        assert re.search(r'name="accept"[^>]*>', page)
        assert not re.search(r'name="accept"[^>]*checked', page)
        assert re.search(r'name="adult"[^>]*checked', page)

    @pytest.mark.policy("PP-8b")
    def test_where_data_goes_is_said_before_anything_is_sent(self):
        assert "your data is transferred to the EU and processed there" in Client().get(SIGNUP).content.decode()

    @pytest.mark.policy("PP-9b")
    def test_no_birthday_is_asked_for(self):
        page = Client().get(SIGNUP).content.decode().lower()
        assert "birth" not in page
        assert "age" not in re.findall(r'name="(\w+)"', page)

    def test_by_an_invitation_it_says_so(self, people, settings):
        settings.SIGNUP_OPEN = False
        with scope(people.org.pk):
            owner = Membership.objects.of(people.org).get(user=people.alice)
        invitations.invite(people.org, owner, email="dora@example.test", role="developer")
        link = re.search(r"/invite/\S+", last().text)[0]
        browser = Client()
        browser.get(link)
        browser.post(SIGNUP, making.signup_form("dora@example.test"))
        dora = User.objects.get(email="dora@example.test")
        assert set(Acceptance.objects.filter(user=dora.pk).values_list("method", flat=True)) == {"invitation"}


class TestDoor:
    def test_whose_account_was_made_for_them_accepts_first_and_comes_where_they_wanted(self, dora, signed_in):
        browser = signed_in(dora)
        assert browser.get("/new/?a=b")["Location"] == "/accounts/accept/?next=%2Fnew%2F%3Fa%3Db"
        page = browser.get("/accounts/accept/?next=/new/").content.decode()
        assert "Your account was made for you" in page
        answer = browser.post(ACCEPT, making.ticks() | {"next": "/new/?a=b"})
        assert answer["Location"] == "/new/?a=b"
        assert browser.get("/new/").status_code == 200
        assert set(Acceptance.objects.filter(user=dora.pk).values_list("method", flat=True)) == {"later"}

    @pytest.mark.parametrize("missing", ["accept", "adult", "versions"])
    def test_both_ticks_are_needed(self, missing, dora, signed_in):
        browser = signed_in(dora)
        ticks = {name: value for name, value in making.ticks().items() if name != missing}
        assert browser.post(ACCEPT, ticks).status_code == 422
        assert browser.get("/new/").status_code == 302
        assert not Acceptance.objects.filter(user=dora.pk).exists()

    @pytest.mark.policy("PP-0.2")
    @pytest.mark.parametrize("path", ["/", "/new/", "/acme/", "/acme/findings/", "/operator/", "/nowhere/"])
    def test_everything_else_leads_there(self, path, dora, people, signed_in):
        browser = signed_in(dora)
        assert browser.get(path)["Location"].startswith(ACCEPT)
        assert browser.post(path)["Location"] == "/accounts/accept/?next=%2F"

    @pytest.mark.parametrize("path", ["/legal/terms/", "/accounts/profile/", "/accounts/email/", "/healthz"])
    def test_the_texts_and_ones_own_account_stay_open(self, path, dora, signed_in):
        assert signed_in(dora).get(path).status_code == 200

    def test_one_can_leave(self, dora, signed_in):
        browser = signed_in(dora)
        browser.post("/accounts/logout/")
        assert browser.get("/new/")["Location"].startswith("/accounts/login/")

    def test_it_leads_nowhere_else(self, dora, signed_in):
        for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
            browser = signed_in(making.person(f"{uuid7()}@example.test"))
            assert browser.get(ACCEPT, {"next": target})["Location"] == "/"
            assert browser.post(ACCEPT, making.ticks() | {"next": target})["Location"] == "/"

    def test_it_asks_the_database_once_a_session(self, alice, signed_in, django_assert_max_num_queries):
        browser = signed_in(alice)
        browser.get("/acme/")
        with django_assert_max_num_queries(40) as asked:
            assert browser.get("/acme/").status_code == 200
        assert [query for query in asked.captured_queries if "acceptance" in query["sql"]] == []

    def test_a_new_version_is_accepted_again_by_everybody(self, dora, signed_in):
        dora.attested_adult_at = clock.now()
        dora.save()
        for document in (Document.TERMS, Document.PRIVACY):
            Acceptance.objects.create(user=dora.pk, document=document, version=0, method=Acceptance.Method.SIGNUP)
        browser = signed_in(dora)
        assert browser.get("/new/")["Location"].startswith(ACCEPT)
        page = browser.get(ACCEPT).content.decode()
        assert "Something has changed since you last accepted" in page
        assert 'name="adult"' not in page
        assert browser.post(ACCEPT, {"accept": "on", "versions": "privacy-2 terms-2"}).status_code == 302
        assert browser.get("/new/").status_code == 200
        kept = Acceptance.objects.filter(user=dora.pk).order_by("document", "version")
        assert [(row.document, row.version, row.method) for row in kept] == [
            ("privacy", 0, "signup"),
            ("privacy", 2, "later"),
            ("terms", 0, "signup"),
            ("terms", 2, "later"),
        ]


@pytest.mark.policy("PP-10a")
@pytest.mark.policy("PP-0.2")
@pytest.mark.parametrize(
    ("method", "path"), [("get", "findings"), ("get", "tokens"), ("post", "uploads"), ("post", "scans")]
)
def test_a_token_does_nothing_while_its_maker_has_not_accepted(method, path, dora, org):
    services.join(org, dora, Membership.Role.OWNER)
    _, text = tokens.make(org, dora, tokens.Wanted(name="ci", role=Membership.Role.OWNER))
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    answer = getattr(machine, method)(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (403, "policy_acceptance_required")
    settle(dora, Acceptance.Method.LATER)
    assert getattr(machine, method)(f"/api/v1/{path}").status_code != 403


def test_an_acceptance_is_never_changed_and_never_removed(alice):
    for change in (Acceptance.objects.filter(user=alice.pk).delete, lambda: Acceptance.objects.update(version=9)):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            change()
    assert Acceptance.objects.filter(user=alice.pk).count() == 2


def test_accepting_twice_is_accepting_once(alice):
    before = list(Acceptance.objects.filter(user=alice.pk).values())
    with coming_from(Origin(request_id=uuid7(), address="198.51.100.7", agent="")):
        accept(alice, held(), Acceptance.Method.SIGNUP)
    assert list(Acceptance.objects.filter(user=alice.pk).values()) == before
