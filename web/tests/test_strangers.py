"""Every address of Alice's organization answers Charlie as if it did not exist, whatever it holds.

The test walks the resolver, so a new route is covered by being there.
"""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import making
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from providing import Provider

from vallum_web.accounts import matrix, queries, tokens
from vallum_web.accounts.abuse.models import AbuseCase
from vallum_web.accounts.models import Membership, StaffAccess
from vallum_web.accounts.services import invitations, teams
from vallum_web.billing.models import BillingCommand
from vallum_web.findings import services as findings
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Bulk, Finding, Identity
from vallum_web.findings.pattern import Pattern
from vallum_web.gates import ready
from vallum_web.gates import services as gates
from vallum_web.gates.reach import Reach
from vallum_web.ingest import services as ingest
from vallum_web.ingest.models import Upload
from vallum_web.notify import rules
from vallum_web.notify import services as webhooks
from vallum_web.privacy.exports import services as copies
from vallum_web.reports import services as exports
from vallum_web.reports import work
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.django_db

# Addresses that belong to no organization, each with who may see it.
OUTSIDE = {
    "": "anybody: it leads on",
    "new/": "a signed-in person",
    "inbox/": "the machine's own user, on loopback",
    "invite/<str:secret>/": "whoever has an invitation's link",
    "privacy/": "anybody: it gives no answer",
    "privacy/minors/": "anybody: it gives no answer",
    "privacy/sent/": "anybody: it holds nothing",
    "privacy/requests/<str:key>/": "whoever has the link of a request",
    "unsubscribe/<str:key>/": "whoever has the link of a mail",
    "hooks/resend/": "the mail provider, by its signature",
    "security/leaked-token/": "anybody: it gives no answer",
    "hooks/<slug:provider>/": "payment providers: what they did not sign changes nothing",
    "operator/": "people who run the platform; for others it is missing",
    "trust/": "anybody",
    "trust/badge.svg": "anybody",
    "trust/requests/": "anybody: counts",
    "trust/incidents/": "anybody: what was published",
    "trust/incidents/<uuid:key>/": "whoever was told of it; everybody where it was published",
    "trust/sub-processors/": "anybody: it gives no answer",
    "trust/sub-processors/asked/": "anybody: it holds nothing",
    "trust/sub-processors/told/<str:key>/": "whoever has the link of a subscription",
    ".well-known/security.txt": "anybody",
    "healthz": "anybody",
    "readyz": "anybody",
    "api/v1/": "anybody: it holds nothing",
    "api/v1/openapi.json": "anybody: it describes, it holds nothing",
}
OUTSIDE_PREFIXES = ("accounts/", "notices/", "static/", "inbox/", "legal/", "operator/")


def routes(resolver=None, prefix=""):
    for item in (resolver or get_resolver()).url_patterns:
        path = prefix + re.sub(r"^\^|\$$|\\Z", "", str(item.pattern))
        if isinstance(item, URLResolver):
            yield from routes(item, path)
        elif isinstance(item, URLPattern):
            yield path


ALL = sorted(set(routes()))
OF_ORG = [route for route in ALL if "<slug:org>" in route or "<str:org>" in route]
OF_API = [route for route in ALL if route.startswith("api/v1/") and "<" in route]
# What a call needs to be read at all, where it is not a reason.
SENT = {
    ("post", "api/v1/gates/<gate_id>/evaluations"): {"asset": "elsewhere"},
    ("post", "api/v1/findings/<finding_id>/comments"): {"text": "t"},
    ("patch", "api/v1/findings/<finding_id>/comments/<comment_id>"): {"text": "t"},
    ("put", "api/v1/findings/<finding_id>/assignment"): {"assignee": None},
    ("put", "api/v1/assets/<asset_id>/team"): {"team": None},
    ("put", "api/v1/repositories/<asset_id>/token"): {"token": "t"},
    ("patch", "api/v1/assets/<asset_id>"): {"importance": "high"},
    ("put", "api/v1/webhooks/<webhook_id>"): {"name": "mine", "occasions": ["scan.failed"]},
    ("put", "api/v1/webhooks/<webhook_id>/switch"): {"on": False},
    ("put", "api/v1/gates/<gate_id>"): {"name": "mine", "policy": {"version": 1, "no_secret": True}},
}
# Doors of an organization that its token names; tests/accounts/scim has more on them.
OF_PROVIDER = [route for route in ALL if route.startswith("scim/v2/")]


def filled(route, values, org="acme"):
    def value(match):
        name = match.group(1).rpartition(":")[2]
        return org if name == "org" else str(values.get(name, values["any"]))

    return "/" + re.sub(r"<([^>]+)>", value, route)


@pytest.fixture(scope="module")
def people(standing):
    """As everywhere, but made once for all that is walked here."""
    return making.people()


@pytest.fixture(scope="module")
def things(people):
    return one_of_everything(people)


def one_of_everything(people):
    """What Alice's organization can hold, by what the routes call it."""
    scanned = of_scans(people)
    held = scanned | of_work(people, scanned["finding"], scanned["scan"]) | of_people(people)
    by_id = {f"{name}_id": key for name, key in held.items()}
    return {**held, **by_id, **making.single_sign_on(people)}  # whose identities are another thing


def of_scans(people):
    """What is looked at, and what was found."""
    asset = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop").asset
    scan = scans.uploaded(asset, people.alice.pk)
    findings.digest(scan, making.report(making.secret()))
    upload = ingest.accept(people.org.pk, people.alice.pk, asset_name="elsewhere", chunks=[b"x"])
    with scope(people.org.pk):
        finding = Finding.objects.of(people.org).get().pk
    return {"plan": "free", "asset": asset.pk, "scan": scan.pk, "upload": upload.pk, "finding": finding, "any": finding}


def of_work(people, finding, scan):
    """What is done about it."""
    org, alice = people.org, people.alice.pk
    bulk = findings.begin_bulk(org, alice, Bulk.Verb.SUPPRESS, arguments={"reason": "test_data"}, keys=[uuid4()])
    named = {"why": "joined", "fingerprint": "f", "key": "k", "ruleset": "trivy", "rule": "r"}
    with scope(org.pk):
        identity = Identity.objects.create(org=org, finding_id=finding, scan_id=scan, **named)
    wanted = gates.Wanted(name="No secret", policy=ready.READY["no-secret"].policy, scope=Reach())
    mine, shared = (findings.save_view(org, alice, "Mine", Filters(), shared=shared) for shared in (False, True))
    rule, _ = findings.make_rule(org, alice, Pattern.read(kind="malware"), reason="test_data")
    return {
        "bulk": bulk.pk,
        "suppression": rule.pk,
        "line": identity.pk,
        "identity": identity.pk,
        "gate": gates.make(org, alice, wanted).pk,
        "comment": findings.comment(org, finding, alice, "Who looks at this?").pk,
        "view": mine.pk,
        "shared": shared.pk,
        "export": exported(people).pk,
        "copy": copied(people).pk,
        **of_webhooks(people),
    }


def of_webhooks(people):
    """A webhook at a name that leads nowhere, and what waits for it."""
    wanted = webhooks.Wanted(name="Hook", url="https://hooks.example.test/x", occasions=("scan.failed",))
    made, _ = webhooks.make(people.org, people.alice.pk, wanted)
    told = rules.Wanted(name="Rule", occasions=("scan.failed",), way="inbox", rhythm="once", audience="owners")
    both = {own: rules.make(people.org, people.alice.pk, told, own=own).pk for own in (True, False)}
    delivery = webhooks.test(people.org, made.pk, people.alice.pk).pk
    return {"webhook": made.pk, "delivery": delivery, "rule": both[False], "own_rule": both[True]}


def of_people(people):
    """Who belongs, who may come in, and what they did."""
    org, alice = people.org, people.alice
    token, _ = tokens.make(org, alice, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER))
    connection, text = tokens.make(org, alice, tokens.Wanted(name="okta", role="owner", kind="scim"))
    team = teams.make(org, alice.pk, "Platform")
    with scope(org.pk):
        access = StaffAccess.objects.create(
            org=org, person=people.charlie.pk, reason="Support", ends_at=clock.now() - timedelta(hours=1)
        )
        member, owner = queries.member(org, people.bob.pk), queries.member(org, alice.pk)
        invitation = invitations.invite(org, owner, email="dana@example.test", role="developer")
        command = BillingCommand.objects.create(org=org, provider="stripe", kind="lower")
        entry = Entry.objects.of(org).latest("seq")
        case = AbuseCase.objects.create(org=org, rule="token_woke", about=token.pk, called="ci", words="Silent so far.")
    return {
        "case": case.pk,
        "token": token.pk,
        "connection": connection.pk,
        "key": Provider(text).person("erin@example.test")["id"],
        "team": team.pk,
        "access": access.pk,
        "command": command.pk,
        "member": member.pk,
        "invitation": invitation.pk,
        "entry": entry.pk,
    }


def exported(people):
    """A file of the organization's findings, written."""
    row = exports.ask(people.org, people.alice.pk, form="csv", filters=Filters())
    work.run(people.org.pk, row.pk)
    return row


def copied(people):
    """Everything of the organization, asked for and not written."""
    return copies.ask_for_org(people.org, people.alice.pk)


def nothing():
    return {"any": uuid4()}


def seen(response):
    """What an observer can compare: status, bytes, and every header but the ones that carry the time."""
    timed = {"RateLimit", "Retry-After"}
    headers = sorted(item for item in response.headers.items() if item[0] not in timed)
    return response.status_code, response.content, headers


def test_no_route_is_forgotten():
    unknown = [
        route
        for route in ALL
        if route not in OUTSIDE
        and not route.startswith(OUTSIDE_PREFIXES)
        and route not in OF_ORG
        and "api/v1/" not in route
        and route not in OF_PROVIDER
    ]
    assert unknown == []
    assert len(OF_ORG) > 8
    assert len(OF_API) > 5


@pytest.mark.parametrize("route", OF_ORG)
def test_a_stranger_meets_a_missing_page(route, things, charlie, signed_in):
    browser = signed_in(charlie)
    gone = seen(browser.get(f"/elsewhere/findings/{uuid4()}/"))
    statuses = set()
    for method in ("get", "post"):
        real = seen(getattr(browser, method)(filled(route, things)))
        assert real == seen(getattr(browser, method)(filled(route, nothing(), org="no-such-organization")))
        statuses.add(real[0])
        if real[0] == 404:
            assert real[1] == gone[1]
    # A method that a route does not have is refused before anybody is asked for, the same for all.
    assert statuses in ({404}, {404, 405})


@pytest.mark.parametrize("route", OF_ORG)
def test_somebody_signed_out_is_asked_to_sign_in(route, things):
    path = filled(route, things)
    answers = [response for response in (Client().get(path), Client().post(path)) if response.status_code != 405]
    assert answers
    assert {response.status_code for response in answers} == {302}
    assert all(response.headers["Location"].startswith("/accounts/login/") for response in answers)


# A plan is nobody's.
@pytest.mark.parametrize("route", [route for route in OF_ORG if route.replace("<slug:plan>", "").count("<") > 1])
def test_somebody_elses_object_inside_ones_own_organization_is_missing(route, things, charlie, signed_in):
    browser = signed_in(charlie)
    for method in ("get", "post"):
        theirs = seen(getattr(browser, method)(filled(route, things, org="elsewhere")))
        missing = seen(getattr(browser, method)(filled(route, nothing(), org="elsewhere")))
        assert theirs == missing
        assert theirs[0] in {404, 405}


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("route", OF_API)
def test_a_strangers_token_meets_missing_objects(route, method, things, people):
    everything = tokens.Wanted(name="ci", role=Membership.Role.OWNER, scopes=sorted(matrix.actions()))
    _, text = tokens.make(people.elsewhere, people.charlie, everything)
    browser = Client(headers={"Authorization": f"Bearer {text}"})
    sent = SENT.get((method, route), {"reason": "test_data"})
    body = {"data": sent, "content_type": "application/json"} if method in {"post", "put", "patch"} else {}
    real = seen(getattr(browser, method)(filled(route, things), **body))
    missing = seen(getattr(browser, method)(filled(route, nothing()), **body))
    assert real == missing
    assert real[0] in {404, 405}


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "post"])
@pytest.mark.parametrize("route", [route for route in OF_PROVIDER if "<" in route])
def test_a_strangers_provider_meets_missing_objects(route, method, things, people):
    _, text = tokens.make(people.elsewhere, people.charlie, tokens.Wanted(name="okta", role="owner", kind="scim"))
    browser = Client(headers={"Authorization": f"Bearer {text}"})
    body = {} if method in {"get", "delete"} else {"data": "{}", "content_type": "application/scim+json"}
    real = seen(getattr(browser, method)(filled(route, things), **body))
    assert real == seen(getattr(browser, method)(filled(route, nothing()), **body))
    assert real[0] in {404, 405}


@pytest.mark.parametrize("route", OF_PROVIDER)
@pytest.mark.parametrize("token", ["", "nonsense", "vlm_scim_aaaaaaaaaaaaaaaaaaaaaaaaaa000000"])
def test_without_a_live_token_provisioning_says_401(route, token, things):
    browser = Client(headers={"Authorization": f"Bearer {token}"} if token else {})
    for method in ("get", "post", "put", "patch", "delete"):
        assert getattr(browser, method)(filled(route, things)).status_code == 401


@pytest.mark.parametrize("route", [route for route in ALL if route.startswith("api/v1/") and route not in OUTSIDE])
@pytest.mark.parametrize("token", ["", "nonsense", "vlm_api_aaaaaaaaaaaaaaaaaaaaaaaaaa000000"])
def test_without_a_live_token_the_api_says_401(route, token, things):
    browser = Client(headers={"Authorization": f"Bearer {token}"} if token else {})
    assert browser.get(filled(route, things)).status_code in {401, 405}
    assert browser.post(filled(route, things)).status_code in {401, 405}


def test_nothing_of_it_all_was_changed(things, people, charlie, signed_in):
    browser = signed_in(charlie)
    for route in OF_ORG:
        browser.post(
            filled(route, things), {"reason": "test_data", "name": "mine", "url": "https://code.example.test/x/y"}
        )
    with scope(people.org.pk):
        assert Finding.objects.of(people.org).get().status == "open"
        assert Scan.objects.of(people.org).count() == 2
        assert Upload.objects.of(people.org).count() == 1
    assert isinstance(things["any"], UUID)
