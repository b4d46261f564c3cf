"""Requests of authorities, as tests need them: received and found valid, or carried out."""

import making
from allauth.mfa.models import Authenticator
from django.core.management import call_command

from vallum_web.privacy.authorities import services, tasks
from vallum_web.tenancy import clock


def operator(name):
    made = making.person(f"{name}@example.test", name=name.capitalize())
    Authenticator.objects.create(user=made, type=Authenticator.Type.TOTP, data={})
    call_command("operator", "add", made.email)
    return made


def received(people, by, **more):
    facts = {
        "ref": "4711/26",
        "authority": "A court",
        "kind": "disclosure",
        "basis": "Article 60-1",
        "received_at": clock.now(),
        "whose": "person",
        "subject": people.bob.pk,
        "tables": ["accounts.SignIn"],
        "since": None,
        "until": None,
        "gag": False,
        "gag_until": None,
        "text": "All sign-ins of Bob.",
        **more,
    }
    row = services.receive(facts, by.pk)
    services.review(row.pk, by.pk, "Signed by a judge.")
    return row


def carried_out(people, first, second, **more):
    row = received(people, first, **more)
    services.agree(row.pk, first.pk, "It is narrow.")
    services.agree(row.pk, second.pk, "So I find.")
    services.carry_out(row.pk, first.pk, "To the court.")
    if row.kind != "preservation":
        tasks.write(str(row.pk))
    row.refresh_from_db()
    return row
