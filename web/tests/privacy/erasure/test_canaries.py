"""Forty canaries in all that is kept of a person. They are erased; then nothing finds one of them, anywhere."""

import itertools
import os
from pathlib import Path

import making
import psycopg
import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import CharField, TextField
from procrastinate.contrib.django import app

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Acceptance, EmailChange, Invitation, Operator, SignIn, User
from vallum_web.accounts.objections import services as objections
from vallum_web.accounts.usage.models import PersonUse
from vallum_web.mail import notices
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.models import Habits, Message
from vallum_web.mail.recipients import Recipient
from vallum_web.privacy.erasure import persons, purge, receipts, services
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.privacy.exports.models import PersonExport
from vallum_web.tenancy import clock
from vallum_web.tenancy.audit import services as audit
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import RequestLog
from vallum_web.tenancy.scope import looking_back, outbox, person, scope

MARK = "zq7xk9w"


class Flock:
    def __init__(self):
        self.numbers = itertools.count(1)
        self.names = []

    def __call__(self):
        self.names.append(f"{MARK}{next(self.numbers):02}")
        return self.names[-1]


def searched(url):
    """Which canaries any table shows, and the planner's statistics: as the server's own superuser, whom no policy binds."""
    found = {}
    with psycopg.connect(url) as everything:
        tables = everything.execute(
            "select format('%I', relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        ).fetchall()
        places = [(name, f"select t::text from {name} t where t::text like '%{MARK}%'") for (name,) in tables]
        stats = """select tablename || '.' || attname || coalesce(most_common_vals::text, '') || coalesce(histogram_bounds::text, '')
                   from pg_stats"""
        for name, query in [*places, ("pg_stats", f"select s from ({stats}) as f(s) where s like '%{MARK}%'")]:
            if rows := everything.execute(query.encode()).fetchall():
                found[name] = [row[0] for row in rows]
    return found


def files(home):
    return [str(path) for path in Path(home).rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]


def crowd(people, bob, canary):
    """Bob in every table that is of a person: by hand where that takes a browser, a provider or three months."""
    known(bob, canary)
    told(bob, canary)
    org, now = people.org, clock.now()
    with scope(org.pk, user=bob.pk):
        Invitation.objects.create(
            org=org,
            email=f"{canary()}@example.test",
            role="developer",
            digest=os.urandom(32),
            by=people.alice.pk,
            made_at=now,
            expires_at=now,
            accepted_by=bob.pk,
            accepted_at=now,
        )
    tokens.make(org, bob, tokens.Wanted(name="mine", role="developer"))


def known(bob, canary):
    """What an account and its sign-ins leave behind."""
    now = clock.now()
    User.objects.filter(pk=bob.pk).update(name=canary(), email=f"{canary()}@example.test")
    bob.refresh_from_db()
    EmailAddress.objects.filter(user=bob).update(email=bob.email)
    second = EmailAddress.objects.create(user=bob, email=f"{canary()}@example.test", verified=False)
    EmailConfirmation.objects.create(email_address=second, key=canary())
    Authenticator.objects.create(user=bob, type="webauthn", data={"name": canary(), "credential": canary()})
    for _ in range(4):
        SignIn.objects.create(
            user=bob,
            at=now,
            kind="password",
            second=canary(),
            address=canary(),
            network=canary(),
            device=canary(),
            family=canary(),
        )
    EmailChange.objects.create(
        user=bob, before=f"{canary()}@example.test", after=f"{canary()}@example.test", asked_at=now
    )
    Acceptance.objects.create(
        user=bob.pk, document="terms", version=99, method="later", network=canary(), device=canary()
    )
    Operator.objects.create(user=bob)
    UserSession.objects.create(
        user=bob, session_key=canary(), ip="192.0.2.7", user_agent=canary(), last_seen_at=now, data={"seen": canary()}
    )
    PersonUse.objects.create(person=bob.pk, day=now.date(), feature=canary(), n=1)
    RequestLog.objects.create(
        id=uuid7(),
        at=now,
        method="GET",
        route="home",
        status=200,
        milliseconds=1,
        person=bob.pk,
        address=canary(),
        agent=canary(),
    )


def told(bob, canary):
    """What they were told, what they chose, and what waits for them."""
    mails.sleep(bob.pk, Habits(zone=canary()))
    mails.choose(bob.pk, [("digest", False)])
    to = Recipient(address=bob.email, person=bob.pk)
    mails.queue(
        kind="security", to=to, letter=letter("sso_passed_by", name=canary(), owner=canary()), dedupe="one of bob's"
    )
    with outbox():
        notices.post(bob.pk, "security", letter("deletion_undone", what=canary()))
    objections.restrict(bob.pk, canary())
    PersonExport.objects.create(person=bob.pk, failure=canary(), expires_at=clock.now())
    app.configure_task(name="accounts.prune", queue="default").defer(person=str(bob.pk), address=canary())


@pytest.mark.policy("PP-4c", "PP-6c")
def test_none_is_found_anywhere(live_database, server, settings):
    people, canary = making.people(), Flock()
    crowd(people, people.bob, canary)
    url = server.cluster.super_url("live")
    with psycopg.connect(url, autocommit=True) as everything:
        everything.execute("analyze")
    before = searched(url)
    seen = {name for rows in before.values() for row in rows for name in canary.names if name in row}
    # Three are sealed before they are stored: what a mail says, and who acted.
    assert len(canary.names) >= 40
    assert len(seen) >= len(canary.names) - 3
    assert {"accounts_user", "accounts_signin", "pg_stats", "procrastinate_jobs", "tenancy_requestlog"} <= before.keys()

    services.ask_for_person(people.bob)
    with looking_back():
        key = Deletion.objects.get().pk
    purge.purge(key, now=True)
    with outbox():
        Message.objects.filter(state="queued").update(state="sent")
    assert receipts.forget_addresses() == 1

    assert searched(url) == {}
    assert files(settings.HOME) == []
    assert audit.check(people.org.pk, ()).problem == ""
    assert not_left(people.bob.pk) == []


def not_left(who):
    """Tables in which a row still leads to the person, of those that the registry says go with them."""
    own = [table for table in persons.planned() if not table.is_tenant]
    with person(who):
        return [
            table.model._meta.label
            for table in own
            if table.model._default_manager.filter(**{table.person: who}).exists()
        ]


def test_every_text_that_the_registry_says_goes_with_a_person_has_a_canary_above():
    """A field that is added has to be put there too."""
    short = {"theme", "kind", "state", "type", "role", "password", "zone", "family", "subject", "status", "purpose"}
    known = {
        "accounts.User": {"name", "email"},
        "accounts.SignIn": {"second", "address", "network", "device", "family"},
        "accounts.EmailChange": {"before", "after"},
        "account.EmailAddress": {"email"},
        "mfa.Authenticator": {"data"},
        "usersessions.UserSession": {"session_key", "user_agent"},
        "mail.Habits": {"zone"},
        "mail.Notice": {"title", "text", "button", "about"},
        "privacy_exports.PersonExport": {"failure"},
        "privacy_objections.Restriction": {"reason"},
        "usage.PersonUse": {"feature"},
    }
    texts = {
        f"{table.model._meta.label}.{field.name}"
        for table in persons.planned()
        for field in table.model._meta.concrete_fields
        if isinstance(field, CharField | TextField) and field.name not in short
    }
    assert texts - {f"{label}.{name}" for label, names in known.items() for name in names} == set()
