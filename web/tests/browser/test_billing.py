"""The life of a subscription in a real browser, from the sign-up to its end: our pages, the provider's, and what mails say.

With VALLUM_SHOTS=FOLDER each step is kept there as a picture.
"""

import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import making
import pytest
import requests
from looking import barriers, picture
from mailing import mails
from playwright.sync_api import Page, expect
from selling import follow_all, selling, selling_in_rupees
from served import NEWCOMER, PASSWORD, sign_in, sign_up

from vallum_web.accounts import services
from vallum_web.accounts.models import Membership
from vallum_web.billing import queries
from vallum_web.billing.services import reconcile
from vallum_web.tenancy import clock, entitlements, lookups
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAN = "/nora/settings/plan/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FAILED = "A payment for Nora & Co failed"


@dataclass(kw_only=True)
class Story:
    """Nora's window, the provider that she pays at, and a clock that goes on."""

    page: Page
    shop: Any
    name: str
    journey: ExitStack
    steps: int = field(default=0)

    def shows(self, what: str) -> None:
        """A step, and its picture."""
        self.steps += 1
        self.page.wait_for_load_state()
        picture(self.page, f"{self.name}-{self.steps:02}-{what}")

    def looks(self, what: str) -> None:
        """The same, of a page with nothing in anybody's way."""
        self.shows(what)
        assert barriers(self.page) == []

    def plan(self) -> None:
        self.page.goto(PLAN)
        expect(self.page.locator("#live")).not_to_contain_text("Asking")

    def button(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("button", name=name).click()

    def link(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def seats(self, number: int) -> None:
        self.page.locator("input[name=seats]").first.fill(str(number))
        self.button("Change seats")

    def told(self) -> None:
        """The provider's notices come in, and the hour is struck: what the worker does."""
        self.shop.settle()
        follow_all()
        reconcile.everything()

    def later(self, by: timedelta) -> None:
        """Time goes on, at the provider too; Nora signs in again, for her session is over."""
        self.journey.enter_context(clock.travelled(by))
        self.told()
        self.page.context.clear_cookies()
        sign_in(self.page, NEWCOMER, PASSWORD, "/nora/")

    def to_the_end(self, more: timedelta) -> None:
        """To so long after the end of the present period."""
        self.later(self.bought.mirror.period_end - clock.now() + more)

    @property
    def org(self) -> Org:
        (key,) = lookups.all_orgs()
        with scope(key):
            return Org.objects.get(pk=key)

    @property
    def bought(self) -> Any:
        org = self.org
        with scope(org.pk):
            return queries.bought(org)

    @property
    def entitled(self) -> tuple[str, int | None]:
        org = self.org
        with scope(org.pk):
            has = entitlements.of(org)
        return has.plan.id, has.seats

    def letters(self) -> list[str]:
        return [mail.subject for mail in mails(to=NEWCOMER, kind="billing")]


@pytest.fixture
def journey():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def euros(live_database, settings, monkeypatch, site, page, journey):
    settings.DEFAULT_PLAN = "free"
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]  # by which notices come in
    with selling(settings, monkeypatch) as shop:
        yield Story(page=page, shop=shop, name="stripe", journey=journey)


@pytest.fixture
def rupees(live_database, settings, monkeypatch, site, page, journey):
    settings.DEFAULT_PLAN = "free"
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    with selling_in_rupees(settings, monkeypatch) as shop:
        yield Story(page=page, shop=shop, name="razorpay", journey=journey)


@pytest.fixture
def guest(site, chromium):
    """The window of Finn, who is invited when all seats are taken."""
    making.person("finn@example.test")
    context = chromium.new_context(base_url=site)
    yield context.new_page()
    context.close()


def begin(story: Story) -> None:
    """Sign up, found an organization, try Pro, and go to where five seats are paid."""
    page = story.page
    sign_up(page)
    page.get_by_label("Organization name").fill("Nora & Co")
    page.get_by_label("Address").fill("nora")
    page.locator("main button[type=submit]").click()
    expect(page).to_have_url(re.compile("/nora/$"))
    story.plan()
    story.looks("free")
    story.button("Try Pro for 14 days")
    expect(page.get_by_text("Pro is yours for 14 days.")).to_be_visible()
    story.shows("trial")
    page.get_by_label("Seats").fill("5")
    story.button("Go on to pay")
    expect(page.get_by_role("heading", name="On to")).to_be_visible()
    story.looks("away")
    story.page.get_by_role("link", name="Continue at").click()


def fill_up(story: Story, guest: Page) -> None:
    """Four come in beside Nora. Finn is invited, and kindly told why he cannot."""
    for name in ("ada", "ben", "cleo", "dan"):
        services.join(story.org, making.person(f"{name}@example.test"), Membership.Role.DEVELOPER)
    invite(story)
    story.shows("members")
    guest.goto(invitation())
    guest.get_by_role("link", name="Sign in").click()
    guest.get_by_label("Email").fill("finn@example.test")
    guest.get_by_label("Password").fill("correct horse battery")
    guest.keyboard.press("Enter")
    join(guest)
    expect(guest.get_by_role("alert")).to_contain_text("has as many members as its plan Pro allows (5)")
    expect(guest.get_by_role("alert")).to_contain_text("an owner has to add a seat first")
    story.steps += 1
    picture(guest, f"{story.name}-{story.steps:02}-no-seat-for-finn")


def invite(story: Story) -> None:
    story.page.goto("/nora/settings/")
    story.page.get_by_label("Email address").fill("finn@example.test")
    story.button("Send the invitation")
    expect(story.page.get_by_role("cell", name="finn@example.test", exact=True)).to_be_visible()


def invitation() -> str:
    *_, letter = mails(to="finn@example.test", kind="invitation")
    return re.search(r"https?://\S+/invite/\S+", letter.text)[0]


def join(guest: Page) -> None:
    guest.get_by_role("button", name="Join Nora & Co").click()


def dun(story: Story, *days: int) -> None:
    """The debit of the next period fails. Mails say so that day, and again on these."""
    story.to_the_end(3 * HOUR)
    assert story.bought.mirror.status == "past_due"
    assert story.letters() == [FAILED]
    expect(story.page.get_by_text("A payment for Nora & Co did not go through.")).to_be_visible()
    story.plan()
    story.looks("not-paid")
    story.page.goto("/inbox/")
    expect(story.page.get_by_role("heading", name=FAILED)).to_be_visible()
    story.shows("reminder")
    for count, day in enumerate(days, start=2):
        story.later(story.bought.owed_since + day * DAY + HOUR - clock.now())
        assert story.letters() == [FAILED] * count
        assert story.entitled == ("pro", 7)


def smaller(story: Story) -> None:
    """Seven seats become six with the next invoice."""
    story.seats(6)
    story.button("Have 6 seats from then on")


def leave(story: Story) -> None:
    """Cancel, after a look at what Free would not hold; it lasts until the end of what is paid."""
    end = story.bought.mirror.period_end
    story.plan()
    story.link("Cancel…")
    expect(story.page.get_by_text("6 members, of which Free includes 3.")).to_be_visible()
    story.looks("what-free-would-not-hold")
    story.button("Cancel the subscription")
    expect(story.page.get_by_text(f"Cancelled: it ends on {end:%Y-%m-%d}")).to_be_visible()
    story.looks("cancelled")


def gone(story: Story) -> None:
    story.to_the_end(3 * HOUR)
    assert story.bought is None
    assert story.entitled[0] == "free"
    story.plan()
    expect(story.page.get_by_text("Subscribe to Pro")).to_be_visible()
    story.shows("free-again")


def test_at_stripe(euros, guest):
    buy_at_stripe(euros)
    fill_up(euros, guest)
    more_seats_at_stripe(euros, guest)
    change_card(euros, "4000 0000 0000 0341")
    dun(euros, 3, 7)
    pay_late_at_stripe(euros)
    smaller(euros)
    expect(euros.page.get_by_role("button", name="Take back")).to_be_visible()
    euros.shows("six-seats-from-then-on")
    euros.to_the_end(-12 * HOUR)
    euros.later(15 * HOUR)
    assert euros.entitled == ("pro", 6)
    leave(euros)
    expect(euros.page.get_by_role("button", name="Go on after all")).to_be_visible()
    gone(euros)


def buy_at_stripe(story: Story) -> None:
    page = story.page
    begin(story)
    page.get_by_label("Name").fill("Nora")
    page.get_by_label("E-mail").fill(NEWCOMER)
    story.shows("checkout")
    story.button("Pay")
    expect(page.get_by_text("Nora & Co has 5 seats of Pro.")).to_be_visible()
    expect(page.get_by_text("The first payment is due on")).to_be_visible()
    story.shows("pro-after-the-trial")
    story.later(15 * DAY)
    story.plan()
    expect(page.get_by_text("€145.00")).to_be_visible()
    story.looks("paid")


def more_seats_at_stripe(story: Story, guest: Page) -> None:
    """At once and paid at once, after the amount was shown. Finn comes in."""
    page = story.page
    story.plan()
    story.seats(7)
    expect(page.get_by_text("is charged now, tax included")).to_be_visible()
    story.looks("two-seats-more")
    story.button("Have 7 seats and pay")
    expect(page.get_by_text("Nora & Co has 7 seats now.")).to_be_visible()
    guest.goto(guest.url)
    join(guest)
    expect(guest.get_by_text("Welcome to Nora & Co.")).to_be_visible()


def pay_late_at_stripe(story: Story) -> None:
    page = story.page
    story.plan()
    story.link("Pay")
    story.shows("open-invoice")
    story.button("Pay")
    expect(page.locator("#status")).to_have_text("paid")
    change_card(story, "4242 4242 4242 4242")
    story.told()
    story.plan()
    assert story.bought.mirror.status == "active"
    expect(page.get_by_text("did not go through")).to_have_count(0)
    story.shows("paid-late")


def change_card(story: Story, number: str) -> None:
    story.plan()
    story.link("Way of paying, address, tax number")
    story.link("Continue at Stripe")
    story.page.get_by_label("Card number").fill(number)
    story.button("Change the card")
    expect(story.page.get_by_text(f"Ends in {number[-4:]}")).to_be_visible()
    story.shows("card")
    story.link("Back")


def test_at_razorpay(rupees, guest):
    buy_at_razorpay(rupees)
    fill_up(rupees, guest)
    another_mandate(rupees)
    invite(rupees)  # the first one was good for seven days
    sign_in(guest, "finn@example.test", to="/new/")
    guest.goto(invitation())
    join(guest)
    expect(guest.get_by_text("Welcome to Nora & Co.")).to_be_visible()
    doors = f"{rupees.shop.world.url}/_fake"
    sub = rupees.bought.mirror.subscription_id
    assert requests.post(f"{doors}/declines", json={"subscription": sub}, timeout=10).ok
    dun(rupees)
    rupees.later(DAY)  # it still tries: after three days it would halt, and never debit this invoice
    pay_late_at_razorpay(rupees)
    smaller(rupees)
    expect(rupees.page.get_by_text("there are 6 seats")).to_be_visible()
    rupees.shows("six-seats-from-then-on")
    rupees.to_the_end(3 * HOUR)
    assert rupees.entitled == ("pro", 6)
    leave(rupees)
    expect(rupees.page.get_by_role("button", name="Go on after all")).to_have_count(0)  # Razorpay takes nothing back
    gone(rupees)


def buy_at_razorpay(story: Story) -> None:
    page = story.page
    begin(story)
    mandate(story, "upi", "Authorise")
    story.plan()
    expect(page.get_by_text("The first payment is due on")).to_be_visible()
    story.shows("pro-after-the-trial")
    story.later(15 * DAY)
    story.plan()
    expect(page.get_by_text("₹9,500.00")).to_be_visible()
    story.shows("paid")


def another_mandate(story: Story) -> None:
    """One by UPI cannot be changed: another takes its place when what is paid ends, and the seats are there then."""
    page = story.page
    story.plan()
    story.seats(7)
    story.shows("two-seats-more")
    story.button("Have 7 seats and pay")
    expect(page.get_by_text("Your way of paying allows no change of what was agreed.")).to_be_visible()
    story.shows("another-mandate")
    story.link("Continue at Razorpay")
    mandate(story, "upi", "Authorise")
    assert story.entitled == ("pro", 5)  # until what is paid ends
    story.plan()
    expect(page.get_by_text("From then on there are 7 seats, by Razorpay.")).to_be_visible()
    story.shows("two-mandates")
    story.to_the_end(3 * HOUR)
    assert story.entitled == ("pro", 7)


def pay_late_at_razorpay(story: Story) -> None:
    """With another way of paying, by which the debit that waits is made."""
    story.plan()
    story.link("Pay")
    mandate(story, "international card", "Change the method")
    story.plan()
    assert story.bought.mirror.status == "active"
    expect(story.page.get_by_text("A payment waits for you.")).to_have_count(0)
    story.shows("paid-late")


def mandate(story: Story, method: str, button: str) -> None:
    """What Nora does on Razorpay's page, which leads nobody back: the notice tells."""
    story.page.get_by_label("E-mail").fill(NEWCOMER)
    story.page.get_by_label("Pay by").select_option(method)
    story.shows("mandate")
    story.button(button)
    expect(story.page.get_by_role("status")).to_be_visible()
    story.told()
