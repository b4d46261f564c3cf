"""The ways through the site: the sidebar, the switcher, the person's menu. Here, because only `config` knows every app."""

from collections.abc import Collection, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from vallum_web.accounts.models import User
from vallum_web.mail.notices import MOST_COUNTED
from vallum_web.tenancy.lookups import MyOrg
from vallum_web.tenancy.models import Org

_PLACES = (
    ("Overview", "overview:home", "grid", (), "findings.read"),
    ("Findings", "findings:worklist", "list", ("findings", "exports"), "findings.read"),
    ("Assets", "overview:assets", "box", ("assets", "scans"), "findings.read"),
    ("Gates", "gates:index", "shield", ("gates",), "gates.read"),
    ("Settings", "accounts:settings", "gear", ("settings",), "org.read"),
)


def sidebar(request: HttpRequest, org: Org | None, may: Collection[str]) -> list[dict[str, Any]]:
    if org is None:
        return []
    here = request.path.removeprefix(f"/{org.slug}/").partition("/")[0]
    entries = [
        {
            "label": label,
            "url": reverse(name, args=[org.slug]),
            "icon": icon,
            "current": here in sections if sections else not here,
        }
        for label, name, icon, sections, action in _PLACES
        if action in may
    ]
    return [{"entries": entries}]


# An organization's settings in groups: words, address, and the action that opens it.
_SETTINGS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "People": (
        ("Members", "accounts:settings", "org.read"),
        ("Teams", "accounts:teams", "org.read"),
        ("Roles", "accounts:roles", "org.read"),
        ("Staff access", "accounts:staff", "staff.read"),
    ),
    "Organization": (
        ("General", "accounts:general", "org.read"),
        ("Plan", "billing:plan", "plan.read"),
        ("Limits", "accounts:limits", "limits.read"),
    ),
    "Findings": (
        ("Due dates", "findings:due_rules", "findings.read"),
        ("Suppression rules", "findings:suppressions", "findings.read"),
        ("Retention", "findings:keeping", "findings.read"),
        ("Live checks", "scans:live_checks", "egress.read"),
    ),
    "Notifications": (
        ("Rules", "notify:rules", "rules.read"),
        ("Webhooks", "notify:webhooks", "webhooks.read"),
    ),
    "Access": (
        ("Security", "accounts:security", "security.read"),
        ("Single sign-on", "accounts:sso", "sso.read"),
        ("Provisioning", "accounts:provisioning", "scim.read"),
        ("Tokens", "accounts:tokens", "tokens.read"),
        ("Keys", "accounts:keys", "keys.read"),
        ("Unusual activity", "abuse:cases", "abuse.read"),
    ),
    "Records": (
        ("Audit log", "accounts:audit", "audit.read"),
        ("What left", "accounts:egress", "egress.read"),
        ("Privacy", "privacy_org:index", "privacy.read"),
        ("Use", "usage:of_org", "usage.read"),
    ),
}


def settings_tabs(request: HttpRequest, org: Org, may: Collection[str]) -> dict[str, Any]:
    """The groups, each of which leads to its first page, and the pages of the one that is open."""
    pages = {
        group: [
            {"label": label, "url": str(reverse(name, args=[org.slug]))}
            for label, name, action in rows
            if action in may
        ]
        for group, rows in _SETTINGS.items()
    }
    urls = [page["url"] for group in pages.values() for page in group]
    here = max((url for url in urls if request.path.startswith(url)), key=len, default="")
    open_one = next((name for name, group in pages.items() if any(page["url"] == here for page in group)), "")
    return {
        "groups": [
            {"label": name, "url": group[0]["url"], "current": name == open_one}
            for name, group in pages.items()
            if group
        ],
        "group": open_one,
        "pages": [{**page, "current": page["url"] == here} for page in pages.get(open_one, ())],
    }


def switcher(org: Org | None, mine: Sequence[MyOrg]) -> dict[str, Any]:
    entries: list[dict[str, Any]] = [
        {
            "label": item.name,
            "url": reverse("overview:home", args=[item.slug]),
            "current": org is not None and item.id == org.pk,
        }
        for item in mine
    ]
    entries.append({"label": "New organization…", "url": reverse("new_org"), "current": False})
    return {"label": org.name if org else "Organizations", "entries": entries}


# The tabs of "Your account": words and address.
_PERSON = (
    ("Profile", "profile"),
    ("Email", "account_email"),
    ("Password", "account_change_password"),
    ("Two-step sign-in", "mfa_index"),
    ("Sessions", "sessions"),
    ("Sign-ins", "sign_ins"),
    ("Mails", "mail_choices"),
    ("Notifications", "own_rules"),
    ("Privacy", "privacy:centre"),
)


def person_tabs(request: HttpRequest) -> list[dict[str, Any]]:
    tabs = [{"label": label, "url": reverse(name)} for label, name in _PERSON]
    return [{**tab, "current": request.path.startswith(str(tab["url"]))} for tab in tabs]


def bell(request: HttpRequest, unread: int) -> dict[str, Any]:
    url = reverse("notices:listed")
    return {"url": url, "count": unread, "most": MOST_COUNTED, "current": request.path.startswith(url)}


def account(user: User, *, inbox: bool) -> dict[str, Any]:
    entries = [
        {"label": "Your account", "url": reverse("profile")},
        {"label": "Privacy and terms", "url": reverse("legal", args=["privacy"])},
        {"label": "Trust", "url": reverse("trust:index")},
    ]
    if inbox:
        entries.append({"label": "Development inbox", "url": reverse("inbox:inbox")})
    return {"name": user.name, "email": user.email, "entries": entries}
