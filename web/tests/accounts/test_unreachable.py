"""An owner whom no mail reaches: they see it on every page, and the other owners are told, once."""

from datetime import timedelta

import making
import pytest
from mailing import mails

from vallum_web.accounts import services as accounts
from vallum_web.accounts.services import unreachable
from vallum_web.mail import notices, services
from vallum_web.mail.events import Event
from vallum_web.mail.letters import Letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock

pytestmark = pytest.mark.django_db
SUBJECT = "Mails to an owner of Acme come back"


def bounce(user, key=b"1" * 16):
    """A mail to somebody comes back for good, says the provider."""
    to = Recipient(address=user.email, person=user.pk)
    sent = services.queue(kind="security", to=to, letter=Letter(subject="Hello", text="Hello.\n"))
    assert services.take_in(key, Event(kind="email.bounced", message=sent, for_good=True))


def test_the_other_owners_are_told_once(people, signed_in):
    dana = making.person("dana@example.test", name="Dana")
    accounts.join(people.org, dana, "owner")
    bounce(people.alice)
    for _ in range(3):
        unreachable.tell_others()
    assert [(mail.to, mail.kind) for mail in mails(subject=SUBJECT)] == [("dana@example.test", "security")]
    assert "Alice (alice@example.test)" in mails(subject=SUBJECT)[0].text
    assert notices.unread(dana.pk, [people.org.pk]) == 1
    assert notices.unread(people.bob.pk, [people.org.pk]) == 0, "who does not own it is not told"
    assert "come back" in signed_in(people.alice).get("/acme/").content.decode(), "its owner sees it"
    services.lift(people.alice.email)
    with clock.travelled(timedelta(hours=1)):
        bounce(people.alice, b"2" * 16)
        unreachable.tell_others()
    assert len(mails(subject=SUBJECT)) == 2, "it came back anew"


def test_who_owns_nothing_or_has_another_address_by_now_is_nobodys_matter(people):
    dana = making.person("dana@example.test")
    accounts.join(people.org, dana, "owner")
    bounce(people.bob)
    bounce(people.alice, b"2" * 16)
    people.alice.email = "other@example.test"
    people.alice.save()
    unreachable.tell_others()
    assert mails(subject=SUBJECT) == []
