"""Sub-processors: nothing goes to one before its day, or out of the EU without a contract; and whoever asked is told ahead."""

import re
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO

import making
import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from mailing import last, mails

from vallum_guard import errors
from vallum_web.accounts.subscribers import services as subscribers
from vallum_web.accounts.subscribers.models import Subscriber
from vallum_web.mail.models import Notice
from vallum_web.operator.notices import queries as desk
from vallum_web.operator.notices.services import following, telling
from vallum_web.tenancy import clock, egress, egress_registry, keyring
from vallum_web.tenancy.announcing.days import first_day
from vallum_web.tenancy.announcing.models import Announcement, Told
from vallum_web.tenancy.egress_registry import BrokenRegistryError
from vallum_web.tenancy.figures import declared
from vallum_web.tenancy.processors import queries, services
from vallum_web.tenancy.processors.area import outside
from vallum_web.tenancy.processors.models import Transfer
from vallum_web.tenancy.processors.services import NotATransferError, Stated
from vallum_web.tenancy.scope import outbox

pytestmark = pytest.mark.django_db
DAY, YEAR = timedelta(days=1), timedelta(days=365)
RESEND, STRIPE = ("mail", "api.resend.com"), ("payment by stripe", "api.stripe.com")
PAGE, ASK = "/operator/sub-processors/", "/trust/sub-processors/"


@pytest.fixture(autouse=True)
def _fresh(settings):
    settings.PUBLIC_URL = "http://testserver"
    cache.clear()


@pytest.fixture
def olga(people, signed_in):
    """An operator's browser."""
    olga = making.person("olga@example.test", name="Olga")
    call_command("operator", "add", "olga@example.test", stdout=StringIO())
    return signed_in(olga)


def stated(**changed):
    today = clock.now().date()
    told = Stated(
        processor="resend",
        country="US",
        mechanism="scc",
        module="2",
        assessment="TIA-7",
        dated=today - YEAR,
        expires=today + YEAR,
    )
    return replace(told, **changed)


def figure(name):
    return next(each for each in declared() if each.id == name).query()


@pytest.fixture
def newcomer(monkeypatch):
    """The registry of the next release: one sub-processor more."""
    resend = egress_registry.by_purpose()["mail"]
    new = replace(
        resend,
        id="newmail",
        who="Newmail",
        purposes=("new mail",),
        hosts=("api.newmail.example",),
        countries=("FR",),
        since=clock.now().date(),
    )
    known = egress_registry.parties()

    def release():
        monkeypatch.setattr(egress_registry, "parties", lambda: (*known, new))

    return release


@pytest.mark.policy("PP-8c")
class TestTransfers:
    def test_where_the_regulation_holds_no_contract_is_needed(self):
        assert outside(("IE", "US", "NO", "IN", "FR")) == ("IN", "US")

    def test_nothing_goes_out_of_the_eu_without_a_valid_entry(self):
        with pytest.raises(errors.NotForeseen, match="US: nothing goes there without a valid entry"):
            egress.gate(*RESEND)
        services.enter(stated(), None)
        egress.gate(*RESEND)
        with pytest.raises(errors.NotForeseen):
            egress.gate(*STRIPE)

    def test_an_entry_that_ended_lets_nothing_go(self):
        row = services.enter(stated(expires=clock.now().date() + 10 * DAY), None)
        with clock.travelled(9 * DAY):
            egress.gate(*RESEND)
        with clock.travelled(10 * DAY), pytest.raises(errors.NotForeseen):
            egress.gate(*RESEND)
        assert services.end(row.pk)
        assert not services.end(row.pk), "once"
        with pytest.raises(errors.NotForeseen):
            egress.gate(*RESEND)

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            pytest.param({"processor": "acme"}, "no sub-processor", id="nobody of the registry"),
            pytest.param({"country": "CN"}, "processes nothing in CN", id="another country"),
            pytest.param({"processor": "stripe", "country": "IE"}, "processes nothing in IE", id="inside of the EU"),
            pytest.param({"expires": date(2026, 1, 1)}, "after today", id="over already"),
            pytest.param({"module": ""}, "module", id="clauses without a module"),
            pytest.param({"mechanism": "dpf"}, "module", id="a module of no clauses"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, changed, words):
        with pytest.raises(NotATransferError, match=words):
            services.enter(stated(**changed), None)
        assert not Transfer.objects.exists()

    def test_the_figures_see_what_went_without_one_and_what_is_kept_from_going(self, people, settings):
        assert (figure("bare-transfers"), figure("transfers-lacking")) == (0, 0)
        settings.MAIL, settings.RESEND_URL = "resend", ""
        assert figure("transfers-lacking") == 1
        egress.ledger(people.org.pk)(making.departure("api.resend.com", "mail"))
        assert figure("bare-transfers") == 1
        services.enter(stated(), None)
        assert (figure("bare-transfers"), figure("transfers-lacking")) == (0, 0)

    def test_public_pages_show_it(self):
        lacking = Client().get("/legal/processing/").content.decode()
        assert "nothing is stated, so nothing goes there" in lacking
        services.enter(stated(dpf=True), None)
        for path in ("/legal/processing/", "/trust/"):
            page = Client().get(path).content.decode()
            assert "Standard contractual clauses (EU) 2021/914, module 2" in page
            assert "Data Privacy Framework" in page
            assert "TIA-7" not in page

    def test_an_operator_enters_one_and_ends_it(self, olga):
        assert "No: nothing in the register holds for US" in olga.get(PAGE).content.decode()
        said = {"processor": "resend", "country": "us", "mechanism": "scc", "assessment": "TIA-7"}
        days = {"dated": f"{clock.now() - YEAR:%Y-%m-%d}", "expires": f"{clock.now() + YEAR:%Y-%m-%d}"}
        assert "module" in olga.post(PAGE, said | days).content.decode()
        olga.post(PAGE, said | days | {"module": "2"})
        row = Transfer.objects.get()
        assert "TIA-7" in olga.get(PAGE).content.decode()
        assert olga.post(f"{PAGE}{row.pk}/end/")["Location"] == PAGE
        assert olga.post(f"{PAGE}{row.pk}/end/").status_code == 404

    def test_and_so_does_the_command_line(self):
        out = StringIO()
        days = ("--dated", "2026-01-01", "--expires", f"{clock.now() + YEAR:%Y-%m-%d}")
        with pytest.raises(CommandError, match="module"):
            call_command("transfers", "enter", "resend", "US", "scc", "--assessment", "x", *days)
        call_command("transfers", "enter", "resend", "US", "dpf", "--assessment", "x", *days, stdout=out)
        call_command("transfers", "list", stdout=out)
        assert re.search(r"resend: US dpf until .*\nstripe: LACKING: US\nrazorpay: LACKING: IN", out.getvalue())

    def test_operators_are_warned_once_before_one_ends(self, olga):
        services.enter(stated(expires=clock.now().date() + 20 * DAY), None)
        for _time in range(2):
            following.warn_of_ends()
        [mail] = mails(subject="Nothing may go to Resend")
        assert mail.to == "olga@example.test"
        services.enter(stated(), None)
        assert following.warn_of_ends() == 0, "something follows it"

    def test_a_sub_processor_says_in_which_countries_it_is(self):
        with pytest.raises(BrokenRegistryError, match="countries"):
            egress_registry.read(
                '[[party]]\nid = "a"\nwho = "A"\nrole = "sub-processor"\nsince = 2026-01-01\npurposes = ["x"]\n'
                'sends = ["y"]\nregion = "r"\nwhy = "w"\n'
            )


@pytest.mark.policy("PP-3a")
class TestNewcomer:
    def test_what_the_first_look_finds_was_there_from_the_beginning(self):
        assert following.look_for_new() == []
        assert not Announcement.objects.exists()

    def test_a_new_one_is_announced_to_owners_and_subscribers_and_gets_nothing_before(self, people, newcomer):
        following.look_for_new()
        subscribers.ask("carla@example.test")
        subscribers.confirm(key_of("carla@example.test"))
        newcomer()
        with pytest.raises(errors.NotForeseen, match="for no day"):
            egress.gate("new mail", "api.newmail.example")
        assert following.look_for_new() == ["newmail"]
        assert following.look_for_new() == []
        row = Announcement.objects.get()
        telling.tell(row.pk)
        row.refresh_from_db()
        assert row.day == first_day(clock.now())
        told = {told.person for told in Told.objects.filter(announcement=row)}
        assert people.alice.pk in told
        assert people.bob.pk not in told, "who owns nothing decides nothing"
        with outbox():
            assert Notice.objects.filter(person=people.alice.pk, about=row.about).exists()
        mail = last(to="carla@example.test")
        assert "Newmail" in mail.subject
        assert "To get no more of these mails, open http://testserver/trust/sub-processors/told/" in mail.text
        assert any("1 subscribers" in step.what for step, _ in desk.steps(row))
        with pytest.raises(errors.NotForeseen, match=f"announced for {row.day:%Y-%m-%d}"):
            egress.gate("new mail", "api.newmail.example")
        with clock.travelled(row.day - clock.now().date()):
            egress.gate("new mail", "api.newmail.example")
        Announcement.objects.update(state="withdrawn")
        with clock.travelled(40 * DAY), pytest.raises(errors.NotForeseen, match="for no day"):
            egress.gate("new mail", "api.newmail.example")

    def test_withdrawn_it_can_be_announced_again(self, olga, newcomer):
        following.look_for_new()
        newcomer()
        following.look_for_new()
        Announcement.objects.update(state="withdrawn")
        assert "Announce again" in olga.get(PAGE).content.decode()
        for _time in range(2):
            olga.post(f"{PAGE}newmail/announce/")
        assert Announcement.objects.exclude(state="withdrawn").count() == 1
        assert "Announce again" not in olga.get(PAGE).content.decode()

    def test_the_page_says_from_when_on(self, people, newcomer):
        following.look_for_new()
        newcomer()
        following.look_for_new()
        assert f"{queries.standing()[-1].since:%Y-%m-%d}" in Client().get("/trust/").content.decode()


def key_of(address):
    return re.search(r"/told/([^/\s]+)/", last(to=address).text)[1]


@pytest.mark.policy("PP-3a")
class TestSubscribers:
    def test_an_address_is_told_once_its_reader_says_so_and_no_more_once_they_end_it(self):
        assert "/trust/sub-processors/" in Client().get("/trust/").content.decode()
        assert Client().post(ASK, {"email": "Carla@example.test"})["Location"] == f"{ASK}asked/"
        page = f"{ASK}told/{key_of('carla@example.test')}/"
        assert list(subscribers.confirmed()) == []
        Client().get(page)
        assert list(subscribers.confirmed()) == [], "looking confirms nothing"
        for _click in range(2):
            assert Client().post(page, {"confirm": "1"})["Location"] == page
        Client().post(page)
        assert [each.address for each in subscribers.confirmed()] == ["carla@example.test"]
        [row] = Subscriber.objects.all()
        assert "carla" not in row.sealed
        answer = Client().post(page, {"end": "1"})
        assert "You are told no more" in answer.content.decode()
        assert not Subscriber.objects.exists()
        with pytest.raises(keyring.KeyringError):
            keyring.unseal_for(row.pk, f"subscribers.Subscriber.sealed:{row.pk}", row.sealed)
        assert Client().get(page).status_code == 404

    def test_asked_again_the_last_link_counts_and_who_is_told_already_gets_nothing(self):
        subscribers.ask("carla@example.test")
        old = key_of("carla@example.test")
        subscribers.ask("carla@example.test")
        assert Client().get(f"{ASK}told/{old}/").status_code == 404
        subscribers.confirm(key_of("carla@example.test"))
        before = len(mails(to="carla@example.test"))
        answer = Client().post(ASK, {"email": "carla@example.test"})
        assert answer["Location"] == f"{ASK}asked/", "the same answer as to everybody"
        assert len(mails(to="carla@example.test")) == before
        assert Subscriber.objects.count() == 1

    def test_what_nobody_confirms_is_forgotten_after_a_week(self):
        subscribers.ask("carla@example.test")
        subscribers.ask("dora@example.test")
        subscribers.confirm(key_of("dora@example.test"))
        with clock.travelled(6 * DAY):
            assert subscribers.prune() == 0
        with clock.travelled(8 * DAY):
            assert subscribers.prune() == 1
        assert subscribers.count() == 1

    def test_one_network_asks_for_so_many_and_no_more(self):
        answers = [Client().post(ASK, {"email": f"p{number}@example.test"}).status_code for number in range(7)]
        assert answers.count(429) == 2

    def test_it_goes_with_the_person_whose_address_it_is(self, people):
        subscribers.ask(people.bob.email)
        assert subscribers.forget(people.bob.email.upper()) == 1
        assert not Subscriber.objects.exists()
