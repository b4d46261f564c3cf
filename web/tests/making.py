"""People, findings and reports for tests."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.test import Client

from vallum_engine.model.finding import (
    AdvisoryRef,
    Confidence,
    Finding,
    Kind,
    Location,
    PackageRef,
    Remediation,
    Severity,
)
from vallum_engine.model.report import Coverage, Report, RuleSet, Stats
from vallum_guard.ledger import Departure
from vallum_web.accounts import services
from vallum_web.accounts.legal.documents import stamp
from vallum_web.accounts.legal.queries import offered
from vallum_web.accounts.legal.services import settle
from vallum_web.accounts.models import Acceptance, Membership, SsoIdentity, User
from vallum_web.accounts.sso import domains
from vallum_web.accounts.sso import services as sso
from vallum_web.tenancy import blobs
from vallum_web.tenancy.scope import scope


def person(address: str, *, name: str = "", verified: bool = True) -> User:
    """Somebody with an account, who has accepted what there is to accept, and has no organization yet."""
    user = User.objects.create_user(address, "correct horse battery", name=name)
    settle(user, Acceptance.Method.LATER)
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    return user


def signup_form(address: str) -> dict[str, str]:
    """What somebody fills in who signs up."""
    return {"email": address, "password1": "another horse 1234", **ticks()}


def ticks() -> dict[str, str]:
    """What somebody ticks who accepts what holds today."""
    return {"accept": "on", "adult": "on", "versions": stamp(offered())}


def accept(browser: Client) -> None:
    """What somebody does whose account was made for them, at their first sign-in."""
    assert browser.post("/accounts/accept/", ticks()).status_code == 302


def people() -> SimpleNamespace:
    """Alice owns, Bob belongs, Charlie is a stranger with an organization of his own."""
    made = {}
    for name in ("alice", "bob", "charlie"):
        made[name] = person(f"{name}@example.test", name=name.capitalize())
    acme = services.found("Acme", "acme", made["alice"])
    services.join(acme, made["bob"], Membership.Role.DEVELOPER)
    elsewhere = services.found("Elsewhere", "elsewhere", made["charlie"])
    return SimpleNamespace(**made, org=acme, elsewhere=elsewhere)


def secret(
    name: str = "one", *, path: str = "app.py", line: int = 3, severity: Severity = Severity.HIGH, **more: Any
) -> Finding:
    """A finding as a scan would report it."""
    values: dict[str, Any] = {
        "kind": Kind.SECRET,
        "ruleset": "secrets",
        "rule": "example-token",
        "title": "Example token",
        "severity": severity,
        "confidence": Confidence.HIGH,
        "message": f"Example token {name}",
        "locations": (Location(path=path, line=line, end_line=line),),
        "identity": (),
        "fingerprint": f"secret/1:{name}",
    }
    return Finding(**{**values, **more})


def vulnerability(name: str, known: str, *, severity: Severity = Severity.HIGH, fixed: str = "2.0.0") -> Finding:
    """A known vulnerability of version 1.0.0 of an npm package."""
    return secret(
        f"{name}-{known}",
        kind=Kind.VULNERABILITY,
        ruleset="sca",
        rule=known,
        title=f"{name} 1.0.0: something is wrong",
        message=f"Details of {known}.",
        severity=severity,
        path="package-lock.json",
        fingerprint=f"package/1:{name}-{known}",
        package=PackageRef(purl=f"pkg:npm/{name}@1.0.0", ecosystem="npm", name=name, version="1.0.0"),
        advisories=(
            AdvisoryRef(
                id=known,
                aliases=("GHSA-aaaa-bbbb-cccc",),
                url=f"https://advisories.example/{known}",
                cvss="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                fixed=(fixed,),
            ),
        ),
        remediation=Remediation(steps=(f"Upgrade {name} to {fixed}.",), upgrade_to=fixed),
    )


def report(*findings: Finding, paths: tuple[str, ...] = ("app.py",), **more: Any) -> Report:
    """A report whose walk was complete and in which every rule of `secrets` ran, unless said otherwise."""
    coverage = more.pop("coverage", None)
    coverage = coverage or Coverage(rulesets=(RuleSet(name="secrets", version="1", rules=None),), paths=paths)
    return Report(findings=findings, coverage=coverage, stats=Stats(files=len(paths)), engine="0.1.0", **more)


def stored(owner: UUID, blob: UUID, shelf: str = "") -> bytes:
    """What was written into a blob."""
    with blobs.opened(owner, blob, shelf=shelf) as file:
        return file.read()


def single_sign_on(people: SimpleNamespace) -> dict[str, Any]:
    """A provider of Alice's organization, a domain that it names, and whom the provider knows, by what routes call them."""
    provider = sso.add(
        people.org, people.alice, kind="oidc", name="Login", issuer="https://login.example.test", client_id="vallum"
    )
    domain = domains.add(people.org, people.alice, "acme.example")
    with scope(people.org.pk):
        known = SsoIdentity.objects.create(org=people.org, provider=provider, subject="bob-1", user=people.bob)
    return {"provider": provider.pk, "domain": domain.pk, "identity": known.pk}


def departure(host: str, purpose: str, **more: Any) -> Departure:
    """One connection as the guard tells of it."""
    values: dict[str, Any] = {"address": "93.184.216.34", "sent_bytes": more.pop("sent", 1), "ok": True}
    values["received_bytes"] = more.pop("received", 1)
    return Departure(party_host=host, purpose=purpose, **{**values, **more})
