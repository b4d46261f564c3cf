"""What an organization asks of its members' sign-in."""

from datetime import timedelta

from vallum_web.accounts.models import Membership, User
from vallum_web.accounts.person.queries import with_second_step
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


class OwnFirstError(ValueError):
    """Whoever asks for a second step has none themselves, and would shut themselves out."""


def ask_for_second_step(org: Org, by: User, *, in_days: int) -> None:
    """From then on nobody without one sees anything of the organization. Those are told by mail. Raises OwnFirstError."""
    begins = clock.now() + timedelta(days=in_days)
    with scope(org.pk, user=by.pk):
        members = dict(Membership.objects.of(org).order_by("id").values_list("user_id", "user__email"))
        have = with_second_step(members)
        if by.pk not in have:
            raise OwnFirstError
        Org.objects.filter(pk=org.pk).update(two_step_from=begins)
        emit("org.two_step", org.pk, begins=begins.isoformat())
        for person in members.keys() - have:
            mails.queue(
                kind="security",
                to=Recipient(address=members[person], person=person),
                letter=letter(
                    "second_step_wanted",
                    slug=org.slug,
                    **{"from": f"from {begins:%Y-%m-%d %H:%M} UTC on" if in_days else "from now on"},
                ),
                org=org.pk,
            )


def no_longer_ask_for_second_step(org: Org, by: User) -> None:
    with scope(org.pk, user=by.pk):
        Org.objects.filter(pk=org.pk).update(two_step_from=None)
        emit("org.two_step", org.pk, begins=None)
